"""MLflow's registry protocol over the services of this package."""

from everlearn.registry.mlflow.routes import registry_routes

__all__ = ["registry_routes"]
