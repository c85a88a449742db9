"""Work that comes again and again: cron expressions with a time zone.

Each (schedule, due time) is enqueued once, however many workers look: its job's id is derived from both. Times that
passed while no worker ran are not made up one by one; the latest of them is, once.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, tzinfo
from itertools import chain, pairwise
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import sqlalchemy as sa
from cronsim import CronSim, CronSimError

from everlearn.core.clock import iso
from everlearn.core.errors import InvalidError
from everlearn.core.json import JSONObject
from everlearn.core.names import checked_name
from everlearn.db import Tx, insert_for
from everlearn.jobs.model import JobOptions
from everlearn.jobs.queue import JobQueue
from everlearn.jobs.tables import schedules


@dataclass(frozen=True, slots=True, kw_only=True)
class Schedule:
    """A job for every time that a cron expression matches.

    `cron` has the five fields minute, hour, day of month, month, day of week, as in Debian's cron, whose habits when
    clocks are set forward or back are kept too: a fixed hour that is skipped runs right after, one that comes twice
    runs once. The job's arguments are `arguments` and `due_at`.

    Raises
    ------
    InvalidError
        When the expression or the zone is none, or no time ever matches.
    """

    name: str
    kind: str
    cron: str
    time_zone: str = "UTC"
    arguments: JSONObject = field(default_factory=dict)
    priority: int = 0

    def __post_init__(self) -> None:
        """Refuse what could never run, where it is declared."""
        checked_name(self.name, kind="schedule")
        self.next_after(datetime(2024, 1, 1, tzinfo=UTC))

    @property
    def definition(self) -> str:
        """What decides the times; when it changes, the clockwork is set anew."""
        return f"{self.cron} {self.time_zone}"

    def next_after(self, at: datetime) -> datetime:
        """Give the first due time later than `at`, in UTC."""
        return next(self.times_after(at))

    def times_after(self, at: datetime) -> Iterator[datetime]:
        """Give the due times later than `at`, in UTC, one after the other."""
        if len(self.cron.split()) != 5:
            raise InvalidError(f"not a cron expression: {self.cron[:80]!r}; expected five fields such as '0 3 * * *'")
        try:
            for local in CronSim(self.cron, at.astimezone(_zone(self.time_zone))):
                yield local.astimezone(UTC)
        except CronSimError as error:
            raise InvalidError(f"not a cron expression: {self.cron[:80]!r} ({error})") from error
        raise InvalidError(f"the cron expression {self.cron[:80]!r} matches no time in fifty years")


def register(tx: Tx, declared: Sequence[Schedule], *, now: datetime) -> None:
    """Make schedules known; a new or changed one is first due at its next time."""
    for schedule in declared:
        row = {"name": schedule.name, "definition": schedule.definition, "next_at": schedule.next_after(now)}
        statement = insert_for(tx, schedules).values(row)
        tx.execute(
            statement.on_conflict_do_update(
                index_elements=[schedules.c.name],
                set_={"definition": row["definition"], "next_at": row["next_at"]},
                where=schedules.c.definition != row["definition"],
            )
        )


def fire(tx: Tx, queue: JobQueue, declared: Mapping[str, Schedule], *, now: datetime) -> list[str]:
    """Enqueue the jobs of all schedules that have come due; give the jobs' ids."""
    query = (
        sa.select(schedules.c.name, schedules.c.next_at)
        .where(schedules.c.next_at <= now, schedules.c.name.in_(declared))
        .order_by(schedules.c.name)
        .with_for_update(skip_locked=True)
    )
    return [_fire_one(tx, queue, declared[row.name], first=row.next_at, now=now) for row in tx.execute(query).all()]


def _fire_one(tx: Tx, queue: JobQueue, schedule: Schedule, *, first: datetime, now: datetime) -> str:
    due_at, following = _around(now, first, schedule)
    options = JobOptions(once_key=f"schedule:{schedule.name}:{iso(due_at)}", priority=schedule.priority)
    job_id = queue.enqueue(tx, schedule.kind, schedule.arguments | {"due_at": iso(due_at)}, options=options)
    tx.execute(sa.update(schedules).where(schedules.c.name == schedule.name).values(next_at=following))
    return job_id


def _around(now: datetime, first: datetime, schedule: Schedule) -> tuple[datetime, datetime]:
    """Give the latest due time until now, from `first` on, and the one that follows."""
    pairs = pairwise(chain([first], schedule.times_after(first)))
    return next((due_at, following) for due_at, following in pairs if following > now)


def _zone(name: str) -> tzinfo:
    if name == "UTC":
        return UTC
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError) as error:
        raise InvalidError(f"not a time zone: {name[:80]!r}; expected a name such as Europe/Berlin") from error
