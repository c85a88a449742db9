"""What must hold of the data: what is refused, and which known defects of the record are let in and reported."""

from typing import Any

INSTANT = "Datetime[us, UTC]"


def _column(
    name: str,
    dtype: str,
    *,
    nulls: float = 0.0,
    low: float | str | None = None,
    high: float | str | None = None,
    severity: str = "refuse",
) -> dict[str, Any]:
    """Write one column; `nulls` is the share that the expectation allows."""
    column: dict[str, Any] = {"name": name, "dtype": dtype, "nulls": {"max_share": nulls, "severity": severity}}
    if low is not None or high is not None:
        column["range"] = {"minimum": low, "maximum": high, "severity": severity}
    return column


FLIGHTS = {
    "event_time": "known_at",
    "unique": [{"columns": ["flight_id"], "severity": "refuse"}],
    "columns": [
        _column("flight_id", "String"),
        _column("carrier", "String"),
        _column("flight", "Int64"),
        _column("tailnum", "String", severity="report"),
        _column("origin", "String"),
        _column("dest", "String"),
        _column("distance", "Int64", low=1, high=6_000, severity="report"),
        _column("scheduled_at", INSTANT),
        _column("departed_at", INSTANT, severity="report"),  # cancelled
        _column("air_time", "Float64", low=10, high=900, severity="report"),  # cancelled, or diverted on the way
        _column("known_at", INSTANT),
    ],
}

WEATHER = {
    "event_time": "observed_at",
    "unique": [{"columns": ["origin", "observed_at"], "severity": "refuse"}],
    "columns": [
        _column("origin", "String"),
        _column("temp", "Float64", low=-30, high=120, severity="report"),
        _column("dewp", "Float64", severity="report"),
        _column("humid", "Float64", low=0, high=100, severity="report"),
        _column("wind_dir", "Float64", low=0, high=360, severity="report"),
        _column("wind_speed", "Float64", low=0, high=120, severity="report"),
        _column("wind_gust", "Float64", severity="report"),
        _column("precip", "Float64", low=0, high=10, severity="report"),
        _column("pressure", "Float64", low=870, high=1_090, severity="report"),
        _column("visib", "Float64", low=0, high=10, severity="report"),
        _column("observed_at", INSTANT),
        _column("known_at", INSTANT),
    ],
}

CONTRACTS = {"flights": FLIGHTS, "weather": WEATHER}
