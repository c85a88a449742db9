"""Evaluation data sets over the protocol."""

import json
from dataclasses import dataclass
from functools import partial
from typing import Any

import msgspec

from everlearn.access import Role
from everlearn.tracing.evaluating import EvaluationDataset, Evaluations
from everlearn.tracing.mlflow import evaluation_messages as m
from everlearn.tracing.mlflow.rules import checked_count, given_labels
from everlearn.tracing.model import LONGEST_NAME
from everlearn.tracing.records import USER, Record
from everlearn.tracing.searching import Asked
from everlearn.tracing.store.eval_datasets import RecordRow
from everlearn.tracking.mlflow.rules import experiment_number, page_size
from everlearn.web.mlflow import Call, Empty, ProtocolError, Route, operation

_MOST_RECORDS, _MOST_EXPERIMENTS, _MOST_DATASETS = 10_000, 1_000, 1_000
_LARGEST_BODY = 64_000_000  # bytes


@dataclass(frozen=True, slots=True)
class EvaluationDoor:
    """What the routes do."""

    evaluations: Evaluations

    def create(self, call: Call, asked: m.CreateDataset) -> m.OneDataset:
        """Make a data set."""
        tags, numbers = _tags_in(asked.tags), _numbers(asked.experiment_ids)
        made = self.evaluations.create(
            call.project, _checked_name(asked.name), tags=tags, experiments=numbers, user=tags.get(USER)
        )
        written = dataset_out(made)
        written.experiment_ids = [str(number) for number in numbers]
        return m.OneDataset(written)

    def get(self, call: Call, asked: m.DatasetById) -> m.OneDataset:
        """Give one."""
        return m.OneDataset(dataset_out(self.evaluations.get(call.project, asked.dataset_id or "")))

    def delete(self, call: Call, asked: m.DatasetById) -> Empty:
        """Remove one."""
        self.evaluations.delete(call.project, asked.dataset_id or "", actor=call.actor)
        return Empty()

    def search(self, call: Call, asked: m.SearchDatasets) -> m.DatasetPage:
        """Find some."""
        found, token = self.evaluations.search(
            call.project,
            _numbers(asked.experiment_ids) if asked.experiment_ids else None,
            Asked(
                filter=asked.filter_string,
                order_by=asked.order_by or (),
                limit=page_size(asked.max_results or None, default=_MOST_DATASETS, most=_MOST_DATASETS),
                token=asked.page_token or None,
            ),
        )
        return m.DatasetPage([dataset_out(one) for one in found], token)

    def set_tags(self, call: Call, asked: m.DatasetTags) -> Empty:
        """Set tags."""
        self.evaluations.set_tags(call.project, asked.dataset_id or "", _tags_in(asked.tags))
        return Empty()

    def delete_tag(self, call: Call, asked: m.DatasetTag) -> Empty:
        """Take a tag away."""
        self.evaluations.delete_tag(call.project, asked.dataset_id or "", asked.key or "")
        return Empty()

    def upsert(self, call: Call, asked: m.UpsertRecords) -> m.UpsertedOut:
        """Add records, or add to them."""
        given = _records_in(asked.records or "")
        user = next((tags[USER] for one in given if (tags := one.get("tags") or {}).get(USER)), None)
        done = self.evaluations.upsert(call.project, asked.dataset_id or "", given, user=asked.updated_by or user)
        return m.UpsertedOut(done.inserted, done.updated)

    def records(self, call: Call, asked: m.GetRecords) -> m.RecordsOut:
        """Give a page of records."""
        limit = page_size(asked.max_results or None, default=1_000, most=_MOST_RECORDS)
        rows, token = self.evaluations.records(
            call.project, asked.dataset_id or "", limit=limit, token=asked.page_token or None
        )
        written = [record_out(asked.dataset_id or "", row) for row in rows]
        return m.RecordsOut(json.dumps(written, ensure_ascii=False), token)

    def delete_records(self, call: Call, asked: m.DeleteRecords) -> m.RecordsDeleted:
        """Remove records."""
        ids = checked_count(asked.dataset_record_ids, "dataset_record_ids", _MOST_RECORDS)
        return m.RecordsDeleted(self.evaluations.delete_records(call.project, asked.dataset_id or "", ids))

    def experiments(self, call: Call, asked: m.DatasetById) -> m.ExperimentIds:
        """Give the experiments of a data set."""
        numbers = self.evaluations.experiments(call.project, asked.dataset_id or "")
        return m.ExperimentIds([str(number) for number in numbers])

    def add_to(self, call: Call, asked: m.DatasetExperiments) -> m.OneDataset:
        """Add a data set to experiments."""
        return self._linked(call, asked, is_added=True)

    def remove_from(self, call: Call, asked: m.DatasetExperiments) -> m.OneDataset:
        """Take a data set out of experiments."""
        return self._linked(call, asked, is_added=False)

    def _linked(self, call: Call, asked: m.DatasetExperiments, *, is_added: bool) -> m.OneDataset:
        numbers = _numbers(asked.experiment_ids)
        linked = self.evaluations.link(call.project, asked.dataset_id or "", numbers, is_added=is_added)
        return m.OneDataset(dataset_out(linked))


def evaluation_routes(evaluations: Evaluations) -> tuple[Route, ...]:
    """List the routes."""
    door, base, look, log = EvaluationDoor(evaluations), "/mlflow/datasets", Role.VIEWER, Role.CONTRIBUTOR
    v3 = partial(operation, versions=("3.0",), largest_body=_LARGEST_BODY)
    return (
        v3("POST", f"{base}/create", log, door.create, m.CreateDataset, "name"),
        v3("POST", f"{base}/search", look, door.search, m.SearchDatasets),
        v3("GET", f"{base}/search", look, door.search, m.SearchDatasets),
        v3("GET", f"{base}/{{dataset_id}}", look, door.get, m.DatasetById),
        v3("DELETE", f"{base}/{{dataset_id}}", log, door.delete, m.DatasetById),
        v3("PATCH", f"{base}/{{dataset_id}}/tags", log, door.set_tags, m.DatasetTags, "tags"),
        v3("DELETE", f"{base}/{{dataset_id}}/tags/{{key}}", log, door.delete_tag, m.DatasetTag),
        v3("POST", f"{base}/{{dataset_id}}/records", log, door.upsert, m.UpsertRecords, "records"),
        v3("GET", f"{base}/{{dataset_id}}/records", look, door.records, m.GetRecords),
        v3("DELETE", f"{base}/{{dataset_id}}/records", log, door.delete_records, m.DeleteRecords),
        v3("GET", f"{base}/{{dataset_id}}/experiment-ids", look, door.experiments, m.DatasetById),
        v3("POST", f"{base}/{{dataset_id}}/add-experiments", log, door.add_to, m.DatasetExperiments),
        v3("POST", f"{base}/{{dataset_id}}/remove-experiments", log, door.remove_from, m.DatasetExperiments),
    )


def dataset_out(found: EvaluationDataset) -> m.DatasetOut:
    """Write a data set."""
    row = found.row
    return m.DatasetOut(
        dataset_id=row.id,
        name=row.name,
        digest=row.digest,
        created_time=row.created_ms,
        last_update_time=row.updated_ms,
        tags=json.dumps({**found.tags}, ensure_ascii=False),
        schema=row.schema,
        profile=json.dumps({"num_records": row.record_count}) if row.record_count else None,
        created_by=row.created_by,
        last_updated_by=row.updated_by,
    )


def record_out(dataset_id: str, row: RecordRow) -> Record:
    """Write a record, with its source once more beside it, as clients look for it."""
    body = json.loads(row.body)
    written = {"dataset_record_id": row.id, "dataset_id": dataset_id, "inputs": body["inputs"], "tags": body["tags"]}
    written |= {name: body[name] for name in ("outputs", "expectations", "source") if body.get(name) is not None}
    source = body.get("source") or {}
    if isinstance(source.get("source_data"), dict) and "trace_id" in source["source_data"]:
        written["source_id"] = source["source_data"]["trace_id"]
    if source.get("source_type"):
        written["source_type"] = source["source_type"]
    written |= {"created_time": row.created_ms, "last_update_time": row.updated_ms}
    for name, who in (("created_by", body.get("created_by")), ("last_updated_by", body.get("updated_by"))):
        if who is not None:
            written[name] = who
    return written


def _tags_in(text: str | None) -> dict[str, str]:
    tags = _json(text, "tags") if text else {}
    if not isinstance(tags, dict):
        raise ProtocolError("Invalid value for parameter 'tags' supplied: it is a JSON object in a text.")
    return given_labels({key: str(value) for key, value in tags.items() if value is not None}, "tags")


def _records_in(text: str) -> list[Record]:
    given = _json(text, "records")
    if not isinstance(given, list) or not all(isinstance(one, dict) for one in given):
        raise ProtocolError("Invalid value for parameter 'records' supplied: it is a JSON list of objects in a text.")
    if len(given) > _MOST_RECORDS:
        raise ProtocolError(f"'records' has at most {_MOST_RECORDS} items in one request. Got {len(given)}.")
    for record in given:
        for name in ("inputs", "expectations", "tags", "source"):
            if not isinstance(record.get(name), dict | None):
                raise ProtocolError(f"Invalid value for parameter 'records' supplied: '{name}' is an object.")
    return given


def _json(text: str, name: str) -> Any:
    try:
        return msgspec.json.decode(text)
    except (msgspec.DecodeError, RecursionError) as error:
        raise ProtocolError(f"Invalid value for parameter '{name}' supplied: it is no JSON.") from error


def _numbers(ids: list[str] | None) -> list[int]:
    if ids and len(ids) > _MOST_EXPERIMENTS:
        raise ProtocolError(f"'experiment_ids' has at most {_MOST_EXPERIMENTS} items in one request. Got {len(ids)}.")
    return [experiment_number(one) for one in ids or ()]


def _checked_name(name: str | None) -> str:
    if not name or not name.strip() or len(name) > LONGEST_NAME:
        raise ProtocolError(f"Invalid name of a data set: it has 1 to {LONGEST_NAME} characters.")
    return name
