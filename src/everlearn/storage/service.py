"""Receipts and legal holds."""

from dataclasses import dataclass
from datetime import datetime

from everlearn.core.actor import Actor
from everlearn.core.clock import Clock, iso, parse_instant
from everlearn.core.errors import InvalidError
from everlearn.core.ids import new_id
from everlearn.core.page import Page, checked_limit, page_of
from everlearn.db import Database, Tx
from everlearn.eventlog import Cause, EventLog
from everlearn.storage import deletions as store
from everlearn.storage.events import HoldLifted, HoldPlaced, ReceiptIssued
from everlearn.storage.model import (
    Deletion,
    HeldError,
    Hold,
    HoldExistsError,
    HoldNotFoundError,
    Receipt,
    ReceiptNotFoundError,
    checked_reason,
    checked_subject,
)


@dataclass(frozen=True, slots=True)
class Receipts:
    """Who deleted what, and what became of the bytes; and what must not go."""

    db: Database
    log: EventLog
    clock: Clock

    def issue(self, tx: Tx, what: Deletion, *, actor: Actor, cause: Cause | None = None) -> Receipt:
        """Write a receipt, with its event, in the transaction of the deletion."""
        weight = what.weight
        receipt = Receipt(
            id=new_id("rcpt"),
            project=what.project,
            subject=what.subject,
            action=what.action,
            weight=weight,
            holds=what.holds,
            note=what.note,
            actor=actor,
            at=self.clock.now(),
        )
        store.insert_receipt(tx, receipt)
        event = ReceiptIssued(
            project=what.project,
            receipt_id=receipt.id,
            subject=what.subject,
            action=what.action,
            files=weight.files,
            size_bytes=weight.size_bytes,
            freed_blobs=weight.freed_blobs,
            freed_bytes=weight.freed_bytes,
            kept_blobs=weight.kept_blobs,
            kept_bytes=weight.kept_bytes,
            kept_by={keeper.noun: keeper.count for keeper in weight.kept_by},
            held_by=[hold.subject for hold in what.holds],
            note=what.note,
        )
        self.log.append(tx, event, actor=actor, subject=what.subject, cause=cause)
        return receipt

    def check_free(self, tx: Tx, project: str, *subjects: str) -> None:
        """Refuse when any of these, or the whole project, is held.

        Raises
        ------
        HeldError
            Saying by which hold.
        """
        for hold in store.all_holds(tx, project):
            if hold.subject in {*subjects, f"project:{project}"}:
                raise HeldError(f"{hold.subject} is under a legal hold: {hold.reason}", holds=[hold.subject])

    def get(self, project: str, receipt_id: str) -> Receipt:
        """Give one receipt.

        Raises
        ------
        ReceiptNotFoundError
            When the project has none of that id.
        """
        with self.db.read() as tx:
            found = store.find_receipt(tx, project, receipt_id)
        if found is None:
            raise ReceiptNotFoundError(f"no receipt {receipt_id[:80]!r} in project {project}")
        return found

    def list(
        self, project: str, *, subject: str | None = None, after: str | None = None, limit: int = 100
    ) -> Page[Receipt]:
        """List receipts, newest first: of everything, or of one subject."""
        size, before = checked_limit(limit), None if after is None else _place(after)
        with self.db.read() as tx:
            found = store.newest_receipts(tx, project, subject, before=before, limit=size + 1)
        return page_of(found, limit=size, key=lambda one: f"{iso(one.at)},{one.id}")

    def hold(self, project: str, subject: str, reason: str, *, actor: Actor) -> Hold:
        """Place a legal hold: nothing of the subject is removed or purged until it is lifted.

        Raises
        ------
        BadHoldError
            When the subject is no run, registered model or the project, or the reason says nothing.
        HoldExistsError
            When it is held already.
        """
        placed = Hold(
            subject=checked_subject(project, subject),
            reason=checked_reason(reason),
            placed_by=actor,
            placed_at=self.clock.now(),
        )
        with self.db.write() as tx:
            if not store.insert_hold(tx, project, placed):
                raise HoldExistsError(f"{subject} is held already; lift the hold first to give another reason")
            event = HoldPlaced(project=project, held=subject, reason=placed.reason)
            self.log.append(tx, event, actor=actor, subject=subject)
        return placed

    def lift(self, project: str, subject: str, reason: str, *, actor: Actor) -> None:
        """Lift a hold.

        Raises
        ------
        HoldNotFoundError
            When the subject is not held.
        """
        why = checked_reason(reason)
        with self.db.write() as tx:
            if not store.delete_hold(tx, project, subject):
                raise HoldNotFoundError(f"{subject[:120]} is not held")
            self.log.append(tx, HoldLifted(project=project, held=subject, reason=why), actor=actor, subject=subject)

    def holds(self, project: str) -> Page[Hold]:
        """List every hold in a project."""
        with self.db.read() as tx:
            return Page(items=list(store.all_holds(tx, project)), next=None)


def _place(after: str) -> tuple[datetime, str]:
    at, _, receipt_id = after.partition(",")
    try:
        return parse_instant(at), receipt_id
    except InvalidError as error:
        raise InvalidError("not a key to continue after; take `next` from the page before") from error
