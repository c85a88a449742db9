"""Writing a long stream of small things in transactions of a bearable size."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from typing import NamedTuple

from everlearn.db import Database, Tx
from everlearn.exchange.model import Kind

_MOST_ROWS = 10_000  # of one transaction: half a second at most, so that servers beside us can write too


class Step(NamedTuple):
    """Something to write; it may be written again without harm."""

    kind: Kind
    rows: int
    work: Callable[[Tx], bool | None]  # tells whether it was new, where it knows


def write_all(db: Database, steps: Iterable[Step]) -> Counter[Kind]:
    """Write everything in order; give how many rows of each kind were new."""
    added: Counter[Kind] = Counter()
    for parcel in parcels(steps):
        with db.write() as tx:
            found = [(step.kind, step.rows) for step in parcel if step.work(tx)]
        for kind, rows in found:
            added[kind] += rows
    return added


def parcels(steps: Iterable[Step]) -> Iterator[list[Step]]:
    """Put steps together until they are a transaction's worth."""
    parcel: list[Step] = []
    rows = 0
    for step in steps:
        parcel.append(step)
        rows += step.rows
        if rows >= _MOST_ROWS:
            yield parcel
            parcel, rows = [], 0
    if parcel:
        yield parcel
