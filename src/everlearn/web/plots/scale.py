"""Axes: from values to places, with ticks where people expect them."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from everlearn.web.formats import number

_MINUTE, _HOUR, _DAY = 60.0, 3_600.0, 86_400.0
_TIME_STEPS = (1, 5, 15, 30, _MINUTE, 5 * _MINUTE, 15 * _MINUTE, 30 * _MINUTE, _HOUR, 3 * _HOUR, 6 * _HOUR, 12 * _HOUR)
_DAY_STEPS = (_DAY, 2 * _DAY, 7 * _DAY, 14 * _DAY)
_MONTH_STEPS = (1, 2, 3, 6, 12, 24, 60, 120)
_MONTH = 30.44 * _DAY
_MONDAY = datetime(1970, 1, 5, tzinfo=UTC).timestamp()


@dataclass(frozen=True, slots=True)
class Scale:
    """A straight line from a range of values to a range of places."""

    low: float
    high: float
    start: float  # the place of `low`
    end: float  # the place of `high`

    def place(self, value: float) -> float:
        """Give the place of a value, rounded to a tenth of a pixel."""
        share = (value - self.low) / (self.high - self.low)
        return round(self.start + share * (self.end - self.start), 1)


@dataclass(frozen=True, slots=True)
class LogScale(Scale):
    """A range of positive values to places, by their logarithm."""

    def place(self, value: float) -> float:
        """Give the place of a positive value."""
        share = (math.log10(value) - math.log10(self.low)) / (math.log10(self.high) - math.log10(self.low))
        return round(self.start + share * (self.end - self.start), 1)


@dataclass(frozen=True, slots=True)
class Tick:
    """A labelled place on an axis."""

    value: float
    at: float
    label: str


def value_range(values: Iterable[float], *, with_zero: bool = False) -> tuple[float, float]:
    """Give a range that holds the values with a little air, and zero if asked; never empty."""
    known = [value for value in values if math.isfinite(value)]
    if with_zero:
        known.append(0.0)
    if not known:
        return (0.0, 1.0)
    low, high = min(known), max(known)
    air = (high - low) * 0.06 or abs(low) * 0.1 or 1.0
    below = low if with_zero and low == 0 < high else low - air
    above = high if with_zero and high == 0 > low else high + air
    return (below, above)


def number_ticks(scale: Scale, *, about: int = 5) -> tuple[Tick, ...]:
    """Give ticks at 1, 2 or 5 times a power of ten, about so many."""
    rough = (scale.high - scale.low) / max(about, 1)
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(factor * power for factor in (1, 2, 5, 10) if factor * power >= rough * 0.999)
    places = max(0, -math.floor(math.log10(step)))
    first = math.ceil(scale.low / step - 1e-9)
    last = math.floor(scale.high / step + 1e-9)
    values = [round(index * step, places + 2) + 0.0 for index in range(first, last + 1)]
    return tuple(Tick(value, scale.place(value), _tick_label(value, places)) for value in values)


def log_range(values: Iterable[float]) -> tuple[float, float]:
    """Give a range that holds the positive values with a little air; never empty."""
    known = [value for value in values if 0.0 < value < math.inf]
    if not known:
        return (0.1, 1.0)
    low, high = min(known), max(known)
    air = 10.0 ** max((math.log10(high) - math.log10(low)) * 0.06, 0.05)
    return (low / air, high * air)


def log_ticks(scale: LogScale, *, about: int = 5) -> tuple[Tick, ...]:
    """Give ticks at powers of ten; within few of them also at 2 and 5 times."""
    first, last = math.floor(math.log10(scale.low)), math.ceil(math.log10(scale.high))
    factors = (1,) if last - first > about else (1, 2, 5) if last - first > 1 else (1, 2, 3, 5, 7)
    every = max(1, -(-(last - first) // (2 * about)))
    values = [factor * 10.0**power for power in range(first, last + 1, every) for factor in factors]
    return tuple(Tick(value, scale.place(value), number(value)) for value in values if scale.low <= value <= scale.high)


def _tick_label(value: float, places: int) -> str:
    if abs(value) >= 10_000 or (value != 0 and abs(value) < 1e-3):
        return number(value)
    return f"{value:.{places}f}"


def time_ticks(scale: Scale, *, about: int = 7) -> tuple[Tick, ...]:
    """Give ticks at whole minutes, hours, days, weeks or months of UTC; values are seconds since 1970."""
    rough = (scale.high - scale.low) / max(about, 1)
    for step in _TIME_STEPS:
        if step >= rough:
            return _even_ticks(scale, step, 0.0, "%H:%M:%S" if step < _MINUTE else "%H:%M")
    for step in _DAY_STEPS:
        if step >= rough:
            return _even_ticks(scale, step, _MONDAY if step >= 7 * _DAY else 0.0, "%d %b")
    months = next((count for count in _MONTH_STEPS if count * _MONTH >= rough), _MONTH_STEPS[-1])
    return _month_ticks(scale, months)


def _even_ticks(scale: Scale, step: float, offset: float, form: str) -> tuple[Tick, ...]:
    first = math.ceil((scale.low - offset) / step)
    last = math.floor((scale.high - offset) / step)
    values = [offset + index * step for index in range(first, last + 1)]
    return tuple(Tick(value, scale.place(value), _time_label(value, form)) for value in values)


def _time_label(value: float, form: str) -> str:
    at = datetime.fromtimestamp(value, UTC)
    # at midnight the day is what people look for
    return at.strftime("%d %b") if form == "%H:%M" and at.hour == at.minute == 0 else at.strftime(form)


def _month_ticks(scale: Scale, months: int) -> tuple[Tick, ...]:
    start = datetime.fromtimestamp(scale.low, UTC)
    count = (start.year * 12 + start.month - 1) // months * months
    ticks: list[Tick] = []
    while True:
        at = datetime(count // 12, count % 12 + 1, 1, tzinfo=UTC)
        value = at.timestamp()
        if value > scale.high:
            return tuple(ticks)
        if value >= scale.low:
            has_year = months >= 12 or at.month == 1 or not ticks
            label = f"{at.year}" if months >= 12 else at.strftime("%b %Y" if has_year else "%b")
            ticks.append(Tick(value, scale.place(value), label))
        count += months


def spread(places: Sequence[float], *, gap: float, low: float, high: float) -> list[float]:
    """Move labels apart until they are `gap` from each other, within bounds, keeping their order."""
    order = sorted(range(len(places)), key=places.__getitem__)
    moved = list(places)
    previous = low - gap
    for index in order:
        moved[index] = previous = max(moved[index], previous + gap)
    following = high + gap
    for index in reversed(order):
        moved[index] = following = min(moved[index], following - gap)
    return moved


def seconds_of(at: datetime) -> float:
    """Give an instant as seconds since 1970."""
    return (at - datetime(1970, 1, 1, tzinfo=UTC)) / timedelta(seconds=1)
