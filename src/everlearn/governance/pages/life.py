"""A stretch of a model's life: what was live, tried, alarmed and decided in it."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import TypeVar

from everlearn.core.clock import parse_instant
from everlearn.core.decisions import Decision
from everlearn.core.errors import InvalidError
from everlearn.core.page import Page, moment_key
from everlearn.core.subjects import model_subject
from everlearn.governance.pages.state import ModelState
from everlearn.monitoring import Alert, Monitoring, WindowReport
from everlearn.registry import AliasMoved
from everlearn.retraining import Retraining, Review
from everlearn.rollouts import Rollout, Rollouts

T = TypeVar("T")

MOST = 2_000  # of each kind of thing that one page looks at
_AT_ONCE = 1_000
_AIR = timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Range:
    """A stretch of event time; open where None."""

    since: datetime | None
    until: datetime | None

    @classmethod
    def asked(cls, since: str | None, until: str | None) -> "Range":
        """Read it from an address: days or instants.

        Raises
        ------
        InvalidError
            When one is no time, or they are the wrong way round.
        """
        found = cls(since=_instant(since), until=_instant(until))
        if found.since is not None and found.until is not None and found.since >= found.until:
            raise InvalidError(f"a range begins before it ends: since {since} is not before until {until}")
        return found

    def holds(self, at: datetime) -> bool:
        """Tell whether an instant lies in it."""
        return (self.since is None or at >= self.since) and (self.until is None or at < self.until)

    def touches(self, start: datetime, end: datetime | None) -> bool:
        """Tell whether something that lasted was going on in it."""
        began = self.until is None or start < self.until
        return began and (end is None or self.since is None or end >= self.since)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reign:
    """How long a version was the one that answers."""

    version: int
    start: datetime
    end: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Naming:
    """How long an alias named a version, and who let it."""

    alias: str
    version: int
    start: datetime
    end: datetime | None
    actor: str
    reason: str
    decision_id: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Life:
    """Everything that touches a range, newest first."""

    start: datetime
    end: datetime
    reigns: Sequence[Reign]  # oldest first
    namings: Sequence[Naming]  # oldest first
    windows: Sequence[WindowReport]  # oldest first
    alerts: Sequence[Alert]
    rollouts: Sequence[Rollout]
    reviews: Sequence[Review]
    gates: Sequence[Decision]
    steps: Sequence[Decision]


def life_of(
    state: ModelState, within: Range, monitoring: Monitoring, rollouts: Rollouts, retraining: Retraining
) -> Life:
    """Read a stretch of a model's life."""
    project, name = state.model.project, state.model.name
    subject = model_subject(project, name)

    def decided(kind: str) -> list[Decision]:
        pages = _pages(
            lambda after: monitoring.decisions.list(project, subject=subject, kind=kind, after=after, limit=_AT_ONCE)
        )
        return _within(pages, within, lambda one: one.effective_at)

    windows = _within(
        _pages(lambda after: monitoring.windows(project, name, after=after or _from(within.until), limit=_AT_ONCE)),
        within,
        lambda one: one.start,
    )
    alerts = _pages(lambda after: monitoring.alerts(project, name, after=after, limit=_AT_ONCE))
    tried = _pages(lambda after: rollouts.list(project, name, after=after, limit=_AT_ONCE))
    weighed = _pages(lambda after: retraining.reviews(project, name, after=after, limit=_AT_ONCE))
    reigns = _reigns(monitoring, project, name)
    namings = _namings(monitoring, subject)
    start, end = _bounds(within, [*reigns, *namings], windows)
    shown = Range(since=start, until=end)
    return Life(
        start=start,
        end=end,
        reigns=[reign for reign in reigns if shown.touches(reign.start, reign.end)],
        namings=[naming for naming in namings if shown.touches(naming.start, naming.end)],
        windows=windows[::-1],
        alerts=[alert for alert in alerts if within.touches(alert.opened_at, alert.resolved_at)],
        rollouts=[one for one in tried if within.touches(one.started_at, one.ended_at)],
        reviews=_within(weighed, within, lambda one: one.effective_at),
        gates=decided("quality.gate"),
        steps=decided("rollouts.step"),
    )


def _pages(read: Callable[[str | None], Page[T]]) -> Iterator[T]:
    after: str | None = None
    for _ in range(MOST // _AT_ONCE):
        page = read(after)
        yield from page.items
        if page.next is None:
            return
        after = page.next


def _within(found: Iterable[T], within: Range, at: Callable[[T], datetime]) -> list[T]:
    kept = []
    for one in found:  # newest first: what comes behind the range's beginning is not read
        if within.since is not None and at(one) < within.since:
            break
        if within.holds(at(one)):
            kept.append(one)
    return kept


def _from(until: datetime | None) -> str | None:
    return None if until is None else moment_key(until, "")


def _reigns(monitoring: Monitoring, project: str, name: str) -> list[Reign]:
    changes = list(_pages(lambda after: monitoring.deployments.history(project, name, after=after, limit=_AT_ONCE)))
    found: list[Reign] = []
    for change in reversed(changes):
        champion, at = change.deployment.champion, change.effective_at or change.recorded_at
        if found and found[-1].version == champion:
            continue
        if found:
            found[-1] = Reign(version=found[-1].version, start=found[-1].start, end=at)
        if champion is not None:
            found.append(Reign(version=champion, start=at, end=None))
    return found


def _namings(monitoring: Monitoring, subject: str) -> list[Naming]:
    with monitoring.db.read() as tx:
        entries = monitoring.log.about(tx, subject, limit=_AT_ONCE, names=(AliasMoved.name,))
    found: list[Naming] = []
    open_: dict[str, int] = {}  # where the stretch of an alias that still lasts stands
    for entry in reversed(entries):
        moved = entry.event
        if not isinstance(moved, AliasMoved):
            continue
        if moved.alias in open_:
            at = open_.pop(moved.alias)
            found[at] = replace(found[at], end=moved.effective_at)
        if moved.after is not None:
            open_[moved.alias] = len(found)
            found.append(
                Naming(
                    alias=moved.alias,
                    version=moved.after,
                    start=moved.effective_at,
                    end=None,
                    actor=str(entry.actor),
                    reason=moved.reason,
                    decision_id=moved.decision_id,
                )
            )
    return found


def _bounds(
    within: Range, reigns: Sequence[Reign | Naming], windows: Sequence[WindowReport]
) -> tuple[datetime, datetime]:
    """Give what the time axis shows: the range asked for, or all that was watched (not the clock's now)."""
    starts = [reign.start for reign in reigns] + [window.start for window in windows]
    ends = [window.end for window in windows] or [reign.start for reign in reigns]
    if not starts:
        epoch = within.since or within.until or datetime.fromtimestamp(0).astimezone()
        return within.since or epoch, within.until or epoch + _AIR
    start = within.since or min(starts)
    end = within.until or max(ends)
    return start, max(end, start + _AIR)


def _instant(text: str | None) -> datetime | None:
    if not text:
        return None
    return parse_instant(f"{text}T00:00:00Z" if len(text) == len("2013-01-01") else text)
