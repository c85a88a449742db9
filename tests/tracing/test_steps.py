"""The tree of a trace's steps."""

import random

from everlearn.tracing.model import Span
from everlearn.tracing.steps import steps_of


def span(id_: str, parent: str = "", *, start: int = 0) -> Span:
    return Span("t", id_, parent, id_, 0, start, start + 1, "OK", "", {}, [], [], {})


def read(*spans: Span) -> list[tuple[str, int]]:
    return [(step.span.span_id, step.depth) for step in steps_of(spans)]


def test_steps_stand_below_what_called_them_in_the_order_in_which_they_began() -> None:
    spans = [span("a"), span("b", "a", start=3), span("c", "a", start=1), span("d", "c", start=2), span("e", start=9)]
    shuffled = random.Random(1).sample(spans, len(spans))

    assert read(*shuffled) == [("a", 0), ("c", 1), ("d", 2), ("b", 1), ("e", 0)]


def test_a_step_whose_caller_is_missing_stands_at_the_edge() -> None:
    assert read(span("a", "gone", start=1), span("b", "a", start=2)) == [("a", 0), ("b", 1)]


def test_rings_are_shown_once() -> None:
    assert read(span("a", "b"), span("b", "a", start=1), span("c", "c", start=2)) == [("a", 0), ("b", 1), ("c", 0)]


def test_a_chain_of_thousands_is_no_recursion() -> None:
    chain = [span(str(number), str(number - 1) if number else "", start=number) for number in range(5_000)]

    assert read(*chain)[-1] == ("4999", 4_999)
