"""Facts that tracing publishes. Traces come by the thousand and are none; taking them away is."""

from dataclasses import dataclass
from typing import ClassVar

from everlearn.eventlog import Event


@dataclass(frozen=True, slots=True, kw_only=True)
class TracesDeleted(Event):
    """Traces were removed for good, with their steps, files and assessments."""

    name: ClassVar[str] = "tracing.traces_deleted"
    revision: ClassVar[int] = 1

    project: str
    experiment_id: str
    count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class EvaluationDatasetDeleted(Event):
    """An evaluation data set was removed for good, with its records."""

    name: ClassVar[str] = "tracing.evaluation_dataset_deleted"
    revision: ClassVar[int] = 1

    project: str
    dataset_id: str
    dataset: str
    records: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ScorerRegistered(Event):
    """There is a new version of a way to judge answers."""

    name: ClassVar[str] = "tracing.scorer_registered"
    revision: ClassVar[int] = 1

    project: str
    experiment_id: str
    scorer: str
    version: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ScorerDeleted(Event):
    """A scorer, or one version of it, was removed."""

    name: ClassVar[str] = "tracing.scorer_deleted"
    revision: ClassVar[int] = 1

    project: str
    experiment_id: str
    scorer: str
    version: int | None  # None: the scorer with all its versions


EVENTS: tuple[type[Event], ...] = (TracesDeleted, EvaluationDatasetDeleted, ScorerRegistered, ScorerDeleted)
