"""The steps of a trace as a tree, in the order in which people read them."""

from collections.abc import Sequence
from typing import NamedTuple

from everlearn.tracing.model import Span


class Step(NamedTuple):
    """A span and how many stand above it."""

    span: Span
    depth: int


def steps_of(spans: Sequence[Span]) -> list[Step]:
    """Give every span once, below the one that called it; those whose caller is missing stand at the edge."""
    ordered = sorted(spans, key=lambda span: (span.start_ns, span.span_id))
    known = {span.span_id for span in ordered}
    below: dict[str, list[Span]] = {}
    for span in reversed(ordered):
        below.setdefault(span.parent_id if span.parent_id in known else "", []).append(span)
    found, seen = list[Step](), set[str]()
    waiting = [(span, 0) for span in below.get("", ())]
    for rest in (ordered, ()):  # afterwards those that only hang from each other in a ring
        while waiting:
            span, depth = waiting.pop()
            if span.span_id not in seen:
                seen.add(span.span_id)
                found.append(Step(span, depth))
                waiting += [(child, depth + 1) for child in below.get(span.span_id, ())]
        waiting = [(span, 0) for span in reversed(rest) if span.span_id not in seen]
    return found
