"""MLflow's tracking protocol over the services of this package."""

from everlearn.tracking.mlflow.removal import removal_routes
from everlearn.tracking.mlflow.routes import tracking_routes

__all__ = ["removal_routes", "tracking_routes"]
