"""Feature views and feature sets as values: what is computed from which facts, and as of when.

An entity is the columns that facts and questions share (`("carrier",)`). A view computes features of one entity from
one source of facts; a set applies several views to the same rows. Definitions hold no data and no code, so their
digest says exactly what a model was fed.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

import msgspec

from everlearn.core.actor import Actor
from everlearn.core.digest import Digest, digest_json
from everlearn.core.errors import ConflictError, InvalidError, NotFoundError
from everlearn.core.names import checked_name

LONGEST_SPAN = timedelta(days=36_525)
LONGEST_COLUMN = 200
MOST_FEATURES = 1_000  # of one view


class BadDefinitionError(InvalidError):
    """A definition that could compute nothing, or not what it says."""

    code = "features.bad_definition"


class FrameMismatchError(InvalidError):
    """The frames given do not have the columns or types that the definition needs."""

    code = "features.frame_mismatch"


class FutureLeakError(ConflictError):
    """Features of a moment changed with facts that were known only after it."""

    code = "features.future_leak"


class ViewNotFoundError(NotFoundError):
    """The project has no such feature view, or not this revision of it."""

    code = "features.view_not_found"


class Aggregate(StrEnum):
    """What is made of the values in a window."""

    MEAN = "mean"
    COUNT = "count"
    SUM = "sum"
    MIN = "min"
    MAX = "max"


@dataclass(frozen=True, slots=True, kw_only=True)
class AsOf:
    """The newest fact known by then: its columns become features named `prefix` + column."""

    columns: tuple[str, ...]
    max_age: timedelta | None = None  # an older fact is no answer; None: any age is
    prefix: str = ""

    @property
    def outputs(self) -> tuple[str, ...]:
        """Give the names of the features."""
        return tuple(self.prefix + column for column in self.columns)

    def check(self) -> None:
        """Refuse what cannot be computed."""
        if not self.columns or len(set(self.columns)) < len(self.columns):
            raise BadDefinitionError("an as-of feature names at least one column, and none twice")
        for column in self.columns:
            checked_column(column)
        if self.max_age is not None:
            checked_span(self.max_age, kind="a maximum age")


@dataclass(frozen=True, slots=True, kw_only=True)
class Rolling:
    """An aggregate over the facts that became known in the window before a moment, its end included."""

    value: str
    window: timedelta
    aggregate: Aggregate
    min_count: int = 1  # with fewer values the feature is null; a count is never null for want of values
    name: str = ""  # of the feature; empty: made of value, aggregate and window, such as `delay_mean_7d`

    @property
    def output(self) -> str:
        """Give the name of the feature."""
        return self.name or f"{self.value}_{self.aggregate}_{span_text(self.window)}"

    def check(self) -> None:
        """Refuse what cannot be computed."""
        checked_column(self.value)
        checked_column(self.output)
        checked_span(self.window, kind="a window")
        if self.min_count < 1:
            raise BadDefinitionError(f"min_count must be at least 1, not {self.min_count}")


@dataclass(frozen=True, slots=True, kw_only=True)
class FeatureView:
    """The features of one entity that are computed from one source of facts."""

    name: str
    entity: tuple[str, ...]  # columns of the facts and of the questions; empty: the facts are about everything
    source: str  # what the facts are called where features are computed; usually a data set's name
    known_at: str  # the column that says when a fact became known, which is not when it happened
    latest: tuple[AsOf, ...] = ()
    rolling: tuple[Rolling, ...] = ()

    @property
    def outputs(self) -> tuple[str, ...]:
        """Give the names of the features, in their order."""
        return (*(name for each in self.latest for name in each.outputs), *(each.output for each in self.rolling))

    @property
    def digest(self) -> Digest:
        """Digest the definition: two views of one digest compute the same from the same facts."""
        return digest_json(msgspec.to_builtins(self))

    def check(self) -> None:
        """Refuse a view that cannot be computed.

        Raises
        ------
        BadDefinitionError
            With the reason.
        """
        checked_name(self.name, kind="feature view")
        checked_name(self.source, kind="source")
        for column in (*self.entity, self.known_at):
            checked_column(column)
        if not 1 <= len(self.outputs) <= MOST_FEATURES:
            raise BadDefinitionError(
                f"the view {self.name!r} has {len(self.outputs)} features; give 1 to {MOST_FEATURES} of them"
            )
        for newest in self.latest:
            newest.check()
        for window in self.rolling:
            window.check()
        _refuse_twice(self.outputs, self.name)


@dataclass(frozen=True, slots=True, kw_only=True)
class FeatureSet:
    """What a model is fed: several views, applied in order to rows that each have a moment."""

    name: str
    at: str  # the column of the rows that says as of when
    views: tuple[FeatureView, ...]

    @property
    def outputs(self) -> tuple[str, ...]:
        """Give the names of the features, in their order."""
        return tuple(name for view in self.views for name in view.outputs)

    @property
    def digest(self) -> Digest:
        """Digest the definition with every view in it."""
        return digest_json(msgspec.to_builtins(self))

    def check(self) -> None:
        """Refuse a set that cannot be computed."""
        checked_name(self.name, kind="feature set")
        checked_column(self.at)
        if not self.views:
            raise BadDefinitionError(f"the feature set {self.name!r} has no views; name at least one")
        for view in self.views:
            view.check()
        _refuse_twice(self.outputs, self.name)


@dataclass(frozen=True, slots=True, kw_only=True)
class DefinedView:
    """One revision of a feature view as it was recorded."""

    project: str
    name: str
    revision: int  # 1, 2, ... of this name
    entity: tuple[str, ...]
    digest: Digest
    view: FeatureView
    defined_at: datetime
    defined_by: Actor


def view_subject(project: str, view: str) -> str:
    """Name a feature view as the subject of its events."""
    return f"features:{project}/{view}"


def checked_column(column: str) -> str:
    """Give a column name back if it is one printable line."""
    if not column.strip() or len(column) > LONGEST_COLUMN or not column.isprintable():
        raise BadDefinitionError(
            f"not a column name: {column[:80]!r}; use one printable line of 1 to {LONGEST_COLUMN} characters"
        )
    return column


def checked_span(span: timedelta, *, kind: str) -> timedelta:
    """Give a length of time back if something can lie within it."""
    if not timedelta(0) < span <= LONGEST_SPAN:
        raise BadDefinitionError(f"{kind} must be longer than nothing and at most {LONGEST_SPAN.days} days, not {span}")
    return span


def span_text(span: timedelta) -> str:
    """Write a length of time for a column's name.

    >>> span_text(timedelta(days=7)), span_text(timedelta(hours=36)), span_text(timedelta(milliseconds=1500))
    ('7d', '1d12h', '1s500000us')
    """
    return "".join(f"{count}{unit}" for count, unit in _units(span) if count)


def _units(span: timedelta) -> Iterator[tuple[int, str]]:
    yield span.days, "d"
    yield span.seconds // 3_600, "h"
    yield span.seconds // 60 % 60, "m"
    yield span.seconds % 60, "s"
    yield span.microseconds, "us"


def _refuse_twice(names: Sequence[str], where: str) -> None:
    if twice := sorted({name for name in names if names.count(name) > 1}):
        raise BadDefinitionError(f"{where!r} has two features named {twice[0]!r}; give one a prefix or a name")
