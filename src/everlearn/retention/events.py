"""Facts about what is kept and what goes. Each purge is a receipt: `storage.receipt_issued`."""

from dataclasses import dataclass
from typing import ClassVar

from everlearn.core.json import JSONObject
from everlearn.eventlog import Event


@dataclass(frozen=True, slots=True, kw_only=True)
class RetentionPolicySet(Event):
    """A project's rules of retention were set or changed."""

    name: ClassVar[str] = "retention.policy_set"
    revision: ClassVar[int] = 1

    project: str
    number: int  # 1 for the first document, then counting up
    document: JSONObject


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanApplied(Event):
    """A plan was taken up; its purges follow."""

    name: ClassVar[str] = "retention.plan_applied"
    revision: ClassVar[int] = 1

    project: str
    plan: str
    policy: int
    items: int
    files: int
    freed_bytes: int


EVENTS: tuple[type[Event], ...] = (RetentionPolicySet, PlanApplied)
