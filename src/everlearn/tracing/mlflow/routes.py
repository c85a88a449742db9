"""Every route of traces, of what is said of them, and of what they are judged with."""

from everlearn.tracing.assessing import Assessments
from everlearn.tracing.evaluating import Evaluations
from everlearn.tracing.mlflow.assessments import assessment_routes
from everlearn.tracing.mlflow.evaluations import evaluation_routes
from everlearn.tracing.mlflow.old_traces import old_trace_routes
from everlearn.tracing.mlflow.otlp import span_routes
from everlearn.tracing.mlflow.scorers import scorer_routes
from everlearn.tracing.mlflow.traces import trace_routes
from everlearn.tracing.scoring import Scorers
from everlearn.tracing.searching import TraceFinder
from everlearn.tracing.service import Traces
from everlearn.web.mlflow import Route


def tracing_routes(
    traces: Traces, finder: TraceFinder, assessments: Assessments, evaluations: Evaluations, scorers: Scorers
) -> tuple[Route, ...]:
    """List them."""
    return (
        *span_routes(traces),
        *trace_routes(traces, finder),
        *old_trace_routes(traces, finder),
        *assessment_routes(assessments),
        *evaluation_routes(evaluations),
        *scorer_routes(scorers),
    )
