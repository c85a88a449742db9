"""Data that runs read."""

import json
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from everlearn.core.json import canonical_json
from everlearn.db import Sql, Tx, marks
from everlearn.tracking.places import place_of

CONTEXT = "mlflow.data.context"
_INSERT = Sql(
    "insert into tracking_datasets (experiment_no, name, digest, source_type, source, schema, profile, place) "
    "values (?,?,?,?,?,?,?,?) on conflict do nothing"
)
_FIND = Sql("select no from tracking_datasets where experiment_no = ? and name = ? and digest = ?")
_USE = Sql("insert into tracking_inputs (run_no, dataset_no, context, tags) values (?,?,?,?) on conflict do nothing")


class DatasetUse(NamedTuple):
    """A data set as a run read it."""

    name: str
    digest: str
    source_type: str
    source: str
    schema: str | None
    profile: str | None
    tags: Mapping[str, str]


class DatasetSummary(NamedTuple):
    """A data set that some run of an experiment read."""

    experiment: int
    name: str
    digest: str
    context: str | None


def insert(tx: Tx, run_no: int, experiment_no: int, uses: Sequence[DatasetUse]) -> None:
    """Add what a run read; the same again changes nothing."""
    for use in uses:
        place = place_of(use.source)
        _INSERT.run(tx, experiment_no, *use[:6], None if place is None else place.address)
        number = _FIND.rows(tx, experiment_no, use.name, use.digest)[0][0]
        _USE.run(tx, run_no, number, use.tags.get(CONTEXT), canonical_json(dict(use.tags)))


def read_many(tx: Tx, run_nos: Sequence[int]) -> dict[int, list[DatasetUse]]:
    """Give what several runs read."""
    found: dict[int, list[DatasetUse]] = {}
    for start in range(0, len(run_nos), 500):
        part = run_nos[start : start + 500]
        text = (
            "select i.run_no, d.name, d.digest, d.source_type, d.source, d.schema, d.profile, i.tags "
            "from tracking_inputs i join tracking_datasets d on d.no = i.dataset_no "
            f"where i.run_no in ({marks(len(part))}) order by i.run_no, d.no"
        )
        for run_no, name, digest, kind, source, schema, profile, tags in Sql(text).rows(tx, *part):
            use = DatasetUse(name, digest, kind, source, schema, profile, json.loads(tags))
            found.setdefault(run_no, []).append(use)
    return found


def summaries(tx: Tx, project: str, experiments: Sequence[int], *, limit: int) -> list[DatasetSummary]:
    """Give the data sets that runs of some experiments read, each once for each use that was made of it."""
    text = (
        "select distinct e.id, d.name, d.digest, i.context from tracking_experiments e "
        "join tracking_datasets d on d.experiment_no = e.no join tracking_inputs i on i.dataset_no = d.no "
        f"where e.project = ? and e.lifecycle = 'active' and e.id in ({marks(len(experiments))}) "
        "order by e.id, d.name, d.digest, i.context limit ?"
    )
    return [DatasetSummary(*row) for row in Sql(text).rows(tx, project, *experiments, limit)]
