"""What is known of a flight at its departure: the schedule, the weather, and how long others have been taking.

Nothing here sees the future: weather counts once it was published, other flights once they had landed.
"""

from datetime import timedelta
from math import pi

import polars as pl

from everlearn.demo.flights.source import ZONE, codes
from everlearn.features import Aggregate, AsOf, FeatureSet, FeatureView, Rolling, compute

AT = "departed_at"
LABEL = "air_time"

FEATURES = (
    "carrier_code",
    "origin_code",
    "dest_code",
    "distance",
    "hour",
    "weekday",
    "wind_east",  # at the airport, as last published; the jet stream decides, but this is what is known
    "wind_north",
    "route_day",  # mean air time on the route over the flights that landed in the last day
    "route_week",  # ... in the last seven days
    "carrier_week",  # ... of the same carrier
)

_DAY, _WEEK = timedelta(days=1), timedelta(days=7)

FEATURE_SET = FeatureSet(
    name="flight-departure",
    at=AT,
    views=(
        FeatureView(
            name="weather-at-origin",
            entity=("origin",),
            source="weather",
            known_at="known_at",
            # temperature and pressure are left out: over a few weeks they name single days, which trees learn by heart
            latest=(AsOf(columns=("wind_east", "wind_north"), max_age=timedelta(hours=6)),),
        ),
        FeatureView(
            name="route-air-time",
            entity=("origin", "dest"),
            source="flights",
            known_at="known_at",
            rolling=(
                Rolling(value=LABEL, window=_DAY, aggregate=Aggregate.MEAN, name="route_day"),
                Rolling(value=LABEL, window=_WEEK, aggregate=Aggregate.MEAN, name="route_week"),
            ),
        ),
        FeatureView(
            name="carrier-route-air-time",
            entity=("origin", "dest", "carrier"),
            source="flights",
            known_at="known_at",
            rolling=(Rolling(value=LABEL, window=_WEEK, aggregate=Aggregate.MEAN, name="carrier_week"),),
        ),
    ),
)


def labelled(flights: pl.DataFrame, weather: pl.DataFrame) -> pl.DataFrame:
    """Give the flights whose air time is known with their features, in the order of departure."""
    flown = flights.filter(pl.col(LABEL).is_not_null())
    return described(flown, flown, weather)


def described(departures: pl.DataFrame, flown: pl.DataFrame, weather: pl.DataFrame) -> pl.DataFrame:
    """Add the features to some departures, in the order of departure.

    Parameters
    ----------
    departures
        Flights with `departed_at`.
    flown
        Flights with `air_time` and `known_at`; only those known by a departure enter its features.
    weather
        Observations with `known_at`, likewise.
    """
    spine = departures.sort(AT, "flight_id")
    spine = spine.with_columns(
        carrier_code=_coded("carrier", "carrier"),
        origin_code=_coded("origin", "airport"),
        dest_code=_coded("dest", "airport"),
        hour=pl.col(AT).dt.convert_time_zone(ZONE).dt.hour(),
        weekday=pl.col(AT).dt.convert_time_zone(ZONE).dt.weekday(),
    )
    return compute(FEATURE_SET, spine, {"weather": winds(weather), "flights": flown})


def _coded(column: str, kind: str) -> pl.Expr:
    known = codes(kind)
    return pl.col(column).replace_strict(list(known), list(known.values()), default=-1, return_dtype=pl.Int32)


def winds(weather: pl.DataFrame) -> pl.DataFrame:
    """Turn speed (mph) and direction (degrees the wind comes from) into components; calm air has no direction."""
    angle = pl.col("wind_dir").fill_null(0.0) * (pi / 180)
    is_known = pl.col("wind_dir").is_not_null() | (pl.col("wind_speed") == 0)
    speed = pl.when(is_known).then(pl.col("wind_speed"))
    return weather.with_columns(wind_east=-speed * angle.sin(), wind_north=-speed * angle.cos())
