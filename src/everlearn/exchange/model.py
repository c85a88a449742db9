"""What an exchange consists of and what came out of it, as values."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from everlearn.core.errors import ConflictError, InvalidError

MOST_NAMED = 20  # examples that a report names; it counts them all


class Kind(StrEnum):
    """What is exchanged, in the order in which it goes."""

    EXPERIMENTS = "experiments"
    RUNS = "runs"
    PARAMS = "parameters"
    TAGS = "run tags"
    POINTS = "metric points"
    NEWEST = "latest metrics"
    INPUTS = "dataset inputs"
    USES = "model inputs and outputs"
    LOGGED_MODELS = "logged models"
    MODELS = "registered models"
    VERSIONS = "model versions"
    ALIASES = "aliases"
    FILES = "files"


Progress = Callable[[Kind, int], None]
"""Told how many more of a kind were looked at."""


class NotMlflowError(InvalidError):
    """The database is not one that MLflow made."""

    code = "exchange.not_mlflow"


class UnknownSchemaError(InvalidError):
    """MLflow's schema in this database is of a revision that we do not know."""

    code = "exchange.unknown_schema"


class NotReadableError(InvalidError):
    """The database or a folder of artifacts cannot be opened."""

    code = "exchange.not_readable"


class NotEmptyError(ConflictError):
    """The database that a project shall be written into holds something else."""

    code = "exchange.not_empty"


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One kind on both sides."""

    kind: Kind
    source: int
    target: int
    differing: int  # things that are not on both sides, or not the same there
    examples: Sequence[str] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """Both sides, read anew and held against each other."""

    lines: Sequence[Line]

    @property
    def is_equal(self) -> bool:
        """Tell whether everything is on both sides, and the same there."""
        return all(line.source == line.target and not line.differing for line in self.lines)


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What an exchange did."""

    project: str
    database: str  # without its password
    revision: str  # of MLflow's schema
    added: Mapping[str, int]  # by kind; empty: everything was there
    comparison: Comparison
    left_out: Mapping[str, int]  # what is of no kind that we exchange
    conflicts: Sequence[str]  # what was taken over differently, or not at all
    not_found: Sequence[str]  # files that could not be read
    seconds: float

    @property
    def is_complete(self) -> bool:
        """Tell whether everything came over."""
        return self.comparison.is_equal and not self.not_found


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What an exchange would do."""

    project: str
    database: str
    revision: str
    counts: Mapping[str, int]
    size_bytes: int  # of the files
    left_out: Mapping[str, int]
    conflicts: Sequence[str]
    not_found: Sequence[str]
