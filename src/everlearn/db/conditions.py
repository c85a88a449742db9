"""Pieces of searches as SQL: conditions, and orders that pages can continue."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from everlearn.core.search import Clause, Op
from everlearn.core.search.page_token import BadTokenError
from everlearn.db.sql import marks


@dataclass(frozen=True, slots=True)
class Condition:
    """A piece of SQL and its parameters."""

    sql: str
    given: tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class Term:
    """One expression to sort by; never null."""

    sql: str
    is_descending: bool
    is_text: bool = False


def after(terms: Sequence[Term], last: Sequence[Any]) -> Condition:
    """Write that a row comes after the one with these values.

    Raises
    ------
    BadTokenError
        When they are not the sort values of such an order.
    """
    if [isinstance(value, str) for value in last] != [term.is_text for term in terms]:
        raise BadTokenError("Invalid page token: it is of another search; send the next_page_token of the page before.")
    parts, given = list[str](), list[Any]()
    for number, term in enumerate(terms):
        equal = [f"{before.sql} = ?" for before in terms[:number]]
        comparison = "<" if term.is_descending else ">"
        parts.append(" and ".join([*equal, f"{term.sql} {comparison} ?"]))
        given += last[: number + 1]
    return Condition(f"({' or '.join(f'({part})' for part in parts)})", tuple(given))


def like_pattern(pattern: str) -> str:
    """Write a case-sensitive LIKE pattern as SQLite's GLOB: its LIKE ignores case."""
    return "".join({"%": "*", "_": "?", "*": "[*]", "?": "[?]", "[": "[[]"}.get(one, one) for one in pattern)


def compared(column: str, clause: Clause, *, is_postgresql: bool) -> Condition:
    """Write a comparison of a column."""
    match clause.op:
        case Op.IN | Op.NOT_IN:
            values = clause.value if isinstance(clause.value, tuple) else ()
            word = "in" if clause.op is Op.IN else "not in"
            return Condition(f"{column} {word} ({marks(len(values))})", values)
        case Op.LIKE if is_postgresql:
            return Condition(f"{column} like ? escape ''", (clause.value,))
        case Op.ILIKE if is_postgresql:
            return Condition(f"{column} ilike ? escape ''", (clause.value,))
        case Op.LIKE:
            return Condition(f"{column} glob ?", (like_pattern(str(clause.value)),))
        case Op.ILIKE:
            return Condition(f"{column} like ?", (clause.value,))
        case _:
            return Condition(f"{column} {clause.op} ?", (clause.value,))
