"""Metrics over steps or time, thinned for drawing."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from everlearn.db import Database
from everlearn.tracking.recording import run_not_found
from everlearn.tracking.store import points as point_store
from everlearn.tracking.store import runs as run_store
from everlearn.tracking.store.keys import find_keys
from everlearn.tracking.store.outline import Outline, outline
from everlearn.tracking.store.points import Newest

MOST_STRETCHES = 400  # about as many as a plot has columns of pixels


class Curve(NamedTuple):
    """One metric of one run."""

    key: str
    shape: Outline


@dataclass(frozen=True, slots=True)
class Curves:
    """Reads histories for plots."""

    db: Database

    def state(self, project: str, run_id: str) -> tuple[str, Sequence[Newest]]:
        """Give a run's status and the newest value of each metric: when both are as before, nothing has to be drawn."""
        with self.db.read() as tx:
            key = run_store.key_of(tx, run_id)
            if key is None or key.project != project:
                raise run_not_found(run_id)
            return key.status, point_store.read_newest(tx, [key.no]).get(key.no, [])

    def with_history(self, project: str, run_id: str, keys: Sequence[str]) -> list[str]:
        """Give those metrics of a run that were measured more than once."""
        with self.db.read() as tx:
            run = run_store.key_of(tx, run_id)
            if run is None or run.project != project:
                raise run_not_found(run_id)
            numbers = find_keys(tx, keys)
            return [key for key in keys if key in numbers and point_store.is_repeated(tx, run.no, numbers[key])]

    def read(self, project: str, run_id: str, keys: Sequence[str], *, most: int = MOST_STRETCHES) -> list[Curve]:
        """Give the shapes of some metrics of a run, those that it has, in this order, each in `most` stretches."""
        with self.db.read() as tx:
            run = run_store.key_of(tx, run_id)
            if run is None or run.project != project:
                raise run_not_found(run_id)
            numbers = find_keys(tx, keys)
            shapes = [(key, outline(tx, run.no, numbers[key], most=most)) for key in keys if key in numbers]
        return [Curve(key, shape) for key, shape in shapes if shape.stretches]
