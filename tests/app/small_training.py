"""A training pipeline of a moment: a straight line through what was known, packaged as a version."""

import io
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray
from tests.app import small_world
from tests.serving.models import linear

from everlearn.core.clock import iso, parse_instant
from everlearn.core.json import JSONObject
from everlearn.monitoring.profile import build_profile
from everlearn.pipelines import Output, Parameter, Pipeline, Step, StepContext

COLUMNS = ("distance", "wind")
HISTORY_DAYS = 21
HELD_OUT_DAYS = 8


def rows(context: StepContext, as_of: str) -> pl.DataFrame:
    """Give the rows that were known."""
    end = small_world.day_of(parse_instant(as_of))
    found = pl.concat([small_world.day(number) for number in range(end - HISTORY_DAYS, end)])
    context.log_params({"rows": found.height, "as_of": as_of, "columns": ", ".join(COLUMNS)})
    return found


def fit(context: StepContext, rows: pl.DataFrame, sluggishness: float) -> bytes:
    """Fit by a few steps of gradient descent, so that there is a curve to look at."""
    learned = _learned(rows)
    matrix, label = _matrix(learned), learned["label"].to_numpy()
    weights: NDArray[np.float64] = np.linalg.lstsq(np.column_stack([matrix, np.ones(len(matrix))]), label)[0]
    for step in range(30):
        share = 1 - sluggishness**step
        answers = share * (matrix @ weights[:2] + weights[2])
        context.log_metrics({"training loss": float(np.mean((label - answers) ** 2))}, step=step)
    context.log_metric("rows", learned.height)
    onnx = linear([float(weights[0]), float(weights[1])], float(weights[2]))
    context.log_artifact("model.onnx", onnx)
    context.log_artifact("notes/reading me.html", b"<script>alert('never runs')</script>")
    return onnx


def profile(context: StepContext, rows: pl.DataFrame, model: bytes) -> bytes:
    """Describe what is normal."""
    import msgspec

    from everlearn.quality.scoring import predictions_of

    learned, held_out = _learned(rows), _held_out(rows)
    errors = np.abs(predictions_of(model, _matrix(held_out).astype(np.float32)) - held_out["label"].to_numpy())
    described = build_profile(
        {name: learned[name].to_numpy() for name in COLUMNS},
        predictions_of(model, _matrix(learned).astype(np.float32)),
        held_out_errors=errors,
        held_out_days=held_out["event_time"].dt.date().cast(pl.Utf8).to_list(),
    )
    context.log_metric("held_out.mae", float(errors.mean()))
    return msgspec.json.encode(described.to_json())


def holdout(_context: StepContext, rows: pl.DataFrame) -> bytes:
    """Give the rows for the gate."""
    held_out = _held_out(rows).with_columns(baseline=pl.lit(float(np.median(_learned(rows)["label"].to_numpy()))))
    buffer = io.BytesIO()
    held_out.write_parquet(buffer)
    return buffer.getvalue()


def package(_context: StepContext, rows: pl.DataFrame, as_of: str) -> JSONObject:
    """Say what to register."""
    return {
        "model": "eta",
        "model_step": "fit",
        "profile_step": "profile",
        "holdout_step": "holdout",
        "input_columns": list(COLUMNS),
        "output_name": "air_time",
        "output_minimum": 5.0,
        "output_maximum": 900.0,
        "trained_from": iso(_learned(rows)["event_time"][0]),
        "trained_through": as_of,
        "datasets": [],
        "metrics": {"history_days": HISTORY_DAYS},
    }


def answers(onnx_rows: pl.DataFrame, onnx: bytes) -> NDArray[np.float64]:
    """Give what a version says to some rows."""
    from everlearn.quality.scoring import predictions_of

    return predictions_of(onnx, _matrix(onnx_rows).astype(np.float32))


def _learned(rows: pl.DataFrame) -> pl.DataFrame:
    return rows.filter(pl.col("event_time") < rows["event_time"].max() - pl.duration(days=HELD_OUT_DAYS))


def _held_out(rows: pl.DataFrame) -> pl.DataFrame:
    return rows.filter(pl.col("event_time") >= rows["event_time"].max() - pl.duration(days=HELD_OUT_DAYS))


def _matrix(rows: pl.DataFrame) -> Any:
    return rows.select(COLUMNS).to_numpy()


def broken(_context: StepContext, model: bytes) -> JSONObject:
    """Fail."""
    raise ValueError(f"no room left for {len(model)} bytes")


_ROWS: Any = {"rows": Output("rows")}
_AS_OF: Any = {"as_of": Parameter("as_of")}
_FIT = Step(name="fit", function=fit, inputs=_ROWS | {"sluggishness": Parameter("sluggishness", 0.8)})

PIPELINES = (
    Pipeline(
        "eta-training",
        [
            Step(name="rows", function=rows, inputs=_AS_OF),
            _FIT,
            Step(name="profile", function=profile, inputs=_ROWS | {"model": Output("fit")}),
            Step(name="holdout", function=holdout, inputs=_ROWS),
            Step(name="package", function=package, inputs=_ROWS | _AS_OF),
        ],
    ),
    Pipeline(
        "eta-export",
        [
            Step(name="rows", function=rows, inputs=_AS_OF),
            _FIT,
            Step(name="upload", function=broken, inputs={"model": Output("fit")}),
        ],
    ),
)
