"""The flights demo: what it knows and when, what it fits, and what it breaks on purpose."""

import math
import random
from datetime import UTC, datetime, timedelta

import numpy as np
import onnxruntime
import polars as pl
import pytest

from everlearn.demo.flights import fitting, source
from everlearn.demo.flights.features import FEATURES, LABEL, described, labelled
from everlearn.demo.flights.incident import LONG_FLIGHT, broken_model
from everlearn.demo.flights.world import BEGIN, DAY, World
from everlearn.features import check_no_future

MID_FEBRUARY = datetime(2013, 2, 15, tzinfo=UTC)


@pytest.fixture(scope="module")
def record() -> tuple[pl.DataFrame, pl.DataFrame]:
    """The flights and the weather of six weeks."""
    flights = source.flights().filter(pl.col("scheduled_at") < MID_FEBRUARY)
    return flights, source.weather().filter(pl.col("observed_at") < MID_FEBRUARY)


@pytest.fixture(scope="module")
def rows(record: tuple[pl.DataFrame, pl.DataFrame]) -> pl.DataFrame:
    """Features and labels of six weeks."""
    return labelled(*record)


def test_the_record_is_whole() -> None:
    flights = source.flights()

    # the numbers that the package's documentation gives
    assert flights.height == 336_776
    assert flights["flight_id"].n_unique() == 336_776
    assert flights[LABEL].null_count() == 9_430
    assert source.weather().height == 26_115


def test_nothing_is_known_before_it_happened(record: tuple[pl.DataFrame, pl.DataFrame]) -> None:
    flights, weather = record
    flown = flights.filter(pl.col(LABEL).is_not_null())

    in_the_air = pl.duration(minutes=pl.col(LABEL))
    assert flown.filter(pl.col("known_at") < pl.col("departed_at") + in_the_air).is_empty()
    assert weather.filter(pl.col("known_at") <= pl.col("observed_at")).is_empty()


def test_no_feature_looks_into_the_future(record: tuple[pl.DataFrame, pl.DataFrame]) -> None:
    flights, weather = record
    departed = flights.filter(pl.col("departed_at").is_not_null()).sort("departed_at", "flight_id")

    check_no_future(
        lambda spine, facts: described(spine, facts["flights"], facts["weather"]),
        departed,
        {"flights": flights.filter(pl.col(LABEL).is_not_null()), "weather": weather},
        at="departed_at",
        known_at={"flights": "known_at", "weather": "known_at"},
        through=[datetime(2013, 1, day, hour, 17, tzinfo=UTC) for day, hour in ((3, 11), (12, 22), (25, 16), (31, 23))],
    )


def test_features_are_what_a_person_with_a_pencil_gets(
    record: tuple[pl.DataFrame, pl.DataFrame], rows: pl.DataFrame
) -> None:
    flown = record[0].filter(pl.col(LABEL).is_not_null()).to_dicts()
    weather = record[1].to_dicts()

    for row in random.Random(5).sample(rows.to_dicts(), 40):
        at = row["departed_at"]
        route = [
            one[LABEL]
            for one in flown
            if (one["origin"], one["dest"]) == (row["origin"], row["dest"])
            and at - timedelta(days=7) < one["known_at"] <= at
        ]
        seen = [one for one in weather if one["origin"] == row["origin"] and one["known_at"] <= at]
        assert row["route_week"] == (pytest.approx(sum(route) / len(route)) if route else None)
        speed = seen[-1]["wind_speed"]
        assert math.hypot(row["wind_east"] or 0, row["wind_north"] or 0) in (0, pytest.approx(speed))


def test_the_exported_model_answers_like_the_fitted_one(rows: pl.DataFrame) -> None:
    learned, tried = rows.head(20_000), rows.tail(5_000)
    model = fitting.fitted(learned)

    onnx = fitting.exported(model)

    assert np.abs(model.predict(fitting.matrix(tried)) - fitting.answers(onnx, tried)).max() < 0.01
    naive = float((tried[LABEL] - learned[LABEL].mean()).abs().mean())  # type: ignore[arg-type]
    assert fitting.mean_absolute_error(onnx, tried) < naive / 3


def test_a_model_that_differs_from_its_export_is_refused(rows: pl.DataFrame) -> None:
    model = fitting.fitted(rows.head(5_000))
    other = fitting.exported(fitting.fitted(rows.tail(5_000)))

    with pytest.raises(fitting.ParityError):
        fitting.parity_gap(model, other, rows.head(1_000))


def test_the_broken_model_has_no_number_for_long_flights() -> None:
    session = onnxruntime.InferenceSession(broken_model(), providers=["CPUExecutionProvider"])
    matrix = np.zeros((2, len(FEATURES)), dtype=np.float32)
    matrix[:, FEATURES.index("distance")] = (LONG_FLIGHT - 500, LONG_FLIGHT + 500)

    short, long = np.asarray(session.run(None, {"features": matrix})[0]).ravel()

    assert np.isfinite(short)
    assert np.isnan(long)


def test_the_world_asks_for_each_departure_once_and_labels_what_landed() -> None:
    world = World.of(one_in=40, minutes=30)

    asked = [flight for request in world.requests(BEGIN) for flight in request.flight_ids]
    departed = world.departures.filter(pl.col("departed_at") >= BEGIN, pl.col("departed_at") < BEGIN + DAY)
    assert sorted(asked) == sorted(departed["flight_id"])
    named = {
        f"{request.id}:{row}": flight
        for day in range(2)
        for request in world.requests(BEGIN + day * DAY)
        for row, flight in enumerate(request.flight_ids)
    }
    truth = dict(world.departures.select("flight_id", LABEL).iter_rows())
    for label in (*world.labels(BEGIN), *world.labels(BEGIN + DAY)):
        assert truth[named[label["prediction_id"]]] == label["value"]
