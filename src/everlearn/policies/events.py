"""Facts that this package publishes."""

from dataclasses import dataclass
from typing import ClassVar

from everlearn.core.json import JSONObject
from everlearn.eventlog import Event


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicySet(Event):
    """A policy of a model was set or changed."""

    name: ClassVar[str] = "policies.policy_set"
    revision: ClassVar[int] = 1

    project: str
    model: str
    kind: str
    number: int  # 1 for the first document of this kind, then counting up
    document: JSONObject


EVENTS: tuple[type[Event], ...] = (PolicySet,)
