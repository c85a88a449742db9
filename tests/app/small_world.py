"""A small world: flights of which the air time changes its ways on one day, and stays so."""

from datetime import UTC, datetime, timedelta

import numpy as np
import polars as pl

BEGIN = datetime(2013, 3, 1, tzinfo=UTC)
ROWS_A_DAY = 40
CHANGE_ON = 34  # days after the beginning


def day_of(at: datetime) -> int:
    """Number a day."""
    return (at - BEGIN).days


def day(number: int) -> pl.DataFrame:
    """Give the rows of one day, the same each time."""
    random = np.random.default_rng(10_000 + number)
    distance = random.uniform(200, 2_500, ROWS_A_DAY)
    wind = random.normal(0 if number < CHANGE_ON else 4, 5, ROWS_A_DAY)
    shift = 0.0 if number < CHANGE_ON else 9.0
    label = 20 + distance / 8.5 + 0.9 * wind + shift + random.normal(0, 7, ROWS_A_DAY)
    start = BEGIN + timedelta(days=number)
    minutes = np.linspace(300, 1_380, ROWS_A_DAY).astype(int)
    return pl.DataFrame(
        {
            "event_time": [start + timedelta(minutes=int(minute)) for minute in minutes],
            "distance": distance,
            "wind": wind,
            "label": label,
        }
    )
