"""Evaluation data sets: questions with the answers that are expected, gathered by people or from traces."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple
from uuid import uuid4

from everlearn.core.actor import Actor
from everlearn.core.clock import Clock
from everlearn.core.search import EVALUATION_DATASETS, parse_filter, parse_order
from everlearn.core.search.page_token import BadTokenError, read_token, written_token
from everlearn.db import Database, Tx
from everlearn.eventlog import EventLog
from everlearn.tracing.events import EvaluationDatasetDeleted
from everlearn.tracing.model import DatasetNotFoundError
from everlearn.tracing.records import Record, dataset_digest, inputs_digest, merged, new_record, widened
from everlearn.tracing.searching import Asked
from everlearn.tracing.store import eval_datasets as store
from everlearn.tracing.store.eval_datasets import DatasetRow, RecordRow
from everlearn.tracking.model import ExperimentNotFoundError
from everlearn.tracking.store import experiments as experiment_store
from everlearn.tracking.store.runs import milliseconds_of


class EvaluationDataset(NamedTuple):
    """A data set without its records."""

    row: DatasetRow
    tags: Mapping[str, str]


class Upserted(NamedTuple):
    """How many records came and how many changed."""

    inserted: int
    updated: int


@dataclass(frozen=True, slots=True)
class Evaluations:
    """Every project's evaluation data sets."""

    db: Database
    log: EventLog
    clock: Clock

    def create(
        self, project: str, name: str, *, tags: Mapping[str, str], experiments: Sequence[int], user: str | None
    ) -> EvaluationDataset:
        """Make an empty data set; names may repeat, ids do not."""
        now = self._now()
        row = DatasetRow(
            no=0,
            id=f"d-{uuid4().hex}",
            project=project,
            name=name,
            schema=None,
            digest=dataset_digest(name, now),
            record_count=0,
            created_ms=now,
            updated_ms=now,
            created_by=user,
            updated_by=user,
        )
        with self.db.write() as tx:
            store.insert(tx, row)
            made = _dataset(tx, project, row.id)
            store.put_tags(tx, made.no, tags)
            store.link(tx, made.no, _experiments(tx, project, experiments))
            return EvaluationDataset(made, store.tags_of(tx, [made.no])[made.no])

    def get(self, project: str, dataset_id: str) -> EvaluationDataset:
        """Give one."""
        with self.db.read() as tx:
            row = _dataset(tx, project, dataset_id)
            return EvaluationDataset(row, store.tags_of(tx, [row.no])[row.no])

    def delete(self, project: str, dataset_id: str, *, actor: Actor) -> None:
        """Remove one for good with its records, if it is there."""
        with self.db.write() as tx:
            row = store.find(tx, project, dataset_id, is_locked=True)
            if row is not None:
                store.delete(tx, row.no)
                event = EvaluationDatasetDeleted(
                    project=project, dataset_id=row.id, dataset=row.name, records=row.record_count
                )
                self.log.append(tx, event, actor=actor, subject=f"evaluation-dataset:{project}/{row.id}")

    def search(
        self, project: str, experiments: Sequence[int] | None, asked: Asked
    ) -> tuple[list[EvaluationDataset], str | None]:
        """Give a page of data sets, newest first when nothing else is said."""
        clauses = parse_filter(asked.filter, EVALUATION_DATASETS)
        orders = parse_order(asked.order_by, EVALUATION_DATASETS)
        with self.db.read() as tx:
            hits = store.search(
                tx,
                project,
                experiments=None if experiments is None else experiment_store.keys_of(tx, project, experiments),
                clauses=clauses,
                orders=orders,
                limit=asked.limit + 1,
                last=None if asked.token is None else read_token(asked.token),
            )
            page = hits[: asked.limit]
            tags = store.tags_of(tx, [row.no for row, _ in page])
        found = [EvaluationDataset(row, tags[row.no]) for row, _ in page]
        return found, written_token(page[-1][1]) if len(hits) > asked.limit else None

    def set_tags(self, project: str, dataset_id: str, tags: Mapping[str, str]) -> None:
        """Set tags; those that are not named stay."""
        with self.db.write() as tx:
            store.put_tags(tx, _dataset(tx, project, dataset_id).no, tags)

    def delete_tag(self, project: str, dataset_id: str, key: str) -> None:
        """Take a tag away, if it is there."""
        with self.db.write() as tx:
            store.delete_tag(tx, _dataset(tx, project, dataset_id).no, key)

    def experiments(self, project: str, dataset_id: str) -> list[int]:
        """Give the experiments that a data set belongs to."""
        with self.db.read() as tx:
            return store.experiments_of(tx, _dataset(tx, project, dataset_id).no)

    def link(self, project: str, dataset_id: str, experiments: Sequence[int], *, is_added: bool) -> EvaluationDataset:
        """Add a data set to experiments, or take it out of them."""
        with self.db.write() as tx:
            row = _dataset(tx, project, dataset_id)
            if is_added:
                store.link(tx, row.no, _experiments(tx, project, experiments))
            else:
                store.unlink(tx, row.no, experiment_store.keys_of(tx, project, experiments))
            store.update(tx, row.no, updated_ms=self._now())
            return EvaluationDataset(_dataset(tx, project, dataset_id), store.tags_of(tx, [row.no])[row.no])

    def upsert(self, project: str, dataset_id: str, given: Sequence[Record], *, user: str | None) -> Upserted:
        """Add records, or add to those with the same inputs; all or none."""
        now = self._now()
        with self.db.write() as tx:
            row = store.find(tx, project, dataset_id, is_locked=True)
            if row is None:
                raise _not_found(dataset_id)
            digests = [inputs_digest(record.get("inputs") or {}) for record in given]
            known = store.records_with(tx, row.no, [*dict.fromkeys(digests)])
            put, inserted = _upserted(known, list(zip(digests, given, strict=True)), at_ms=now)
            store.put_records(tx, row.no, put)
            schema = widened(None if row.schema is None else json.loads(row.schema), given)
            store.update(
                tx,
                row.no,
                schema=json.dumps(schema),
                record_count=store.count(tx, row.no),
                digest=dataset_digest(row.name, now),
                updated_ms=now,
                updated_by=user or row.updated_by,
            )
        return Upserted(inserted, len(given) - inserted)

    def records(
        self, project: str, dataset_id: str, *, limit: int, token: str | None
    ) -> tuple[list[RecordRow], str | None]:
        """Give a page of the records, oldest first."""
        last = None if token is None else _place(token)
        with self.db.read() as tx:
            rows = store.records(tx, _dataset(tx, project, dataset_id).no, last=last, limit=limit + 1)
        page = rows[:limit]
        return page, written_token([page[-1].created_ms, page[-1].id]) if len(rows) > limit else None

    def delete_records(self, project: str, dataset_id: str, record_ids: Sequence[str]) -> int:
        """Remove records; give their number."""
        now = self._now()
        with self.db.write() as tx:
            row = store.find(tx, project, dataset_id, is_locked=True)
            if row is None:
                raise _not_found(dataset_id)
            removed = store.delete_records(tx, row.no, record_ids)
            if removed:
                digest = dataset_digest(row.name, now)
                count = store.count(tx, row.no)
                store.update(tx, row.no, record_count=count, digest=digest, updated_ms=now)
            return removed

    def _now(self) -> int:
        return milliseconds_of(self.clock.now())


def _upserted(
    known: Mapping[str, RecordRow], given: Sequence[tuple[str, Record]], *, at_ms: int
) -> tuple[list[RecordRow], int]:
    """Give the rows to write, and how many of the records are new."""
    rows, inserted = dict(known), 0
    for digest, record in given:
        before = rows.get(digest)
        if before is None:
            body, id_, created_ms, inserted = new_record(record), f"dr-{uuid4().hex}", at_ms, inserted + 1
        else:
            body, id_, created_ms = merged(json.loads(before.body), record), before.id, before.created_ms
        rows[digest] = RecordRow(digest, id_, json.dumps(body, ensure_ascii=False), created_ms, at_ms)
    return [rows[digest] for digest in dict.fromkeys(digest for digest, _ in given)], inserted


def _dataset(tx: Tx, project: str, dataset_id: str) -> DatasetRow:
    found = store.find(tx, project, dataset_id)
    if found is None:
        raise _not_found(dataset_id)
    return found


def _not_found(dataset_id: str) -> DatasetNotFoundError:
    return DatasetNotFoundError(f"Evaluation dataset with id '{dataset_id[:100]}' not found")


def _experiments(tx: Tx, project: str, numbers: Sequence[int]) -> list[int]:
    found = [experiment_store.by_id(tx, project, number) for number in dict.fromkeys(numbers)]
    for number, row in zip(dict.fromkeys(numbers), found, strict=True):
        if row is None:
            raise ExperimentNotFoundError(f"No Experiment with id={number} exists")
    return [row.no for row in found if row is not None]


def _place(token: str) -> tuple[int, str]:
    match read_token(token):
        case (int() as created_ms, str() as record_id):
            return created_ms, record_id
        case _:
            raise BadTokenError("Invalid page token; send the next_page_token of the page before.")
