"""The training pipeline: rows as of a moment, three histories to learn from, the best of them, its package.

The last ten days of the data are held out: the first three of them choose among the histories, the others are
kept for the gate.
"""

import io
from datetime import datetime, timedelta
from typing import Any

import numpy as np
import polars as pl

from everlearn.core.clock import iso, parse_instant
from everlearn.core.errors import InvalidError
from everlearn.core.json import JSONObject
from everlearn.demo.flights import features as feature_code
from everlearn.demo.flights import fitting, source
from everlearn.demo.flights.features import FEATURES, LABEL, labelled
from everlearn.monitoring.profile import build_profile
from everlearn.pipelines import Literal, Output, Parameter, Pipeline, Step, StepContext

MODEL = "eta"
PIPELINE = "eta-training"
HELD_OUT = timedelta(days=10)
CHOOSING = timedelta(days=3)  # of the held-out days
HISTORIES: dict[str, int | None] = {"fit-month": 30, "fit-quarter": 90, "fit-all": None}  # days to learn from


def rows(context: StepContext, datasets: dict[str, int], as_of: str) -> pl.DataFrame:
    """Give every flight whose air time was known, with its features as they were at its departure."""
    flights, weather = (
        context.datasets.scan(context.datasets.version(context.project, name, datasets[name])).collect()
        for name in ("flights", "weather")
    )
    known = pl.col("known_at") < parse_instant(as_of)
    found = labelled(flights.filter(known), weather.filter(known))
    context.log_params({"rows": found.height, "as_of": as_of})
    return found


def fit(context: StepContext, rows: pl.DataFrame, days: int | None) -> bytes:
    """Fit on one history, write it as ONNX, and make sure that both answer alike."""
    learned, chosen_on, _ = _split(rows)
    if days is not None:
        learned = learned.filter(pl.col("departed_at") >= _end(rows) - HELD_OUT - timedelta(days=days))
    model = fitting.fitted(learned)
    onnx = fitting.exported(model)
    context.log_metrics(
        {
            f"{context.step}.rows": learned.height,
            f"{context.step}.mae": fitting.mean_absolute_error(onnx, chosen_on),
            f"{context.step}.parity_gap": fitting.parity_gap(model, onnx, chosen_on),
        }
    )
    return onnx


def choice(context: StepContext, rows: pl.DataFrame, month: bytes, quarter: bytes, everything: bytes) -> JSONObject:
    """Choose the history whose model errs least on the first held-out days."""
    _, chosen_on, _ = _split(rows)
    models = dict(zip(HISTORIES, (month, quarter, everything), strict=True))
    errors = {name: fitting.mean_absolute_error(onnx, chosen_on) for name, onnx in models.items()}
    best = min(errors, key=lambda name: errors[name])
    context.log_params({"history": best})
    return {"history": best, "mae": {name: round(error, 4) for name, error in errors.items()}}


def model(
    context: StepContext, choice: JSONObject, month: bytes, quarter: bytes, everything: bytes, rows: pl.DataFrame
) -> bytes:
    """Give the chosen model."""
    chosen = dict(zip(HISTORIES, (month, quarter, everything), strict=True))[str(choice["history"])]
    context.log_artifact("model.onnx", chosen)
    context.log_metrics({"trees": fitting.TREES, "features": len(FEATURES), "rows": rows.height})
    return chosen


def profile(context: StepContext, rows: pl.DataFrame, model: bytes) -> bytes:
    """Describe what is normal for this model: its inputs, its answers, its error on days it has not learned from."""
    learned, chosen_on, gate_on = _split(rows)
    held_out = pl.concat([chosen_on, gate_on])
    errors = np.abs(fitting.answers(model, held_out) - held_out[LABEL].to_numpy())
    described = build_profile(
        {name: learned[name].cast(pl.Float64).fill_null(float("nan")).to_numpy() for name in FEATURES},
        fitting.answers(model, learned),
        held_out_errors=errors,
        held_out_days=held_out["departed_at"].dt.date().cast(pl.Utf8).to_list(),
    )
    context.log_metrics({"held_out.mae": float(errors.mean()), "held_out.rows": held_out.height})
    return _json(described.to_json())


def holdout(context: StepContext, rows: pl.DataFrame, model: bytes) -> bytes:
    """Write the rows for the gate, with what is answered where there is no model: the distance at the usual pace."""
    learned, _, gate_on = _split(rows)
    pace = learned.select((pl.col(LABEL) / pl.col("distance")).median()).item()
    chosen = gate_on.select(
        *FEATURES, label=pl.col(LABEL), baseline=pl.col("distance") * pace, event_time=pl.col("departed_at")
    )
    # a harder rival, for the record only: it takes a table of every route
    routes = learned.group_by("origin", "dest").agg(answer=pl.col(LABEL).median())
    rival = gate_on.join(routes, on=["origin", "dest"], how="inner")
    context.log_metrics(
        {
            "gate_rows.mae": fitting.mean_absolute_error(model, gate_on),
            "gate_rows.usual_pace.mae": chosen.select((pl.col("baseline") - pl.col("label")).abs().mean()).item(),
            "gate_rows.route_median.mae": rival.select((pl.col("answer") - pl.col(LABEL)).abs().mean()).item(),
        }
    )
    buffer = io.BytesIO()
    chosen.write_parquet(buffer, compression="zstd")
    return buffer.getvalue()


def package(context: StepContext, rows: pl.DataFrame, datasets: dict[str, int], choice: JSONObject) -> JSONObject:
    """Say what to register."""
    learned, _, _ = _split(rows)
    versions = {name: context.datasets.version(context.project, name, number) for name, number in datasets.items()}
    return {
        "model": MODEL,
        "model_step": "model",
        "profile_step": "profile",
        "holdout_step": "holdout",
        "input_columns": list(FEATURES),
        "output_name": LABEL,
        "output_minimum": 5.0,
        "output_maximum": 900.0,
        "trained_from": iso(learned["departed_at"].min()),  # type: ignore[arg-type]  # rows() gave some
        "trained_through": iso(learned["known_at"].max()),  # type: ignore[arg-type]
        "datasets": [
            {"name": name, "version": version.number, "digest": version.digest} for name, version in versions.items()
        ],
        "metrics": {"history": choice["history"], **_errors(choice)},
    }


def _errors(choice: JSONObject) -> JSONObject:
    errors: Any = choice["mae"]
    return {f"{history}.mae": error for history, error in errors.items()}


def _end(rows: pl.DataFrame) -> datetime:
    """Tell how far the data reaches; deliveries come once a week, so this is not the moment of training."""
    end = rows["known_at"].max()
    if not isinstance(end, datetime):
        raise InvalidError("there is no flight to learn from before the moment of training")
    return end


def _split(rows: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame, pl.DataFrame]:
    """Give the rows to learn from, those to choose by, and those for the gate."""
    begin = _end(rows) - HELD_OUT
    held_out = rows.filter(pl.col("departed_at") >= begin)
    # what landed within the held-out days was not known when they began
    learned = rows.filter((pl.col("departed_at") < begin) & (pl.col("known_at") < begin))
    is_early = pl.col("departed_at") < begin + CHOOSING
    return learned, held_out.filter(is_early), held_out.filter(~is_early)


def _json(value: JSONObject) -> bytes:
    import msgspec  # noqa: PLC0415

    return msgspec.json.encode(value)


_ROWS: Any = {"rows": Output("rows")}
_MODELS: Any = {"month": Output("fit-month"), "quarter": Output("fit-quarter"), "everything": Output("fit-all")}
_USES = (fitting, _split, _end, _errors)

PIPELINES = (
    Pipeline(
        PIPELINE,
        [
            Step(
                name="rows",
                function=rows,
                inputs={"datasets": Parameter("datasets"), "as_of": Parameter("as_of")},
                uses=(feature_code, source),
            ),
            *(
                Step(name=name, function=fit, inputs=_ROWS | {"days": Literal(days)}, uses=_USES)
                for name, days in HISTORIES.items()
            ),
            Step(name="choice", function=choice, inputs=_ROWS | _MODELS, uses=_USES),
            Step(name="model", function=model, inputs=_MODELS | {"choice": Output("choice"), "rows": Output("rows")}),
            Step(name="profile", function=profile, inputs=_ROWS | {"model": Output("model")}, uses=_USES),
            Step(name="holdout", function=holdout, inputs=_ROWS | {"model": Output("model")}, uses=_USES),
            Step(
                name="package",
                function=package,
                inputs=_ROWS | {"datasets": Parameter("datasets"), "choice": Output("choice")},
                uses=_USES,
            ),
        ],
    ),
)
