"""Pages of the log: what was written, how far it is sealed, and the proof that an entry is in it."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from litestar import get

from everlearn.access import Role
from everlearn.audit.model import InclusionProof, LogEntry
from everlearn.audit.service import Audit
from everlearn.core.clock import iso
from everlearn.core.errors import EverlearnError
from everlearn.core.json import JSONValue, canonical_json
from everlearn.core.page import Page
from everlearn.eventlog.checkpoint import KeptNote, newest
from everlearn.eventlog.verification import Verification
from everlearn.web import HTML, FromPath, FromQuery, PageRenderer, Service, needs
from everlearn.web.formats import MISSING, duration, instant, minute, number, percent
from everlearn.web.links import asked, pager, path_of
from everlearn.web.view import (
    Cell,
    Choice,
    Column,
    EmptyState,
    Filter,
    Link,
    PageHead,
    Pair,
    Status,
    Table,
    Tile,
    Tone,
)

_LOOK = [needs(Role.VIEWER)]
_SHOWN = 50
_CORRELATED_SHOWN = 25
_HERE = "/audit"
_LARGEST_VERIFIED = 20_000  # entries that a page verifies while somebody waits; more are for the command line
_LONGEST_VALUE = 400
_INSTANT = re.compile(r"\d{4}-\d\d-\d\dT[\d:.]+Z")

_PAGES_OF = {"decision_id": "decisions", "run_id": "runs", "pipeline_run_id": "pipeline-runs", "model": "models"}
"""Fields of payloads that name something with a page of its own in the payload's project."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditPage:
    """Context of the log."""

    head: PageHead
    numbers: tuple[Tile, ...]
    verified: Status | None  # None: nobody asked now
    how: tuple[Pair, ...]
    filters: tuple[Filter, ...]
    entries: Table


@dataclass(frozen=True, slots=True, kw_only=True)
class EntryPage:
    """Context of one entry."""

    head: PageHead
    facts: tuple[Pair, ...]
    payload: tuple[Pair, ...]
    same_cause: Table
    proof: tuple[Pair, ...]
    proof_status: Status
    hashes: Table
    leaf: str
    checkpoint: str  # the signed note; empty when this size is not signed


@get("/audit", guards=_LOOK, sync_to_thread=True)
def audit_page(
    audit: Service[Audit],
    page: Service[PageRenderer],
    subject: FromQuery[str | None] = None,
    name: FromQuery[str | None] = None,
    correlation: FromQuery[str | None] = None,
    after: FromQuery[str | None] = None,
    verify: FromQuery[bool] = False,  # noqa: FBT002  # a query parameter
) -> HTML:
    """Show the log, newest first, and how far it is sealed; on request every entry is verified."""
    found = audit.entries(
        subject=subject or None, name=name or None, correlation=correlation or None, after=after, limit=_SHOWN
    )
    size, kept = _sealed(audit)
    wanted = {"subject": subject, "name": name, "correlation": correlation}
    context = AuditPage(
        head=PageHead(
            title="Audit",
            status=_sealed_in_words(size, kept),
            links=(
                *((Link(text="Verify now", href=asked(_HERE, verify="true")),) if size <= _LARGEST_VERIFIED else ()),
                Link(text="Export", href="/api/audit/export"),
                Link(text="JSON", href=asked("/api/audit/entries", **wanted)),
            ),
        ),
        numbers=_numbers(size, kept, audit.log.clock.now()),
        verified=_verified(audit, size) if verify else None,
        how=_how_to_verify(audit),
        filters=_filters(found.items, wanted),
        entries=_entries_table(found, wanted, after),
    )
    return page.show("audit/audit.html", context, section="audit")


@get("/audit/entries/{entry:str}", guards=_LOOK, sync_to_thread=True)
def entry_page(entry: FromPath[str], audit: Service[Audit], page: Service[PageRenderer]) -> HTML:
    """Show an entry by its position or id, with the proof that it is in the log."""
    found = audit.entry(entry)
    related = audit.entries(correlation=found.correlation_id, limit=_CORRELATED_SHOWN)
    proof, problem = _proof(audit, found.position)
    status = _proof_status(found.position, proof, problem)
    context = EntryPage(
        head=PageHead(
            kind=f"entry {found.position}",
            title=found.name,
            status=status,
            crumbs=(Link(text="audit", href=_HERE), Link(text=found.subject, href=asked(_HERE, subject=found.subject))),
            links=(
                *_neighbours(found.position, audit.size()),
                Link(text="JSON", href=f"/api/audit/entries/{found.position}"),
            ),
        ),
        facts=_facts(found),
        payload=tuple(Pair(label=key, value=_value(key, found)) for key in found.payload),
        same_cause=_related_table(found, related),
        proof=_proof_pairs(proof),
        proof_status=status,
        hashes=_hashes(proof),
        leaf="" if proof is None else proof.leaf,
        checkpoint="" if proof is None else proof.checkpoint or "",
    )
    return page.show("audit/entry.html", context, section="audit")


def _sealed(audit: Audit) -> tuple[int, KeptNote | None]:
    with audit.db.read() as tx:
        return audit.log.size(tx), newest(tx)


def _sealed_in_words(size: int, kept: KeptNote | None) -> Status:
    if size == 0:
        return Status(word="empty", tone=Tone.IDLE, why="Nothing has happened yet.")
    if kept is None:
        return Status(
            word="not signed", tone=Tone.WATCH, why="No checkpoint signs the log yet; a worker signs as it grows."
        )
    unsigned = size - kept.size
    signed = f"The newest checkpoint signs {number(kept.size)} of {number(size)} entries"
    if unsigned <= 0:
        return Status(word="signed", tone=Tone.GOOD, why=f"{signed}: nobody can change one of them unnoticed.")
    why = f"{signed}; the newest {number(unsigned)} are only as safe as the database until the next one."
    return Status(word="signed in part", tone=Tone.WATCH, why=why)


def _numbers(size: int, kept: KeptNote | None, now: datetime) -> tuple[Tile, ...]:
    signed = 0 if kept is None else kept.size
    age = "" if kept is None else f"{duration(max((now - kept.recorded_at).total_seconds(), 0.0))} ago"
    return (
        Tile(label="Entries", value=number(size)),
        Tile(label="Signed", value=number(signed), note=percent(signed / size if size else None)),
        Tile(
            label="Not signed yet",
            value=number(max(size - signed, 0)),
            note="since the newest checkpoint" if kept else "there is no checkpoint",
            tone=Tone.WATCH if size > signed else Tone.GOOD,
        ),
        Tile(
            label="Newest checkpoint",
            value=MISSING if kept is None else f"#{number(kept.size)}",
            note=age,
            href="/api/audit/checkpoint" if kept else "",
        ),
    )


def _verified(audit: Audit, size: int) -> Status:
    if size > _LARGEST_VERIFIED:
        why = f"{number(size)} entries are too many to verify while you wait: everlearn audit verify"
        return Status(word="not verified here", tone=Tone.IDLE, why=why)
    return _told(audit.verify(), audit.log.clock.now())


def _told(found: Verification, at: datetime) -> Status:
    looked = f"{number(found.size)} entries and {number(found.checkpoints)} checkpoints looked at, {instant(at)}"
    if found.is_sound:
        why = f"{looked}: every entry is what was written, and what is signed is what was signed."
        return Status(word="sound", tone=Tone.GOOD, why=why)
    shown = "; ".join(fault.message for fault in found.faults[:5])
    more = f"; and {len(found.faults) - 5} more" if len(found.faults) > 5 else ""
    return Status(word="not sound", tone=Tone.STOPPED, why=f"{looked}: {shown}{more}.")


def _how_to_verify(audit: Audit) -> tuple[Pair, ...]:
    return (
        Pair(label="Here", value=Cell(text="everlearn audit verify", is_code=True)),
        Pair(
            label="Offline",
            value=Cell(text="everlearn audit verify --export everlearn-log.jsonl --key-file log.key.pub", is_code=True),
        ),
        Pair(label="Export", value=Cell(text="everlearn-log.jsonl", href="/api/audit/export")),
        Pair(label="Public key", value=Cell(text=audit.verifier.name, href="/api/audit/key", is_code=True)),
    )


def _filters(shown: Sequence[LogEntry], wanted: dict[str, str | None]) -> tuple[Filter, ...]:
    rows = []
    choices = {"name": [entry.name for entry in shown], "subject": [entry.subject for entry in shown]}
    for key, label in (("name", "What"), ("subject", "About")):
        chosen = wanted[key]
        values = sorted({*choices[key], *([chosen] if chosen else [])})
        rows.append(
            Filter(
                label=label,
                choices=(
                    Choice(text="all", href=asked(_HERE, **{**wanted, key: None}), is_chosen=not chosen),
                    *(
                        Choice(text=value, href=asked(_HERE, **{**wanted, key: value}), is_chosen=value == chosen)
                        for value in values[:12]
                    ),
                ),
            )
        )
    if wanted["correlation"]:
        text = f"everything that {wanted['correlation'][:16]}\u2026 set off"
        every = Choice(text="all", href=asked(_HERE, **{**wanted, "correlation": None}))
        rows.append(Filter(label="Caused by", choices=(every, Choice(text=text, href="", is_chosen=True))))
    return tuple(rows)


def _entries_table(found: Page[LogEntry], wanted: dict[str, str | None], after: str | None) -> Table:
    ways = pager(_HERE, found, after=after, **wanted)
    is_narrowed = any(wanted.values())
    return Table(
        caption="Entries, newest first",
        is_caption_shown=False,
        columns=(
            Column(title="#", is_number=True),
            Column(title="what"),
            Column(title="in short", is_prose=True),
            Column(title="about"),
            Column(title="by"),
            Column(title="recorded", unit="UTC"),
        ),
        rows=tuple(_entry_row(entry) for entry in found.items),
        empty=EmptyState(title="No such entries", link=Link(text="Show the whole log", href=_HERE))
        if is_narrowed
        else EmptyState(
            title="The log is empty",
            text="Every change of the platform is written here. The first is usually an account.",
            command="everlearn up",
        ),
        first_href=ways.first_href,
        next_href=ways.next_href,
    )


def _entry_row(entry: LogEntry) -> tuple[Cell, ...]:
    return (
        Cell(text=number(entry.position), href=f"{_HERE}/entries/{entry.position}"),
        Cell(text=entry.name),
        Cell(text=_in_short(entry)),
        Cell(text=_cut(entry.subject, 26), href=asked(_HERE, subject=entry.subject), title=entry.subject),
        Cell(text=entry.actor),
        Cell(text=minute(entry.at), title=iso(entry.at)),
    )


def _in_short(entry: LogEntry) -> str:
    """Give what people look for in a payload; the whole is one click away."""
    for key in ("reason", "message", "resolution", "because"):
        value = entry.payload.get(key)
        if isinstance(value, str) and value:
            return value if len(value) <= 120 else f"{value[:119]}\u2026"
    told = (
        f"{key.replace('_', ' ')} {_brief(value)}" for key, value in entry.payload.items() if _is_telling(key, value)
    )
    return _cut(", ".join(told), 120)


def _is_telling(key: str, value: JSONValue) -> bool:
    """Leave out what the row says already and what nobody reads: ids, digests, nested values."""
    is_named_elsewhere = key in {"project", "model"} or key.endswith(("_id", "_at"))
    is_plain = isinstance(value, str | int | float) and not str(value).startswith(("sha256:", "["))
    return is_plain and value != "" and not is_named_elsewhere


def _brief(value: JSONValue) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int | float):
        return number(value)
    text = str(value)
    return text[:10] if _INSTANT.fullmatch(text) else _cut(text, 32)


def _cut(text: str, longest: int) -> str:
    return text if len(text) <= longest else f"{text[: longest - 1]}\u2026"


def _neighbours(position: int, size: int) -> tuple[Link, ...]:
    links = []
    if position > 1:
        links.append(Link(text="Before", href=f"{_HERE}/entries/{position - 1}"))
    if position < size:
        links.append(Link(text="After", href=f"{_HERE}/entries/{position + 1}"))
    return tuple(links)


def _facts(entry: LogEntry) -> tuple[Pair, ...]:
    return (
        Pair(label="Entry", value=Cell(text=entry.id, is_code=True)),
        Pair(label="About", value=Cell(text=entry.subject, href=asked(_HERE, subject=entry.subject))),
        Pair(label="By", value=Cell(text=entry.actor)),
        Pair(label="Recorded", value=Cell(text=iso(entry.at))),
        Pair(label="Event", value=Cell(text=f"{entry.name}@{entry.revision}", href=asked(_HERE, name=entry.name))),
        Pair(
            label="Caused by",
            value=Cell(text="nothing in the log")
            if entry.cause_id is None
            else Cell(text=_cut(entry.cause_id, 16), href=f"{_HERE}/entries/{entry.cause_id}", title=entry.cause_id),
        ),
    )


def _value(key: str, entry: LogEntry) -> Cell:
    value, project = entry.payload[key], entry.payload.get("project")
    text = value if isinstance(value, str) else canonical_json(value)
    has_page = key in _PAGES_OF and isinstance(project, str) and isinstance(value, str) and value != ""
    href = path_of("projects", str(project), _PAGES_OF[key], str(value)) if has_page else ""
    return Cell(text=_cut(text, _LONGEST_VALUE), href=href, is_code=not isinstance(value, str))


def _related_table(entry: LogEntry, found: Page[LogEntry]) -> Table:
    return Table(
        caption="What belongs together",
        columns=(Column(title="#", is_number=True), Column(title="what"), Column(title="in short", is_prose=True)),
        rows=tuple(
            (
                Cell(text=number(one.position), href=f"{_HERE}/entries/{one.position}"),
                Cell(text=f"{one.name} (this one)" if one.position == entry.position else one.name),
                Cell(text=_in_short(one)),
            )
            for one in reversed(found.items)
        ),
        empty=EmptyState(title="Nothing else belongs to this entry"),
        next_href=asked(_HERE, correlation=entry.correlation_id) if found.next else "",
    )


def _proof(audit: Audit, position: int) -> tuple[InclusionProof | None, str]:
    try:
        return audit.inclusion(position), ""
    except EverlearnError as error:
        return None, error.message


def _proof_status(position: int, proof: InclusionProof | None, problem: str) -> Status:
    if proof is None:
        return Status(word="not proved", tone=Tone.STOPPED, why=problem)
    how = f"{len(proof.hashes)} hashes lead from entry {position} to the root of {number(proof.size)} entries"
    if proof.checkpoint is None:
        return Status(word="proved, not signed", tone=Tone.WATCH, why=f"{how}; no checkpoint signs this root yet.")
    return Status(word="proved", tone=Tone.GOOD, why=f"{how}, which is signed.")


def _proof_pairs(proof: InclusionProof | None) -> tuple[Pair, ...]:
    if proof is None:
        return ()
    size = f"{proof.position} in a log of {proof.size}"
    return (
        Pair(label="Position", value=Cell(text=size)),
        Pair(label="Leaf hash", value=Cell(text=proof.leaf_hash, is_code=True)),
        Pair(label="Root", value=Cell(text=proof.root, is_code=True)),
        Pair(label="Again", value=Cell(text=f"everlearn audit proof {proof.position}", is_code=True)),
        Pair(label="As data", value=Cell(text="JSON", href=f"/api/audit/inclusion?position={proof.position}")),
    )


def _hashes(proof: InclusionProof | None) -> Table:
    return Table(
        caption="Hashes from the leaf to the root (RFC 6962, base64)",
        columns=(Column(title="level", is_number=True), Column(title="hash", is_prose=True)),
        rows=tuple(
            (Cell(text=str(level)), Cell(text=each, is_code=True))
            for level, each in enumerate(() if proof is None else proof.hashes, 1)
        ),
        empty=EmptyState(title="No hashes are needed", text="A log of one entry is its own proof."),
    )


PAGES = (audit_page, entry_page)
