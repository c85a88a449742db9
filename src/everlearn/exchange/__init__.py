"""Coming and going: an MLflow database taken over into a project, and a project written back into one.

Nothing here imports MLflow. Its database is read and written directly, by the schema that it has; what we know of its
schemas is in `mlflow/revisions.py`. Both ways can be repeated: what is there already stays, and after a kill the same
command goes on. Both ways end by comparing both sides, each read anew.
"""

from everlearn.exchange.events import HandedOver, TakenOver
from everlearn.exchange.model import Comparison, Kind, Line, Outcome, Plan
from everlearn.exchange.service import Exchange

__all__ = ["Comparison", "Exchange", "HandedOver", "Kind", "Line", "Outcome", "Plan", "TakenOver"]
