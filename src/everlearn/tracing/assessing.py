"""What people, judges and programs say of traces."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import NamedTuple

from everlearn.core.clock import Clock
from everlearn.db import Database, Tx
from everlearn.db.group import GroupWriter
from everlearn.tracing.model import (
    Assessment,
    AssessmentKind,
    AssessmentNotFoundError,
    AssessmentTakenError,
    BadTraceError,
)
from everlearn.tracing.recording import trace_of
from everlearn.tracing.store import assessments as store
from everlearn.tracking.store.runs import milliseconds_of


class Said(NamedTuple):
    """A new value or error, as JSON, for an assessment of this kind."""

    kind: AssessmentKind
    value: str | None
    error: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Changes:
    """What is to change in an assessment; None: it stays."""

    name: str | None = None
    said: Said | None = None
    rationale: str | None = None
    metadata: Mapping[str, str] | None = None  # what is there and not named here stays
    is_valid: bool | None = None


@dataclass(frozen=True, slots=True)
class Assessments:
    """Every project's assessments."""

    db: Database
    writer: GroupWriter
    clock: Clock

    async def add(self, project: str, said: Assessment) -> Assessment:
        """Say something of a trace; an assessment that this one overrides does not hold any more.

        Raises
        ------
        TraceNotFoundError, AssessmentNotFoundError
            When there is no such trace, or nothing to override.
        """

        def work(tx: Tx) -> Assessment:
            row = trace_of(tx, project, said.trace_id)
            if said.overrides and not store.set_valid(tx, row.no, said.overrides, is_valid=False):
                raise _not_found(said.trace_id, said.overrides)
            if not store.add(tx, row.no, said):
                raise AssessmentTakenError(f"The trace {said.trace_id} has an assessment {said.id} already.")
            return said

        return await self.writer.submit(work)

    async def change(self, project: str, trace_id: str, assessment_id: str, changes: Changes) -> Assessment:
        """Say something differently. What it is about and who says it never change."""

        def work(tx: Tx) -> Assessment:
            row = trace_of(tx, project, trace_id)
            before = store.find(tx, row.no, assessment_id)
            if before is None:
                raise _not_found(trace_id, assessment_id)
            after = _changed(before, changes, at_ms=milliseconds_of(self.clock.now()))
            store.put(tx, row.no, [after])
            return after

        return await self.writer.submit(work)

    async def delete(self, project: str, trace_id: str, assessment_id: str) -> None:
        """Take an assessment away, if it is there; what it overrode holds again."""

        def work(tx: Tx) -> None:
            row = trace_of(tx, project, trace_id)
            before = store.find(tx, row.no, assessment_id)
            if before is not None:
                store.delete(tx, row.no, assessment_id)
                if before.overrides:
                    store.set_valid(tx, row.no, before.overrides, is_valid=True)

        await self.writer.submit(work)

    def get(self, project: str, trace_id: str, assessment_id: str) -> Assessment:
        """Give one."""
        with self.db.read() as tx:
            found = store.find(tx, trace_of(tx, project, trace_id).no, assessment_id)
        if found is None:
            raise _not_found(trace_id, assessment_id)
        return found


def _changed(before: Assessment, changes: Changes, *, at_ms: int) -> Assessment:
    if changes.said is not None and changes.said.kind is not before.kind:
        raise BadTraceError(
            f"Cannot update {changes.said.kind} value on {before.kind} assessment: what it is does not change."
        )
    return replace(
        before,
        name=before.name if changes.name is None else changes.name,
        value=before.value if changes.said is None else changes.said.value,
        error=before.error if changes.said is None else changes.said.error,
        rationale=before.rationale if changes.rationale is None else changes.rationale,
        metadata=before.metadata if changes.metadata is None else {**before.metadata, **changes.metadata},
        is_valid=before.is_valid if changes.is_valid is None else changes.is_valid,
        updated_ms=at_ms,
    )


def _not_found(trace_id: str, assessment_id: str) -> AssessmentNotFoundError:
    return AssessmentNotFoundError(f"Assessment with ID '{assessment_id[:100]}' not found for trace '{trace_id[:100]}'")
