"""The year 2013 as it unfolds: departures that ask, flights that land, data that arrives once a week."""

import io
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import polars as pl

from everlearn.core.clock import iso
from everlearn.demo.flights import source
from everlearn.demo.flights.features import AT, FEATURES, LABEL, described

BEGIN = datetime(2013, 2, 1, tzinfo=UTC)  # January is what the first model learns from
END = datetime(2014, 1, 1, tzinfo=UTC)
DAY = timedelta(days=1)

# No flight is under way for longer than this, so labels of departures that long ago are complete.
LABEL_DELAY = timedelta(hours=12)


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """The departures of the same minutes, as one inference request."""

    id: str
    flight_ids: tuple[str, ...]
    body: dict[str, Any]


@dataclass(frozen=True, slots=True)
class World:
    """The record, and the sample of it that is replayed as traffic."""

    flights: pl.DataFrame
    weather: pl.DataFrame
    departures: pl.DataFrame  # of the sample, with features; columns `request_id` and `row` name the prediction

    @classmethod
    def of(cls, *, one_in: int, minutes: int) -> "World":
        """Read the record; replay one in `one_in` flights, grouped by `minutes` of departure."""
        flights, weather = source.flights(), source.weather()
        flown = flights.filter(pl.col(LABEL).is_not_null())
        departed = flights.filter(pl.col(AT) >= BEGIN, pl.col(AT) < END)
        kept = departed.filter(
            pl.col("flight_id").map_elements(lambda name: is_sampled(name, one_in), return_dtype=pl.Boolean)
        )
        slot = pl.col(AT).dt.truncate(f"{minutes}m")
        rows = described(kept, flown, weather).with_columns(request_id=slot.dt.strftime("departures-%Y-%m-%dT%H:%MZ"))
        return cls(flights, weather, rows.with_columns(row=pl.int_range(pl.len()).over("request_id")))

    def requests(self, start: datetime) -> Iterator[Request]:
        """Give the departures of one day, in order."""
        today = self.departures.filter(pl.col(AT) >= start, pl.col(AT) < start + DAY)
        for (request_id,), rows in today.group_by("request_id", maintain_order=True):
            yield Request(id=str(request_id), flight_ids=tuple(rows["flight_id"]), body=_body(str(request_id), rows))

    def labels(self, start: datetime) -> list[dict[str, Any]]:
        """Give the air times that became known in one day."""
        landed = self.departures.filter(
            pl.col("known_at") >= start, pl.col("known_at") < start + DAY, pl.col(LABEL).is_not_null()
        )
        return [
            {"prediction_id": f"{request_id}:{row}", "value": value, "observed_at": iso(at)}
            for request_id, row, value, at in landed.select("request_id", "row", LABEL, "known_at").iter_rows()
        ]


def is_sampled(flight_id: str, one_in: int) -> bool:
    """Choose flights by a hash of their names: the same ones in every run."""
    return zlib.crc32(flight_id.encode()) % one_in == 0


def parquet(rows: pl.DataFrame) -> bytes:
    """Write rows as a Parquet file."""
    buffer = io.BytesIO()
    rows.write_parquet(buffer, compression="zstd")
    return buffer.getvalue()


def _body(request_id: str, rows: pl.DataFrame) -> dict[str, Any]:
    """Write an inference request of the Open Inference Protocol: a tensor a column."""
    shape = [rows.height]
    inputs: list[dict[str, Any]] = [
        {
            "name": name,
            "datatype": "FP32",
            "shape": shape,
            "data": rows[name].cast(pl.Float32).cast(pl.Float64).to_list(),
        }
        for name in FEATURES
    ]
    instants = [iso(at) for at in rows[AT]]
    inputs.append({"name": "entity_id", "datatype": "BYTES", "shape": shape, "data": rows["flight_id"].to_list()})
    inputs.append({"name": "event_time", "datatype": "BYTES", "shape": shape, "data": instants})
    return {"id": request_id, "inputs": inputs}
