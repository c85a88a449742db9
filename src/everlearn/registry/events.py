"""Facts that the registry publishes."""

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from everlearn.eventlog import Event
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
    revision: ClassVar[int] = 1

    project: str
    model: str
    alias: str
    before: int | None
    after: int | None
    reason: str
    effective_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class VersionCatalogued(Event):
    """Somebody registered a version with mlflow's client: a name for a source, not yet fit to be deployed."""

    name: ClassVar[str] = "registry.version_catalogued"
    revision: ClassVar[int] = 1

    project: str
    model: str
    version: int
    source: str
    run_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelDeleted(Event):
    """A model, or one version of it, was taken out of the catalogue."""

    name: ClassVar[str] = "registry.model_deleted"
    revision: ClassVar[int] = 1

    project: str
    model: str
    version: int | None  # None: the model with all its versions


EVENTS: tuple[type[Event], ...] = (VersionRegistered, StageMoved, AliasMoved, VersionCatalogued, ModelDeleted)
