"""Clauses that a database cannot judge: texts inside packed spans, and regular expressions.

Patterns are matched by the automata of polars (the `regex` crate of Rust), in time linear in the text whatever the
pattern; what automata cannot do (back-references, looking around) is refused. PostgreSQL and SQLite would each have
their own dialect, and PostgreSQL's goes back.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import accumulate
from typing import Any

import msgspec

from everlearn.core.search import BadFilterError, Clause, Op
from everlearn.tracing.model import AssessmentKind, TraceInfo
from everlearn.tracing.packing import Body, plain, unpacked
from everlearn.tracing.rules import SOURCE_RUN
from everlearn.tracing.store.search import is_about_spans
from everlearn.tracing.store.spans import Stored

_PATTERNS = frozenset({Op.LIKE, Op.ILIKE, Op.RLIKE})
_ATTRIBUTE = "attributes."
_RUN = re.compile(r"[A-Za-z][A-Za-z ]{6,}")
Texts = Sequence[str | None]


class Seen:
    """A span under judgement: unpacked once, and only if a clause asks for what is packed."""

    def __init__(self, stored: Stored) -> None:
        self.stored = stored

    @cached_property
    def raw(self) -> bytes:
        """What is packed, with its texts as they are."""
        return unpacked(self.stored.packed)

    @cached_property
    def lower(self) -> bytes:
        """The same in small letters."""
        return self.raw.lower()

    @cached_property
    def body(self) -> Body:
        """What is packed, read."""
        return Body(self.raw)

    @property
    def named(self) -> bytes:
        """What is not packed."""
        return f"{self.stored.name}\n{self.stored.type}".encode()

    @cached_property
    def content(self) -> str:
        """The whole span as people read it."""
        parts = [self.stored.name, self.stored.type, self.body.message]
        parts += [f"{key}: {plain(value)}" for key, value in self.body.attributes.items()]
        for event in self.body.events:
            parts += [event.name, *(f"{key}: {plain(value)}" for key, value in event.attributes.items())]
        return "\n".join(parts)


@dataclass(frozen=True, slots=True)
class Judge:
    """Knows those clauses of a filter that remain when the database has done its part."""

    about_traces: tuple[Clause, ...]
    about_spans: tuple[Clause, ...]

    @property
    def is_needed(self) -> bool:
        """Tell whether anything remains."""
        return bool(self.about_traces or self.about_spans)

    def admitted(self, infos: Sequence[TraceInfo], spans: Sequence[Sequence[Stored]], count: int) -> list[bool]:
        """Judge so many traces; `infos` and `spans` may be empty when no clause is about them."""
        kept = [True] * count
        for clause in self.about_traces:
            values = [_values(info, clause) for info in infos]
            matching = matches(clause, [value for several in values for value in several])
            held = _any_of_each(matching, [len(several) for several in values])
            kept = [before and now for before, now in zip(kept, held, strict=True)]
        if self.about_spans:
            seen = [[Seen(one) for one in several] for several in spans]
            kept = [keep and held for keep, held in zip(kept, self._held_by_a_span(seen), strict=True)]
        return kept

    def _held_by_a_span(self, seen: Sequence[Sequence[Seen]]) -> list[bool]:
        flat = [span for several in seen for span in several]
        held = [True] * len(flat)
        for clause in self.about_spans:
            may_hold = _hasty(clause)
            texts = [_of_span(span, clause.key) if held[n] and may_hold(span) else None for n, span in enumerate(flat)]
            judged = matches(clause, texts)
            held = [before and now for before, now in zip(held, judged, strict=True)]
        return _any_of_each(held, [len(several) for several in seen])


def judge_of(clauses: Sequence[Clause]) -> Judge:
    """Pick the clauses that the database cannot judge; of those about spans all, as one span must fulfil them."""
    spans = tuple(clause for clause in clauses if is_about_spans(clause))
    if all(clause.key in {"name", "type", "status"} and clause.op is not Op.RLIKE for clause in spans):
        spans = ()
    traces = tuple(clause for clause in clauses if clause.op is Op.RLIKE and not is_about_spans(clause))
    for clause in (*spans, *traces):
        matches(clause, [])  # a pattern that cannot be read is refused before anything is looked for
    return Judge(traces, spans)


def matches(clause: Clause, texts: Texts) -> list[bool]:
    """Compare texts with the value of a clause; nothing is never a match."""
    if clause.op in _PATTERNS:
        return _matching(_regular(clause), texts)
    return [text is not None and _COMPARE[clause.op](text, clause.value) for text in texts]


def _any_of_each(flags: Sequence[bool], sizes: Sequence[int]) -> list[bool]:
    """Divide flags into groups and tell of each whether one of it is set."""
    ends = [*accumulate(sizes)]
    return [any(flags[end - size : end]) for end, size in zip(ends, sizes, strict=True)]


_COMPARE: dict[Op, Callable[[str, Any], bool]] = {
    Op.EQUAL: lambda text, value: text == value,
    Op.UNEQUAL: lambda text, value: text != value,
    Op.IN: lambda text, value: text in value,
    Op.NOT_IN: lambda text, value: text not in value,
}


def _matching(pattern: str, texts: Texts) -> list[bool]:
    import polars as pl  # noqa: PLC0415  # large, and few searches need it
    from polars.exceptions import PolarsError  # noqa: PLC0415

    try:
        found = pl.Series("texts", texts or [""], dtype=pl.String).str.contains(pattern, strict=True)
    except PolarsError as error:
        reason = str(error).strip().splitlines()[-1][:200]
        raise BadFilterError(f"Invalid RLIKE pattern: {reason}") from error
    return found.fill_null(value=False).to_list()[: len(texts)]


def _regular(clause: Clause) -> str:
    value = str(clause.value)
    if clause.op is Op.RLIKE:
        return value
    written = "".join({"%": ".*", "_": "."}.get(one, re.escape(one)) for one in value)
    return f"(?s{'i' if clause.op is Op.ILIKE else ''})\\A{written}\\z"


def _hasty(clause: Clause) -> Callable[[Seen], bool]:
    """Make a quick look that tells of most spans that they cannot fulfil a clause, without reading what is packed.

    A run of plain letters that the value asks for stands in the packed bytes as it is: packing escapes nothing. Its
    first letter is left out, as it may be the end of an escape of JSON, which is what people search in.
    """
    key, runs = clause.key.removeprefix(_ATTRIBUTE).encode(), list[bytes]()
    if clause.op in {Op.EQUAL, Op.LIKE, Op.ILIKE}:
        runs = [run[1:].encode() for run in _RUN.findall(str(clause.value))]
    needle = max(runs, key=len, default=b"")
    if clause.key.startswith(_ATTRIBUTE):
        held = key
    elif clause.key in {"content", "text"} and needle:
        held = b""
    else:
        return lambda _: True
    if clause.op is Op.ILIKE:
        needle = needle.lower()
        return lambda span: held in span.raw and (needle in span.lower or needle in span.named.lower())
    return lambda span: held in span.raw and (needle in span.raw or needle in span.named)


def _of_span(span: Seen, key: str) -> str | None:
    if key.startswith(_ATTRIBUTE):
        name = key.removeprefix(_ATTRIBUTE)
        return plain(span.body.attributes[name]) if name in span.body.attributes else None
    return {"name": span.stored.name, "type": span.stored.type, "status": span.stored.status}.get(key) or span.content


def _values(info: TraceInfo, clause: Clause) -> list[str]:
    match clause.kind, clause.key:
        case "tag", key:
            value = info.tags.get(key)
        case "metadata", key:
            value = info.metadata.get(key)
        case (("feedback" | "expectation" as kind), key):
            wanted = AssessmentKind(kind)
            return [
                _shown(one.value)
                for one in info.assessments
                if (one.kind, one.name, one.is_valid) == (wanted, key, True)
            ]
        case _, key:
            value = {
                "request_id": info.id,
                "client_request_id": info.client_request_id,
                "status": str(info.state),
                "name": info.tags.get("mlflow.traceName"),
                "run_id": info.metadata.get(SOURCE_RUN),
            }[key]
    return [] if value is None else [value]


def _shown(value: str | None) -> str:
    return plain(None if value is None else msgspec.json.decode(value))
