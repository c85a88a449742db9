"""Traces, written and read. Every write goes through the group writer, and every answer means that it is durable."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from everlearn.core.actor import Actor
from everlearn.core.clock import Clock
from everlearn.db import Database, Tx
from everlearn.db.group import GroupWriter
from everlearn.eventlog import EventLog
from everlearn.tracing.events import TracesDeleted
from everlearn.tracing.model import BadTraceError, Span, State, TraceInfo, checked_trace_id
from everlearn.tracing.reading import infos
from everlearn.tracing.recording import (
    active_experiment,
    finish_trace,
    grouped,
    record_spans,
    record_trace,
    set_tag,
    trace_of,
)
from everlearn.tracing.rules import DERIVED_TAGS, TRACE_NAME
from everlearn.tracing.store import labels as label_store
from everlearn.tracing.store import links as link_store
from everlearn.tracing.store import spans as span_store
from everlearn.tracing.store import traces as trace_store
from everlearn.tracing.store.labels import Kind
from everlearn.tracking.model import TagNotFoundError
from everlearn.tracking.recording import check_active, run_not_found
from everlearn.tracking.store import artifacts as artifact_store
from everlearn.tracking.store import runs as run_store
from everlearn.tracking.store.runs import milliseconds_of

MOST_SPANS_READ = 50_000  # in one answer
MOST_LINKED = 100  # traces in one request
_DELETED_AT_ONCE = 500


class Trace(NamedTuple):
    """A trace with its steps, first ones first."""

    info: TraceInfo
    spans: Sequence[Span]


@dataclass(frozen=True, slots=True)
class Traces:
    """Every project's traces."""

    db: Database
    writer: GroupWriter
    log: EventLog
    clock: Clock

    async def add_spans(self, project: str, experiment: int, spans: Sequence[Span], *, run_id: str | None) -> None:
        """Keep spans; the traces that they belong to come about with them."""
        come = grouped(spans)  # worked out before: the writer's time is everybody's

        def work(tx: Tx) -> None:
            kept = active_experiment(tx, project, experiment, at_ms=self.now_ms())
            rows = record_spans(tx, project, kept, come)
            if run_id:
                _link_to_run(tx, project, run_id, [row.no for row in rows.values()])

        await self.writer.submit(work)

    async def tell(self, project: str, told: TraceInfo) -> TraceInfo:
        """Keep what a client says of a trace."""
        checked_trace_id(told.id)

        def work(tx: Tx) -> TraceInfo:
            experiment = active_experiment(tx, project, int(told.experiment_id), at_ms=self.now_ms())
            return infos(tx, [record_trace(tx, project, experiment, told)])[0]

        return await self.writer.submit(work)

    async def finish(
        self,
        project: str,
        trace_id: str,
        *,
        end_ms: int,
        state: State,
        tags: Mapping[str, str],
        metadata: Mapping[str, str],
    ) -> TraceInfo:
        """End a trace that a client before 3 began."""

        def work(tx: Tx) -> TraceInfo:
            row = trace_of(tx, project, trace_id)
            finish_trace(tx, row, end_ms=end_ms, state=state, tags=tags, metadata=metadata)
            return infos(tx, [trace_of(tx, project, trace_id)])[0]

        return await self.writer.submit(work)

    async def set_tag(self, project: str, trace_id: str, key: str, value: str) -> None:
        """Set a tag."""
        if key in DERIVED_TAGS:
            raise BadTraceError(f"The tag '{key}' is reserved: the server says where things lie.")
        await self.writer.submit(lambda tx: set_tag(tx, trace_of(tx, project, trace_id), key, value))

    async def delete_tag(self, project: str, trace_id: str, key: str) -> None:
        """Take a tag away."""

        def work(tx: Tx) -> None:
            row = trace_of(tx, project, trace_id)
            if key == TRACE_NAME and row.name is not None:
                trace_store.update(tx, row.no, name=None)
            elif not label_store.delete(tx, row.no, Kind.TAG, key):
                raise TagNotFoundError(f"No trace tag with key '{key[:250]}' for trace with ID '{trace_id}'")

        await self.writer.submit(work)

    async def link_to_run(self, project: str, run_id: str, trace_ids: Sequence[str]) -> None:
        """Say that traces belong to a run; those that are not there are passed over."""

        def work(tx: Tx) -> None:
            found = trace_store.find_many(tx, project, trace_ids)
            _link_to_run(tx, project, run_id, [row.no for row in found.values()])

        await self.writer.submit(work)

    async def link_prompts(self, project: str, trace_id: str, prompts: Sequence[str]) -> None:
        """Say which versions of prompts, as name/version, a trace used."""
        await self.writer.submit(
            lambda tx: link_store.add(
                tx, "prompt", [(trace_of(tx, project, trace_id).no, prompt) for prompt in prompts]
            )
        )

    async def delete(
        self,
        project: str,
        experiment: int,
        *,
        until_ms: int | None,
        trace_ids: Sequence[str] | None,
        most: int | None,
        actor: Actor,
    ) -> int:
        """Remove traces of an experiment for good, the oldest first, with their files; give their number.

        A long removal is several transactions, so that others can write in between; each is an event.
        """
        removed = 0
        while most is None or removed < most:
            limit = _DELETED_AT_ONCE if most is None else min(_DELETED_AT_ONCE, most - removed)

            def work(tx: Tx, limit: int = limit) -> int:
                kept = active_experiment(tx, project, experiment, at_ms=self.now_ms())
                rows = trace_store.oldest(tx, kept.no, until_ms=until_ms, trace_ids=trace_ids, limit=limit)
                for row in rows:
                    artifact_store.delete(tx, project, row.artifact_folder)
                trace_store.delete(tx, [row.no for row in rows])
                if rows:
                    event = TracesDeleted(project=project, experiment_id=str(experiment), count=len(rows))
                    self.log.append(tx, event, actor=actor, subject=f"experiment:{project}/{experiment}")
                return len(rows)

            count = await self.writer.submit(work)
            removed += count
            if count < limit:
                break
        return removed

    def info(self, project: str, trace_id: str) -> TraceInfo:
        """Give a trace without its steps."""
        with self.db.read() as tx:
            return infos(tx, [trace_of(tx, project, trace_id)])[0]

    def infos(self, project: str, trace_ids: Sequence[str]) -> list[TraceInfo]:
        """Give those of these traces that are there, in the order asked for."""
        with self.db.read() as tx:
            rows = trace_store.find_many(tx, project, trace_ids)
            return infos(tx, [rows[one] for one in dict.fromkeys(trace_ids) if one in rows])

    def get(self, project: str, trace_id: str) -> Trace:
        """Give a trace with its steps."""
        with self.db.read() as tx:
            row = trace_of(tx, project, trace_id)
            stored = span_store.read_many(tx, [row.no], most=MOST_SPANS_READ)[row.no]
            return Trace(infos(tx, [row])[0], [one.whole(row.id) for one in stored])

    def get_many(self, project: str, trace_ids: Sequence[str]) -> list[Trace]:
        """Give those of these traces whose steps lie here, in the order asked for."""
        with self.db.read() as tx:
            rows = trace_store.find_many(tx, project, trace_ids)
            wanted = [rows[one] for one in dict.fromkeys(trace_ids) if one in rows and rows[one].span_count]
            stored = span_store.read_many(tx, [row.no for row in wanted], most=MOST_SPANS_READ)
            found = infos(tx, wanted)
        return [
            Trace(info, [one.whole(row.id) for one in stored[row.no]]) for row, info in zip(wanted, found, strict=True)
        ]

    def now_ms(self) -> int:
        """Give the time on the clock, in milliseconds since 1970."""
        return milliseconds_of(self.clock.now())


def _link_to_run(tx: Tx, project: str, run_id: str, trace_nos: Sequence[int]) -> None:
    run = run_store.key_of(tx, run_id)
    if run is None or run.project != project:
        raise run_not_found(run_id)
    check_active(run, run_id)
    link_store.add(tx, "run", [(number, run_id) for number in trace_nos])
