"""MLflow's REST protocol as a wire format: bodies, errors, routes, dispatch. What the routes do stands in the domains.

The hot routes of tracking answer thousands of requests a second to training loops, so this is plain ASGI: no
framework between the socket and the handler.
"""

from everlearn.web.mlflow.application import beside, mlflow_app
from everlearn.web.mlflow.errors import ProtocolError
from everlearn.web.mlflow.routes import PLAIN, Call, Empty, Route, operation

__all__ = ["PLAIN", "Call", "Empty", "ProtocolError", "Route", "beside", "mlflow_app", "operation"]
