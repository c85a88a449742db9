"""Pipelines and their runs over JSON."""

from collections.abc import Sequence
from dataclasses import dataclass

import msgspec
from litestar import get, post

from everlearn.access import Role
from everlearn.core.actor import Actor
from everlearn.core.errors import InvalidError
from everlearn.core.ids import new_id
from everlearn.core.json import JSONObject
from everlearn.core.page import Page
from everlearn.pipelines.graph import Pipeline, Required
from everlearn.pipelines.model import PipelineRun, StepRun
from everlearn.pipelines.service import Pipelines
from everlearn.web import FromPath, FromQuery, JSONBody, Service, needs

_LOOK = [needs(Role.VIEWER)]
_SUBMIT = [needs(Role.OPERATOR)]
LONGEST_KEY = 200


class NewPipelineRun(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a run gets, and a key of your choice by which sending it again finds it."""

    parameters: JSONObject = msgspec.field(default_factory=dict)
    key: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class StepView:
    """One step of an installed pipeline."""

    name: str
    needs: list[str]
    code_digest: str
    attempts: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PipelineView:
    """An installed pipeline."""

    name: str
    steps: list[StepView]
    parameters: list[str]
    required: list[str]  # parameters that every submission names
    code_digest: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PipelineRunView:
    """A run with its steps in the order of execution."""

    run: PipelineRun
    steps: Sequence[StepRun]


@get("/api/projects/{project:str}/pipelines", guards=_LOOK, sync_to_thread=True)
def list_pipelines(project: FromPath[str], pipelines: Service[Pipelines]) -> Page[PipelineView]:  # noqa: ARG001  # the guard reads it
    """List the installed pipelines by name."""
    return Page(items=[described(pipelines.catalogue[name]) for name in sorted(pipelines.catalogue)], next=None)


@post("/api/projects/{project:str}/pipelines/{pipeline:str}/runs", guards=_SUBMIT, sync_to_thread=True)
def submit_run(
    project: FromPath[str],
    pipeline: FromPath[str],
    data: JSONBody[NewPipelineRun],
    pipelines: Service[Pipelines],
    actor: Service[Actor],
) -> PipelineRun:
    """Ask for a run; a worker executes it."""
    key = data.key if data.key is not None else new_id("key")
    if not 0 < len(key) <= LONGEST_KEY:
        raise InvalidError(f"a key has 1 to {LONGEST_KEY} characters, not {len(key)}")
    with pipelines.db.write() as tx:
        return pipelines.submit(tx, project, pipeline, data.parameters, key=key, actor=actor)


@get("/api/projects/{project:str}/pipeline-runs", guards=_LOOK, sync_to_thread=True)
def list_runs(
    project: FromPath[str],
    pipelines: Service[Pipelines],
    pipeline: FromQuery[str | None] = None,
    after: FromQuery[str | None] = None,
    limit: FromQuery[int] = 100,
) -> Page[PipelineRun]:
    """List runs, newest first: of one pipeline, or of all."""
    return pipelines.runs(project, pipeline, after=after, limit=limit)


@get("/api/projects/{project:str}/pipeline-runs/{run_id:str}", guards=_LOOK, sync_to_thread=True)
def show_run(project: FromPath[str], run_id: FromPath[str], pipelines: Service[Pipelines]) -> PipelineRunView:
    """Show a run with its steps."""
    run = pipelines.run_of(project, run_id)
    return PipelineRunView(run=run, steps=pipelines.steps(run.id))


def described(pipeline: Pipeline) -> PipelineView:
    """Describe an installed pipeline."""
    parameters = pipeline.declared_parameters()
    return PipelineView(
        name=pipeline.name,
        steps=[
            StepView(name=step.name, needs=sorted(step.needs), code_digest=step.code_digest, attempts=step.attempts)
            for step in pipeline.steps
        ],
        parameters=sorted(parameters),
        required=sorted(name for name, one in parameters.items() if one.default is Required.REQUIRED),
        code_digest=pipeline.code_digest,
    )


HANDLERS = (list_pipelines, submit_run, list_runs, show_run)
