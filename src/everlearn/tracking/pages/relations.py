"""What a run is related to: the data it read, the models it read and made, the run it belongs to, the runs below it."""

import json
from collections.abc import Mapping, Sequence

from everlearn.core.errors import NotFoundError
from everlearn.tracking.journal import RunRecord
from everlearn.tracking.pages.words import TONES, cut, cut_cell, run_name, short_id, took
from everlearn.tracking.searching import Search
from everlearn.tracking.store.inputs import CONTEXT, DatasetUse
from everlearn.tracking.store.models import ModelUse
from everlearn.tracking.store.runs import run_of
from everlearn.web.formats import duration, minute, number
from everlearn.web.links import asked, path_of
from everlearn.web.view import Cell, Column, EmptyState, Pair, Table

PARENT_TAG = "mlflow.parentRunId"
_CHILDREN_SHOWN = 50
_NONE = EmptyState(title="None")  # these tables are left out when they are empty
_SOURCES = {
    "mlflow.source.name": "Source",
    "mlflow.source.git.commit": "Commit",
    "mlflow.source.git.branch": "Branch",
}


def parent_of(project: str, search: Search, record: RunRecord) -> tuple[Pair, ...]:
    """Lead to the run that this one is a part of."""
    parent = record.tags.get(PARENT_TAG)
    if not parent:
        return ()
    try:
        name = run_name(run_of(search.records_of(project, [parent])[0].run))
    except NotFoundError:  # deleted for good, or never brought along
        return (Pair(label="Part of", value=Cell(text=short_id(parent), title=parent)),)
    href = path_of("projects", project, "runs", parent)
    return (Pair(label="Part of", value=Cell(text=name, href=href, title=parent)),)


def source_of(tags: Mapping[str, str]) -> tuple[Pair, ...]:
    """Say which code ran."""
    return tuple(
        Pair(label=label, value=Cell(text=cut(tags[key], 80), is_code=True, title=tags[key][:500]))
        for key, label in _SOURCES.items()
        if tags.get(key)
    )


def children_table(project: str, search: Search, record: RunRecord) -> Table | None:
    """List the runs that name this one as theirs."""
    clause = f"tags.`{PARENT_TAG}` = '{record.run.id}'"
    found, following = search.of_experiment(project, record.run.experiment, filter_text=clause, limit=_CHILDREN_SHOWN)
    if not found:
        return None
    runs = path_of("projects", project, "runs")
    return Table(
        caption="Runs of this run",
        columns=(
            Column(title="run"),
            Column(title="status"),
            Column(title="started", unit="UTC"),
            Column(title="took", is_number=True),
        ),
        rows=tuple(
            (
                Cell(text=run_name(run), href=f"{runs}/{run.id}", title=run.id),
                Cell(text=run.status.lower(), tone=TONES[run.status]),
                Cell(text=minute(run.started_at)),
                Cell(text=duration(took(run.started_at, run.ended_at))),
            )
            for run in (run_of(one.run) for one in found)
        ),
        empty=_NONE,
        first_href=asked(runs, experiment=record.run.experiment, filter=clause),
        next_href=asked(runs, experiment=record.run.experiment, filter=clause, after=following) if following else "",
    )


def data_table(uses: Sequence[DatasetUse]) -> Table | None:
    """List the data sets that a run read."""
    if not uses:
        return None
    return Table(
        caption="Data read",
        columns=(
            Column(title="data set"),
            Column(title="used for"),
            Column(title="digest"),
            Column(title="source"),
        ),
        rows=tuple(
            (
                Cell(text=cut(use.name), title=use.name if len(use.name) > 60 else ""),
                Cell(text=use.tags.get(CONTEXT, "")),
                Cell(text=use.digest, is_code=True),
                cut_cell(_source(use.source), 80),
            )
            for use in uses
        ),
        empty=_NONE,
    )


def _source(text: str) -> str:
    """Give the one thing that a source names, such as its address; clients wrap it in JSON."""
    try:
        said = json.loads(text)
    except ValueError:
        return text
    return str(*said.values()) if isinstance(said, dict) and len(said) == 1 else text


def models_table(uses: Sequence[ModelUse]) -> Table | None:
    """List the logged models that a run read or made."""
    if not uses:
        return None
    return Table(
        caption="Models",
        columns=(Column(title="logged model"), Column(title="role"), Column(title="step", is_number=True)),
        rows=tuple(
            (
                Cell(text=use.model_id, is_code=True),
                Cell(text="read" if use.role == "input" else "made"),
                Cell(text=number(use.step)),
            )
            for use in uses
        ),
        empty=_NONE,
    )
