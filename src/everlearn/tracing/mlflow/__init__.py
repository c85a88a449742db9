"""MLflow's protocol for traces, assessments, evaluation data sets and scorers, and OpenTelemetry's for spans."""

from everlearn.tracing.mlflow.routes import tracing_routes

__all__ = ["tracing_routes"]
