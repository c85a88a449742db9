"""Policies and plans as values."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from fnmatch import fnmatchcase
from typing import Annotated

import msgspec

from everlearn.core.digest import Digest, digest_json, hex_of
from everlearn.core.errors import ConflictError, InvalidError
from everlearn.storage import Weight

KEEP_TAG = "keep"
MOST_ITEMS = 5_000  # of one plan; what is left comes with the next
MOST_SPARED_TOLD = 100

Days = Annotated[float, msgspec.Meta(ge=0, le=36_500)]


class PlanChangedError(ConflictError):
    """The plan is not what would be done now."""

    code = "retention.plan_changed"


class BadPlanError(InvalidError):
    """Not the id of a plan."""

    code = "retention.bad_plan"


class What(StrEnum):
    """What is done."""

    PURGE_RUN = "purge_run"  # a deleted run, with everything it logged
    PURGE_MODEL = "purge_model"  # a deleted logged model
    DROP_ARTIFACTS = "drop_artifacts"  # of a run that stays


class Rule(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """For the experiments that it names; of several rules the first that fits a run decides."""

    experiments: str = "*"  # a pattern with * and ?
    tag: str | None = None  # only runs with this tag, or `key=value`
    purge_deleted_after_days: Days | None = 30
    drop_failed_artifacts_after_days: Days | None = None
    keep_newest: Annotated[int, msgspec.Meta(ge=0)] | None = None  # runs of an experiment that keep their artifacts

    def fits(self, experiment: str, tags: dict[str, str]) -> bool:
        """Tell whether this rule is about a run."""
        if not fnmatchcase(experiment, self.experiments):
            return False
        if self.tag is None:
            return True
        key, equals, value = self.tag.partition("=")
        return key in tags and (not equals or tags[key] == value)


class RetentionPolicy(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The rules of a project, in order. Without any, nothing ever goes."""

    rules: tuple[Rule, ...] = (Rule(),)

    @property
    def tags(self) -> frozenset[str]:
        """The tags that rules look at."""
        return frozenset({KEEP_TAG, *(rule.tag.partition("=")[0] for rule in self.rules if rule.tag)})


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """A run or a logged model that may go, as rules see it."""

    kind: str  # run or logged-model
    id: str
    experiment: str
    root: str  # the folder of its files
    deleted_at: datetime | None
    ended_at: datetime | None  # None: it runs, or is a model
    is_failed: bool
    rank: int  # among the runs of its experiment that ended, the newest is 0
    has_files: bool
    tags: dict[str, str]
    needed_by: tuple[str, ...]  # versions that are made of it
    held_by: tuple[str, ...]  # subjects of legal holds


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """One thing that goes."""

    what: What
    id: str  # of the run or logged model
    root: str
    because: str
    files: int = 0
    size_bytes: int = 0
    freed_bytes: int = 0  # whose last reference goes with this item, when the items before it are gone


@dataclass(frozen=True, slots=True, kw_only=True)
class Spared:
    """One thing that would go, and does not."""

    what: What
    id: str
    because: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What a policy means for a project at one moment."""

    project: str
    as_of: datetime
    policy: int  # number of the revision; 0: the default
    items: tuple[Item, ...]
    spared: tuple[Spared, ...]  # the first of them
    weight: Weight  # of all files that go, together
    is_complete: bool  # False: there is more than fits in one plan

    @property
    def id(self) -> str:
        """Name exactly this plan: the moment, and a digest of everything that would go."""
        digest = digest_json(msgspec.to_builtins({"project": self.project, "policy": self.policy, "items": self.items}))
        return f"{self.as_of:%Y%m%dT%H%M%S%fZ}-{hex_of(Digest(digest))[:32]}"


def moment_of(plan_id: str) -> datetime:
    """Read the moment in the id of a plan.

    Raises
    ------
    BadPlanError
        When it is none.
    """
    moment, _, digits = plan_id.partition("-")
    try:
        at = datetime.strptime(moment, "%Y%m%dT%H%M%S%f%z")
    except ValueError:
        at = None
    if at is None or len(digits) != 32 or set(digits) - set("0123456789abcdef"):
        raise BadPlanError(f"not a plan: {plan_id[:80]!r}; take the id that `everlearn retention plan` gives")
    return at


def days(count: float) -> timedelta:
    """Give so many days."""
    return timedelta(days=count)
