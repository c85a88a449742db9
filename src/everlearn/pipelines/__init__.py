"""Step graphs: cached by content, resumed after a kill, tracked as runs.

A step is a function of a `StepContext` and its inputs; what it returns is kept by the digest of its code and inputs, so
that the same step is never computed twice. Pipelines are built in code and offered by modules in an attribute
`PIPELINES`.
"""

from everlearn.pipelines.context import StepContext
from everlearn.pipelines.events import RunFinished, RunSubmitted, StepFinished
from everlearn.pipelines.graph import Literal, Output, Parameter, Pipeline, Step
from everlearn.pipelines.model import PipelineRun, RunState, StepRun, StepState
from everlearn.pipelines.service import Pipelines

__all__ = [
    "Literal",
    "Output",
    "Parameter",
    "Pipeline",
    "PipelineRun",
    "Pipelines",
    "RunFinished",
    "RunState",
    "RunSubmitted",
    "Step",
    "StepContext",
    "StepFinished",
    "StepRun",
    "StepState",
]
