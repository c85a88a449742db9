"""Every route of traces, of what is said of them, and of what they are judged with."""

from everlearn.tracing.mlflow.assessments import assessment_routes
from everlearn.tracing.mlflow.evaluations import evaluation_routes
from everlearn.tracing.mlflow.old_traces import old_trace_routes
from everlearn.tracing.mlflow.otlp import span_routes
from everlearn.tracing.mlflow.scorers import scorer_routes
from everlearn.tracing.mlflow.traces import trace_routes
from everlearn.tracing.services import Tracing
from everlearn.web.mlflow import Route


def tracing_routes(tracing: Tracing) -> tuple[Route, ...]:
    """List them."""
    return (
        *span_routes(tracing.traces),
        *trace_routes(tracing.traces, tracing.finder),
        *old_trace_routes(tracing.traces, tracing.finder),
        *assessment_routes(tracing.assessments),
        *evaluation_routes(tracing.evaluations),
        *scorer_routes(tracing.scorers),
    )
