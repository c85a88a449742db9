"""The log as evidence over JSON. It tells of every project and of the platform, so roles are needed in `*`."""

from collections.abc import Iterator
from itertools import chain

from litestar import get
from litestar.response import Stream

from everlearn.access import Role
from everlearn.audit.model import ConsistencyProof, InclusionProof, LogEntry
from everlearn.audit.service import Audit
from everlearn.core.page import Page
from everlearn.web import FromPath, FromQuery, Service, needs

_LOOK = [needs(Role.VIEWER)]


@get("/api/audit/entries", guards=_LOOK, sync_to_thread=True)
def list_entries(
    audit: Service[Audit],
    subject: FromQuery[str | None] = None,
    name: FromQuery[str | None] = None,
    correlation: FromQuery[str | None] = None,
    after: FromQuery[str | None] = None,
    limit: FromQuery[int] = 100,
) -> Page[LogEntry]:
    """List entries of the log, newest first: of a subject, of a name, of everything that one entry set off."""
    return audit.entries(subject=subject, name=name, correlation=correlation, after=after, limit=limit)


@get("/api/audit/entries/{entry:str}", guards=_LOOK, sync_to_thread=True)
def show_entry(entry: FromPath[str], audit: Service[Audit]) -> LogEntry:
    """Show an entry by its id or its position."""
    return audit.entry(entry)


@get("/api/audit/checkpoint", guards=_LOOK, media_type="text/plain", sync_to_thread=True)
def show_checkpoint(audit: Service[Audit]) -> str:
    """Give the newest signed checkpoint (C2SP tlog-checkpoint); keep it, and the log cannot be rewritten unnoticed."""
    return audit.checkpoint()


@get("/api/audit/key", guards=_LOOK, media_type="text/plain", sync_to_thread=True)
def show_key(audit: Service[Audit]) -> str:
    """Give the public key that checkpoints are verified with."""
    return audit.verifier.as_text() + "\n"


@get("/api/audit/inclusion", guards=_LOOK, sync_to_thread=True)
def prove_inclusion(
    position: FromQuery[int], audit: Service[Audit], size: FromQuery[int | None] = None
) -> InclusionProof:
    """Prove that an entry is in the log of a size, by default of the newest checkpoint that covers it."""
    return audit.inclusion(position, size)


@get("/api/audit/consistency", guards=_LOOK, sync_to_thread=True)
def prove_consistency(old_size: FromQuery[int], size: FromQuery[int], audit: Service[Audit]) -> ConsistencyProof:
    """Prove that the log of one size is the beginning of that of another."""
    return audit.consistency(old_size, size)


@get("/api/audit/export", guards=_LOOK, media_type="application/x-ndjson", sync_to_thread=True)
def export_log(audit: Service[Audit]) -> Stream:
    """Download the whole log with its checkpoints, as `everlearn audit verify --export` reads it."""
    headers = {"Content-Disposition": "attachment; filename=everlearn-log.jsonl", "X-Content-Type-Options": "nosniff"}
    return Stream(_begun(audit.export_lines()), headers=headers, media_type="application/x-ndjson")


def _begun(lines: Iterator[bytes]) -> Iterator[bytes]:
    """Read the header now: what fails there can still be answered with an error."""
    return chain([next(lines)], lines)


HANDLERS = (list_entries, show_entry, show_checkpoint, show_key, prove_inclusion, prove_consistency, export_log)
