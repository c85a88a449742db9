"""Webhooks in MLflow's protocol."""

from everlearn.webhooks.mlflow.routes import webhook_routes

__all__ = ["webhook_routes"]
