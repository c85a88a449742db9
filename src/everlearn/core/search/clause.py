"""What a filter and an order are made of."""

from dataclasses import dataclass
from enum import StrEnum

from everlearn.core.errors import InvalidError


class Op(StrEnum):
    """A comparison."""

    EQUAL = "="
    UNEQUAL = "!="
    GREATER = ">"
    AT_LEAST = ">="
    LESS = "<"
    AT_MOST = "<="
    LIKE = "LIKE"
    ILIKE = "ILIKE"
    RLIKE = "RLIKE"
    IN = "IN"
    NOT_IN = "NOT IN"
    IS_NULL = "IS NULL"
    IS_NOT_NULL = "IS NOT NULL"


class BadFilterError(InvalidError):
    """A filter that cannot be read, or asks for what this search does not know."""

    code = "search.bad_filter"


class BadOrderError(InvalidError):
    """An order that cannot be read, or by what this search does not know."""

    code = "search.bad_order"


@dataclass(frozen=True, slots=True, kw_only=True)
class Clause:
    """One condition; all of a filter must hold."""

    kind: str  # canonical: "attribute", "metric", "param", "tag", "dataset", ...
    key: str  # canonical too where the kind has fixed keys: "start_time" for "Created"
    op: Op
    value: str | int | float | tuple[str, ...] | None = None  # None for the two that ask about null


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """One key to sort by."""

    kind: str
    key: str
    ascending: bool
