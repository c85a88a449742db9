"""Models, versions and lineage over JSON; aliases are in `alias_api`."""

from datetime import datetime
from typing import Annotated

import msgspec
from litestar import get, post

from everlearn.access import Role
from everlearn.core.actor import Actor
from everlearn.core.digest import Digest
from everlearn.core.json import JSONObject
from everlearn.core.page import Page
from everlearn.registry import alias_api
from everlearn.registry.model import (
    ONNX,
    Lineage,
    Model,
    ModelVersion,
    NewVersion,
    Signature,
    Stage,
    StageMove,
)
from everlearn.registry.service import Registry
from everlearn.web import FromPath, FromQuery, JSONBody, Service, needs

_LOOK = [needs(Role.VIEWER)]
_REGISTER = [needs(Role.CONTRIBUTOR)]
_OVERRULE = [needs(Role.APPROVER)]
_MODEL = "/api/projects/{project:str}/models/{model:str}"
_VERSION = f"{_MODEL}/versions/{{number:int}}"

Aware = Annotated[datetime, msgspec.Meta(tz=True)]


class NewModelVersion(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A model to be registered, its bytes stored already. The same `source_key` again is the same version."""

    run_id: str
    model_digest: str
    signature: Signature
    lineage: Lineage
    profile_digest: str
    holdout_digest: str
    trained_through: Aware
    source_key: str
    flavour: str = ONNX
    metrics: JSONObject = msgspec.field(default_factory=dict)
    effective_at: Aware | None = None


class NewStage(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Where a version shall go, and why."""

    stage: Stage
    reason: str


@get("/api/projects/{project:str}/models", guards=_LOOK, sync_to_thread=True)
def list_models(
    project: FromPath[str],
    registry: Service[Registry],
    after: FromQuery[str | None] = None,
    limit: FromQuery[int] = 100,
) -> Page[Model]:
    """List the models of a project by name."""
    return registry.models(project, after=after, limit=limit)


@get(_MODEL, guards=_LOOK, sync_to_thread=True)
def show_model(project: FromPath[str], model: FromPath[str], registry: Service[Registry]) -> Model:
    """Show a model."""
    return registry.model(project, model)


@get(f"{_MODEL}/versions", guards=_LOOK, sync_to_thread=True)
def list_versions(
    project: FromPath[str],
    model: FromPath[str],
    registry: Service[Registry],
    after: FromQuery[str | None] = None,
    limit: FromQuery[int] = 100,
) -> Page[ModelVersion]:
    """List the versions of a model, newest first."""
    return registry.versions(project, model, after=after, limit=limit)


@post(f"{_MODEL}/versions", guards=_REGISTER, sync_to_thread=True)
def register_version(
    project: FromPath[str],
    model: FromPath[str],
    data: JSONBody[NewModelVersion],
    registry: Service[Registry],
    actor: Service[Actor],
) -> ModelVersion:
    """Register an ONNX model as the next version; refused with the reason when it does not load or does not fit."""
    new = NewVersion(
        project=project,
        model=model,
        run_id=data.run_id,
        model_digest=Digest(data.model_digest),
        flavour=data.flavour,
        signature=data.signature,
        lineage=data.lineage,
        profile_digest=Digest(data.profile_digest),
        holdout_digest=Digest(data.holdout_digest),
        trained_through=data.trained_through,
        metrics=data.metrics,
        source_key=data.source_key,
        effective_at=data.effective_at,
    )
    return registry.register(new, actor=actor)


@get(_VERSION, guards=_LOOK, sync_to_thread=True)
def show_version(
    project: FromPath[str], model: FromPath[str], number: FromPath[int], registry: Service[Registry]
) -> ModelVersion:
    """Show a version with its signature and lineage."""
    return registry.version(project, model, number)


@get(f"{_VERSION}/stages", guards=_LOOK, sync_to_thread=True)
def list_stages(
    project: FromPath[str], model: FromPath[str], number: FromPath[int], registry: Service[Registry]
) -> Page[StageMove]:
    """List the moves of a version, oldest first."""
    return Page(items=registry.stage_history(project, model, number), next=None)


@post(f"{_VERSION}/stage", guards=_OVERRULE, sync_to_thread=True)
def move_version(  # two of them are services
    project: FromPath[str],
    model: FromPath[str],
    number: FromPath[int],
    data: JSONBody[NewStage],
    registry: Service[Registry],
    actor: Service[Actor],
) -> ModelVersion:
    """Move a version by a person's word."""
    with registry.db.write() as tx:
        return registry.move(tx, project, model, number, data.stage, reason=data.reason, actor=actor)


HANDLERS = (
    list_models,
    show_model,
    list_versions,
    register_version,
    show_version,
    list_stages,
    move_version,
    *alias_api.HANDLERS,
)
