"""Facts about what people did to jobs."""

from dataclasses import dataclass
from typing import ClassVar

from everlearn.eventlog import Event


@dataclass(frozen=True, slots=True, kw_only=True)
class JobRedriven(Event):
    """A dead job was given another set of attempts."""

    name: ClassVar[str] = "operations.job_redriven"
    revision: ClassVar[int] = 1

    job_id: str
    kind: str


@dataclass(frozen=True, slots=True, kw_only=True)
class JobCancelled(Event):
    """A pending job was ended, or a running one asked to end."""

    name: ClassVar[str] = "operations.job_cancelled"
    revision: ClassVar[int] = 1

    job_id: str
    kind: str
    was_running: bool


EVENTS: tuple[type[Event], ...] = (JobRedriven, JobCancelled)
