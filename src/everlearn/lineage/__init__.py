"""Where everything comes from and what came of it: data, code, environments, runs, versions, deployments, decisions.

Nothing is kept twice: each domain states the edges that its tables hold, and a question walks over them, in both
directions, as of any instant. What other systems tell in OpenLineage joins in, and what happens here is told so.
"""

from everlearn.lineage.model import Answer, Direction, Learned, Question
from everlearn.lineage.service import Lineage

__all__ = ["Answer", "Direction", "Learned", "Lineage", "Question"]
