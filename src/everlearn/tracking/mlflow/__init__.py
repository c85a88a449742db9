"""MLflow's tracking protocol over the services of this package."""

from everlearn.tracking.mlflow.routes import tracking_routes

__all__ = ["tracking_routes"]
