"""Tables with a column for each run: parameters, metrics and files side by side."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from everlearn.tracking.comparison.groups import differing_keys
from everlearn.tracking.journal import RunRecord
from everlearn.tracking.metric_schema import UNDECLARED, Direction, MetricSchema
from everlearn.tracking.model import Artifact
from everlearn.tracking.pages.columns import as_number, number_of
from everlearn.tracking.pages.words import cut, cut_cell, metric_cell
from everlearn.web.formats import MISSING, short, size
from everlearn.web.links import asked
from everlearn.web.view import Cell, Pair

_LONGEST = 28
_FILES_SHOWN = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class MatrixCell:
    """What one run has in a row."""

    cell: Cell
    is_best: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class MatrixRow:
    """One quantity of every run."""

    label: str
    cells: tuple[MatrixCell, ...]
    unit: str = ""
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Matrix:
    """Rows under the runs' names."""

    caption: str
    rows: tuple[MatrixRow, ...]
    empty: str  # what to say when there is no row
    is_number: bool = False


def params_matrix(records: Sequence[RunRecord]) -> tuple[Matrix, tuple[Pair, ...]]:
    """Give the parameters that differ as rows, and those that are the same everywhere as a list."""
    differing = differing_keys([record.params for record in records])
    rows = tuple(
        MatrixRow(label=key, cells=tuple(MatrixCell(cell=_param(record, key)) for record in records))
        for key in differing
    )
    first = records[0].params if records else {}
    same = tuple(Pair(label=key, value=cut_cell(value)) for key, value in sorted(first.items()) if key not in differing)
    numeric = all(
        as_number(record.params[key]) is not None for record in records for key in differing if key in record.params
    )
    empty = "No parameter differs: the runs were started with the same ones."
    return Matrix(caption="Parameters that differ", rows=rows, empty=empty, is_number=numeric), same


def metrics_matrix(records: Sequence[RunRecord], schemas: Mapping[str, MetricSchema]) -> Matrix:
    """Give every metric as a row, the best value of those with a direction marked."""
    keys = sorted({one.key for record in records for one in record.newest}, key=lambda key: (key not in schemas, key))
    rows = []
    for key in keys:
        schema = schemas.get(key, UNDECLARED)
        values = [number_of(record, key) for record in records]
        best = best_of(values, schema.direction)
        rows.append(
            MatrixRow(
                label=key,
                unit=schema.unit,
                note=f"{schema.direction} is better" if schema.direction else "",
                cells=tuple(
                    MatrixCell(
                        cell=Cell(text=MISSING) if value is None else metric_cell(value, schema),
                        is_best=best is not None and value == best,
                    )
                    for value in values
                ),
            )
        )
    return Matrix(caption="Metrics", rows=tuple(rows), empty="The runs logged no metric.", is_number=True)


def best_of(values: Sequence[float | None], direction: Direction | None) -> float | None:
    """Give the best of the finite values; None without a direction, or when all are the same."""
    finite = [value for value in values if value is not None and math.isfinite(value)]
    if direction is None or len(set(finite)) < 2:
        return None
    return max(finite) if direction is Direction.HIGHER else min(finite)


def files_matrix(runs_path: str, records: Sequence[RunRecord], files: Sequence[Sequence[Artifact]]) -> Matrix:
    """Give the files that are not the same in every run as rows."""
    held = [{artifact.path: artifact for artifact in of_run} for of_run in files]
    paths = sorted({path for of_run in held for path in of_run})
    differing = [path for path in paths if len({_digest(of_run, path) for of_run in held}) > 1]
    rows = tuple(
        MatrixRow(
            label=path,
            cells=tuple(
                MatrixCell(cell=_file(f"{runs_path}/{record.run.id}/files", of_run.get(path)))
                for record, of_run in zip(records, held, strict=True)
            ),
        )
        for path in differing[:_FILES_SHOWN]
    )
    same = len(paths) - len(differing)
    more = f"; {len(differing) - _FILES_SHOWN} more differ" if len(differing) > _FILES_SHOWN else ""
    caption = f"Files that differ ({same} are the same in every run{more})"
    empty = f"No file differs: {same} are the same in every run." if same else "The runs left no files behind."
    return Matrix(caption=caption, rows=rows, empty=empty)


def _param(record: RunRecord, key: str) -> Cell:
    return cut_cell(record.params[key], _LONGEST) if key in record.params else Cell(text=MISSING)


def _digest(of_run: Mapping[str, Artifact], path: str) -> str:
    return of_run[path].digest if path in of_run else ""


def _file(path: str, artifact: Artifact | None) -> Cell:
    if artifact is None:
        return Cell(text=MISSING)
    text = f"{short(artifact.digest)[:8]} {size(artifact.size_bytes)}"
    return Cell(text=cut(text), href=asked(path, path=artifact.path), title=artifact.digest)
