"""What the registry needs from those above it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from everlearn.core.actor import Actor
from everlearn.core.decisions import Decision
from everlearn.core.json import JSONObject
from everlearn.db import Tx
from everlearn.eventlog import Cause
from everlearn.registry.model import Approval


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """A version that an alias shall name, with all that the registry knows of it."""

    number: int
    source: str
    run_id: str  # empty: of no run
    model_id: str  # the logged model; empty: none
    description: str
    tags: Mapping[str, str]
    registered_by: Actor
    created_at: datetime
    approvals: tuple[Approval, ...]  # for this alias
    held: Mapping[str, datetime]  # every alias that names it now, or did once -> since when, the last time
    is_on_record: bool  # checked, and fit to be deployed
    trained_through: datetime | None  # event time; None: nobody said
    metrics: JSONObject  # of a version on record


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposal:
    """A move that somebody wants."""

    project: str
    model: str
    alias: str
    before: int | None  # what the alias names now
    after: Candidate | None  # None: the alias is to be taken away
    actor: Actor
    role: StrEnum | None  # of the actor, in the project
    is_model_on_record: bool  # the loop looks after it


@dataclass(frozen=True, slots=True, kw_only=True)
class Condition:
    """One condition of a contract, held against a proposal."""

    condition: str  # stable, for machines: "approvals"
    needed: str
    found: str
    remedy: str  # what to do about it
    is_met: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Weighed:
    """A proposal held against the contracts of its alias: every condition, met or not, and the decision over them."""

    decision: Decision
    conditions: tuple[Condition, ...]

    @property
    def unmet(self) -> tuple[Condition, ...]:
        """Give what stands in the way."""
        return tuple(one for one in self.conditions if not one.is_met)


class AliasContract(Protocol):
    """What must be fulfilled before an alias moves."""

    def concerns(self, project: str, model: str, alias: str) -> bool:
        """Tell whether there may be a contract for this alias."""
        ...

    def conditions(self, proposal: Proposal) -> tuple[Condition, ...]:
        """Give every condition, met or not, and leave no trace; empty when there is no contract."""
        ...

    def weigh(self, proposal: Proposal) -> Weighed | None:
        """Prepare the decision over a proposal; None when there is no contract. Not inside a transaction."""
        ...

    def record(self, tx: Tx, weighed: Weighed, *, actor: Actor, cause: Cause | None = None) -> None:
        """Write the decision down in the transaction of what follows from it."""
        ...
