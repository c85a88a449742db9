"""Searching runs and experiments in MLflow's grammar."""

from collections.abc import Sequence
from dataclasses import dataclass

from everlearn.core.search import EXPERIMENTS, RUNS, parse_filter, parse_order
from everlearn.core.search.page_token import read_token, written_token
from everlearn.db import Database
from everlearn.tracking.journal import RunRecord, records
from everlearn.tracking.model import Experiment
from everlearn.tracking.store import experiment_search
from everlearn.tracking.store import experiments as experiment_store
from everlearn.tracking.store import runs as run_store
from everlearn.tracking.store import search as run_search
from everlearn.tracking.store.search import RunSearch

LIFECYCLES = {"ACTIVE_ONLY": ("active",), "DELETED_ONLY": ("deleted",), "ALL": ("active", "deleted")}


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A search as it comes in."""

    filter: str | None
    order_by: Sequence[str]
    view: str  # a key of LIFECYCLES
    limit: int
    token: str | None


@dataclass(frozen=True, slots=True)
class Search:
    """Finds runs and experiments."""

    db: Database

    def runs(self, project: str, experiments: Sequence[int], asked: Asked) -> tuple[Sequence[RunRecord], str | None]:
        """Give a page of the runs of some experiments, with what they logged.

        Raises
        ------
        BadFilterError, BadOrderError, BadTokenError
            When the question cannot be read.
        """
        clauses, orders = parse_filter(asked.filter, RUNS), parse_order(asked.order_by, RUNS)
        with self.db.read() as tx:
            keys = experiment_store.keys_of(tx, project, experiments)
            wanted = RunSearch(
                experiments=tuple(keys),
                clauses=clauses,
                orders=orders,
                lifecycles=LIFECYCLES[asked.view],
                limit=asked.limit + 1,
                last=None if asked.token is None else read_token(asked.token),
            )
            hits = run_search.search(tx, wanted)
            page = hits[: asked.limit]
            rows = run_store.read_many(tx, [hit.no for hit in page])
            found = records(tx, [rows[hit.no] for hit in page])
        return found, written_token(page[-1].values) if len(hits) > asked.limit else None

    def experiments(self, project: str, asked: Asked) -> tuple[Sequence[Experiment], str | None]:
        """Give a page of the experiments of a project."""
        clauses, orders = parse_filter(asked.filter, EXPERIMENTS), parse_order(asked.order_by, EXPERIMENTS)
        with self.db.read() as tx:
            hits = experiment_search.search(
                tx,
                project,
                clauses,
                orders,
                lifecycles=LIFECYCLES[asked.view],
                limit=asked.limit + 1,
                last=None if asked.token is None else read_token(asked.token),
            )
            page = hits[: asked.limit]
            tags = experiment_store.tags_of(tx, [row.no for row, _ in page])
        found = [experiment_store.experiment_of(row, tags[row.no]) for row, _ in page]
        return found, written_token(page[-1][1]) if len(hits) > asked.limit else None
