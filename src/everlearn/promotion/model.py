"""Contracts of aliases as people write them."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase

from everlearn.access import Role
from everlearn.core.errors import InvalidError

MOST_CONTRACTS = 50
MOST_NAMES = 50  # tags, metrics
MOST_APPROVERS = 20
LONGEST_PATTERN = 256


@dataclass(frozen=True, slots=True, kw_only=True)
class GateNeeded:
    """A gate that must have passed the version."""

    kind: str = "quality.gate"  # of the decision
    not_older_than_days: float | None = None  # None: of any age

    def __post_init__(self) -> None:
        """Refuse an age that nothing could have."""
        _check_days(self.not_older_than_days)


@dataclass(frozen=True, slots=True, kw_only=True)
class MetricNeeded:
    """A metric of the logged model, or else of the run, and where it must lie; both ends are allowed values."""

    key: str
    minimum: float | None = None
    maximum: float | None = None

    def __post_init__(self) -> None:
        """Refuse a range that asks nothing."""
        ends = [end for end in (self.minimum, self.maximum) if end is not None]
        if not ends or not all(map(math.isfinite, ends)):
            raise InvalidError(f"metric {self.key[:80]!r} needs a minimum or a maximum, finite")


@dataclass(frozen=True, slots=True, kw_only=True)
class Contract:
    """What a version must fulfil before an alias that fits `alias`, of a model that fits `models`, names it.

    Patterns are those of a shell: `*`, `?`, `[...]`.
    """

    alias: str = "*"
    models: str = "*"
    moved_by: Role | None = None  # the least role that may move it; None: whoever may write to the registry
    removable: bool = False  # whether the alias may be taken away, and what it names removed
    gate: GateNeeded | None = None
    approvals: int = 0  # by so many people, not counting who registered the version
    signature: bool = False
    input_example: bool = False
    safe_format: bool = False  # no pickle or its kin among its files
    description: bool = False  # not empty
    finished_run: bool = False
    tags: Mapping[str, str] = field(default_factory=dict)  # of the version; an empty text: any value
    metrics: tuple[MetricNeeded, ...] = ()
    data_not_older_than_days: float | None = None  # age of the newest row that it learned from
    after_alias: str = ""  # which alias must have named it first

    def __post_init__(self) -> None:
        """Refuse what nobody could fulfil."""
        for pattern in (self.alias, self.models):
            if not 0 < len(pattern) <= LONGEST_PATTERN:
                raise InvalidError(f"a pattern has 1 to {LONGEST_PATTERN} characters")
        if not 0 <= self.approvals <= MOST_APPROVERS:
            raise InvalidError(f"approvals must be between 0 and {MOST_APPROVERS}, not {self.approvals}")
        if max(len(self.tags), len(self.metrics)) > MOST_NAMES:
            raise InvalidError(f"a contract names at most {MOST_NAMES} tags and {MOST_NAMES} metrics")
        _check_days(self.data_not_older_than_days)

    def covers(self, model: str, alias: str) -> bool:
        """Tell whether this contract is about an alias of a model."""
        return fnmatchcase(model, self.models) and fnmatchcase(alias, self.alias)


@dataclass(frozen=True, slots=True, kw_only=True)
class AliasPolicy:
    """Contracts of aliases. Kind `alias`. All that cover an alias must be fulfilled, the project's and the model's."""

    contracts: tuple[Contract, ...] = ()

    def __post_init__(self) -> None:
        """Refuse more than anybody could read."""
        if len(self.contracts) > MOST_CONTRACTS:
            raise InvalidError(f"an alias policy has at most {MOST_CONTRACTS} contracts, not {len(self.contracts)}")


def _check_days(days: float | None) -> None:
    if days is not None and not 0.0 < days < math.inf:
        raise InvalidError(f"an age in days must be above 0 and finite, not {days}")
