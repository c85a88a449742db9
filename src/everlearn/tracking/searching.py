"""Searching runs and experiments in MLflow's grammar."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from everlearn.core.search import EXPERIMENTS, RUNS, parse_filter, parse_order
from everlearn.core.search.page_token import read_token, written_token
from everlearn.db import Database, Tx
from everlearn.tracking.journal import RunRecord, records
from everlearn.tracking.model import Experiment
from everlearn.tracking.recording import run_not_found
from everlearn.tracking.store import experiment_search
from everlearn.tracking.store import experiments as experiment_store
from everlearn.tracking.store import runs as run_store
from everlearn.tracking.store import search as run_search
from everlearn.tracking.store.experiments import ExperimentRow
from everlearn.tracking.store.keys import KEYED_TABLES, used_keys
from everlearn.tracking.store.search import RunSearch

MOST_COUNTED = 2_000  # runs
MOST_SEARCHED = 1_000  # experiments, when no one is named
LIFECYCLES = {"ACTIVE_ONLY": ("active",), "DELETED_ONLY": ("deleted",), "ALL": ("active", "deleted")}


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A search as it comes in."""

    filter: str | None
    order_by: Sequence[str]
    view: str  # a key of LIFECYCLES
    limit: int
    token: str | None


class ExperimentState(NamedTuple):
    """An experiment and how much happens in it."""

    experiment: Experiment
    run_count: int  # active ones; counted up to MOST_COUNTED
    running_count: int  # among the newest MOST_COUNTED
    newest_at: datetime | None


class Keys(NamedTuple):
    """The names of what runs of an experiment logged, by name."""

    params: tuple[str, ...]
    metrics: tuple[str, ...]
    tags: tuple[str, ...]


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

    def of_experiment(
        self,
        project: str,
        experiment: str | None,
        *,
        filter_text: str | None = None,
        order_by: Sequence[str] = (),
        limit: int,
        token: str | None = None,
    ) -> tuple[Sequence[RunRecord], str | None]:
        """Give a page of the runs of an experiment, or of all experiments of a project: newest first by default.

        Raises
        ------
        BadFilterError, BadOrderError, BadTokenError
            When the question cannot be read.
        """
        asked = Asked(filter=filter_text, order_by=order_by, view="ACTIVE_ONLY", limit=limit, token=token)
        with self.db.read() as tx:
            if experiment is not None:
                row = experiment_store.by_name(tx, project, experiment)
                numbers = [] if row is None else [row.id]
            elif filter_text or order_by:
                numbers = [row.id for row in experiment_store.list_by_name(tx, project, after="", limit=MOST_SEARCHED)]
            else:  # one index holds all runs of a project by time
                return self._newest(tx, project, limit=limit, token=token)
        return self.runs(project, numbers, asked)

    def records_of(self, project: str, run_ids: Sequence[str]) -> list[RunRecord]:
        """Give runs of a project with what they logged, in this order.

        Raises
        ------
        RunNotFoundError
            When one is not there, or of another project.
        """
        with self.db.read() as tx:
            rows = []
            for run_id in dict.fromkeys(run_ids):
                row = run_store.find(tx, run_id)
                if row is None or row.project != project:
                    raise run_not_found(run_id)
                rows.append(row)
            return records(tx, rows)

    def experiment_named(self, project: str, name: str | None) -> Experiment | None:
        """Find an experiment with its tags; None when there is none of that name."""
        with self.db.read() as tx:
            row = None if name is None else experiment_store.by_name(tx, project, name)
            return (
                None
                if row is None
                else experiment_store.experiment_of(row, experiment_store.tags_of(tx, [row.no])[row.no])
            )

    def keys(self, project: str, experiment: str | None) -> Keys:
        """List the parameters, metrics and tags that runs of an experiment have; none without an experiment."""
        with self.db.read() as tx:
            row = None if experiment is None else experiment_store.by_name(tx, project, experiment)
            if row is None:
                return Keys((), (), ())
            return Keys(*(tuple(used_keys(tx, table, row.no)) for table in KEYED_TABLES))

    def _newest(self, tx: Tx, project: str, *, limit: int, token: str | None) -> tuple[Sequence[RunRecord], str | None]:
        runs = run_store.list_newest(tx, project, None, after=token, limit=limit + 1)
        rows = [row for run in runs[:limit] if (row := run_store.find(tx, run.id)) is not None]
        return records(tx, rows), run_store.run_key(runs[limit - 1]) if len(runs) > limit else None

    def experiments(self, project: str, asked: Asked) -> tuple[Sequence[Experiment], str | None]:
        """Give a page of the experiments of a project."""
        with self.db.read() as tx:
            rows, following = _experiment_page(tx, project, asked)
            tags = experiment_store.tags_of(tx, [row.no for row in rows])
        return [experiment_store.experiment_of(row, tags[row.no]) for row in rows], following

    def experiment_states(self, project: str, asked: Asked) -> tuple[Sequence[ExperimentState], str | None]:
        """Give a page of the experiments of a project, with how much happens in each."""
        with self.db.read() as tx:
            rows, following = _experiment_page(tx, project, asked)
            tags = experiment_store.tags_of(tx, [row.no for row in rows])
            counts = [run_store.count(tx, row.no, most=MOST_COUNTED) for row in rows]
        found = [
            ExperimentState(
                experiment_store.experiment_of(row, tags[row.no]),
                count.runs,
                count.running,
                None if count.newest_ms is None else run_store.instant_of(count.newest_ms),
            )
            for row, count in zip(rows, counts, strict=True)
        ]
        return found, following


def _experiment_page(tx: Tx, project: str, asked: Asked) -> tuple[list[ExperimentRow], str | None]:
    clauses, orders = parse_filter(asked.filter, EXPERIMENTS), parse_order(asked.order_by, EXPERIMENTS)
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
    return [row for row, _ in page], written_token(page[-1][1]) if len(hits) > asked.limit else None
