"""What else could have been done: the first model all year, or a new one every month, on the same flights."""

import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

import numpy as np
import polars as pl

from everlearn.demo.flights import fitting
from everlearn.demo.flights.features import AT, LABEL, labelled
from everlearn.demo.flights.world import World

LOOP, FROZEN, MONTHLY = "loop", "frozen", "monthly"


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """Mean absolute error per month and policy, and what training cost each."""

    months: tuple[str, ...]
    rows: tuple[int, ...]  # labelled flights in each month
    error: Mapping[str, tuple[float, ...]]  # by policy, by month
    overall: Mapping[str, float]
    trainings: Mapping[str, int]
    cpu_s: Mapping[str, float]


def compared(
    world: World, answers: Mapping[str, float], first: bytes, *, loop_cost: tuple[int, float], first_cpu_s: float
) -> Comparison:
    """Answer the same flights by the other two policies and compare.

    Parameters
    ----------
    answers
        What the gateway answered, by flight.
    first
        The first version, as ONNX.
    loop_cost
        How often the loop trained, and the CPU seconds of all its training runs.
    """
    given = pl.DataFrame(
        {"flight_id": list(answers), LOOP: list(answers.values())}, schema={"flight_id": pl.Utf8, LOOP: pl.Float64}
    )
    rows = world.departures.filter(pl.col(LABEL).is_not_null()).join(given, on="flight_id", how="inner")
    rows = rows.with_columns(month=pl.col(AT).dt.strftime("%Y-%m"), **{FROZEN: fitting.answers(first, rows)})
    monthly, trainings, cpu_s = _monthly(world, rows)
    rows = rows.with_columns(pl.Series(MONTHLY, monthly))
    errors = rows.with_columns(*((pl.col(name) - pl.col(LABEL)).abs() for name in (LOOP, FROZEN, MONTHLY)))
    by_month = errors.group_by("month").agg(pl.len(), pl.col(LOOP, FROZEN, MONTHLY).mean()).sort("month")
    return Comparison(
        months=tuple(by_month["month"]),
        rows=tuple(by_month["len"]),
        error={name: tuple(by_month[name]) for name in (LOOP, FROZEN, MONTHLY)},
        overall={name: float(np.mean(errors[name].to_numpy())) for name in (LOOP, FROZEN, MONTHLY)},
        trainings={LOOP: loop_cost[0], FROZEN: 1, MONTHLY: 1 + trainings},
        cpu_s={LOOP: loop_cost[1], FROZEN: first_cpu_s, MONTHLY: first_cpu_s + cpu_s},
    )


def _monthly(world: World, rows: pl.DataFrame) -> tuple[np.ndarray[tuple[int], np.dtype[np.float64]], int, float]:
    """Answer each month with a model of the month before; February with the first version."""
    answers = rows[FROZEN].to_numpy().copy()
    months = rows["month"].to_numpy()
    count, started = 0, time.process_time()
    history = labelled(world.flights, world.weather)
    for month in sorted(set(months))[1:]:
        begin = datetime.fromisoformat(f"{month}-01T00:00:00+00:00")
        before = begin.replace(month=begin.month - 1)
        learned = history.filter(pl.col(AT) >= before, pl.col(AT) < begin, pl.col("known_at") < begin)
        model = fitting.fitted(learned)
        mask = months == month
        answers[mask] = model.predict(fitting.matrix(rows.filter(pl.Series(mask))))
        count += 1
    return answers, count, time.process_time() - started
