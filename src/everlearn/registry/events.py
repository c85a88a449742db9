"""Facts that the registry publishes."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from everlearn.eventlog import Event, Upgrader
from everlearn.registry.model import Stage


@dataclass(frozen=True, slots=True, kw_only=True)
class VersionRegistered(Event):
    """A model has a new version, a candidate."""

    name: ClassVar[str] = "registry.version_registered"
    revision: ClassVar[int] = 1
    blobs: ClassVar[tuple[str, ...]] = ("model_digest",)

    project: str
    model: str
    version: int
    run_id: str
    model_digest: str
    effective_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class StageMoved(Event):
    """A version went on in its life."""

    name: ClassVar[str] = "registry.stage_moved"
    revision: ClassVar[int] = 1

    project: str
    model: str
    version: int
    before: Stage
    after: Stage
    reason: str
    effective_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class AliasMoved(Event):
    """An alias names another version now; `after` None: it names none any more."""

    name: ClassVar[str] = "registry.alias_moved"
    revision: ClassVar[int] = 2
    upgraders: ClassVar[Mapping[int, Upgrader]] = {1: lambda payload: {**payload, "decision_id": None}}

    project: str
    model: str
    alias: str
    before: int | None
    after: int | None
    reason: str
    effective_at: datetime
    decision_id: str | None  # the decision behind it; None: the alias carried no contract


@dataclass(frozen=True, slots=True, kw_only=True)
class VersionCatalogued(Event):
    """Somebody registered a version with mlflow's client: a name for a source, not yet fit to be deployed."""

    name: ClassVar[str] = "registry.version_catalogued"
    revision: ClassVar[int] = 2
    upgraders: ClassVar[Mapping[int, Upgrader]] = {1: lambda payload: {**payload, "tags": {}, "description": ""}}

    project: str
    model: str
    version: int
    source: str
    run_id: str
    tags: Mapping[str, str]  # that it was registered with
    description: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelCreated(Event):
    """Somebody made a name for versions to come."""

    name: ClassVar[str] = "registry.model_created"
    revision: ClassVar[int] = 1

    project: str
    model: str
    tags: Mapping[str, str]
    description: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TagSet(Event):
    """A tag of a model or of a version was set."""

    name: ClassVar[str] = "registry.tag_set"
    revision: ClassVar[int] = 1

    project: str
    model: str
    version: int | None  # None: of the model
    key: str
    value: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TagDeleted(Event):
    """A tag of a model or of a version was taken away."""

    name: ClassVar[str] = "registry.tag_deleted"
    revision: ClassVar[int] = 1

    project: str
    model: str
    version: int | None  # None: of the model
    key: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelDeleted(Event):
    """A model, or one version of it, was taken out of the catalogue."""

    name: ClassVar[str] = "registry.model_deleted"
    revision: ClassVar[int] = 1

    project: str
    model: str
    version: int | None  # None: the model with all its versions


@dataclass(frozen=True, slots=True, kw_only=True)
class MoveRefused(Event):
    """Somebody wanted to move an alias, and its contract was not fulfilled."""

    name: ClassVar[str] = "registry.move_refused"
    revision: ClassVar[int] = 1

    project: str
    model: str
    alias: str
    before: int | None
    after: int | None
    unmet: tuple[str, ...]  # conditions
    decision_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class VersionApproved(Event):
    """Somebody who may said that a version may carry an alias."""

    name: ClassVar[str] = "registry.version_approved"
    revision: ClassVar[int] = 1

    project: str
    model: str
    version: int
    alias: str
    comment: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ApprovalWithdrawn(Event):
    """Somebody took their approval back."""

    name: ClassVar[str] = "registry.approval_withdrawn"
    revision: ClassVar[int] = 1

    project: str
    model: str
    version: int
    alias: str
    comment: str


EVENTS: tuple[type[Event], ...] = (
    VersionRegistered,
    StageMoved,
    AliasMoved,
    MoveRefused,
    VersionApproved,
    ApprovalWithdrawn,
    ModelCreated,
    VersionCatalogued,
    TagSet,
    TagDeleted,
    ModelDeleted,
)
