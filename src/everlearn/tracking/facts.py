"""What was tracked, without the numbers that a database gives it: the form in which it comes from elsewhere and leaves.

Times are milliseconds since 1970. Points are as the tables hold them: not-a-number is 0 with a flag.
"""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from everlearn.tracking.store.inputs import DatasetUse
from everlearn.tracking.store.models import ModelMetric, ModelUse
from everlearn.tracking.store.points import Newest, Point

KeyedPoint = tuple[str, Point]


class ExperimentFacts(NamedTuple):
    """An experiment."""

    id: int
    name: str
    location: str  # of its files
    lifecycle: str
    created_ms: int
    updated_ms: int
    tags: Mapping[str, str]


class RunFacts(NamedTuple):
    """A run with what it logged but its points: they come by the thousand, so they go by themselves."""

    id: str
    experiment: str  # its name: ids may differ elsewhere
    name: str
    user: str
    status: str
    start_ms: int
    end_ms: int | None
    lifecycle: str
    deleted_ms: int | None
    location: str  # of its files
    params: Mapping[str, str]
    tags: Mapping[str, str]
    newest: Sequence[Newest]  # by key
    inputs: Sequence[DatasetUse]  # by name and digest
    models: Sequence[ModelUse]  # by role and id


class ModelFacts(NamedTuple):
    """A logged model."""

    id: str
    experiment: str  # its name
    name: str
    model_type: str | None
    source_run_id: str | None
    status: str
    location: str  # of its files
    created_ms: int
    updated_ms: int
    params: Mapping[str, str]
    tags: Mapping[str, str]
    metrics: Sequence[ModelMetric]  # the newest of each, by key, data set and run
