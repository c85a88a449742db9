"""Reading values: strings in quotes, numbers without, lists in parentheses."""

import math

from everlearn.core.search.clause import BadFilterError, Op
from everlearn.core.search.identifier import Cursor, Identifier
from everlearn.core.search.schema import ValueType
from everlearn.core.search.tokens import UNREADABLE, Token, TokenKind, refusal, shown

LONGEST_RLIKE = 500  # characters of a regular expression: engines that go back pay for each of them
_LARGEST = 2**63 - 1  # moments and version numbers are kept as 64-bit integers
_DIGITS = 20  # no whole number with more of them is smaller
_LIST = "While parsing a list in the query, expected"


def read_value(cursor: Cursor, identifier: Identifier, type_: ValueType, op: Op) -> str | int | float:
    """Read one value.

    Raises
    ------
    BadFilterError
        When there is none, or it is of another type.
    """
    token = cursor.take()
    if token.kind is TokenKind.END or token.kind is TokenKind.OPERATOR or token.kind is TokenKind.MARK:
        found = "the end" if token.kind is TokenKind.END else f"'{shown(token.raw)}'"
        raise refusal(f"{UNREADABLE}: {found} where {type_} should be", token)
    if type_ is ValueType.TEXT:
        return _text(token, identifier, op)
    return _number(token, identifier, type_)


def read_list(cursor: Cursor) -> tuple[str, ...]:
    """Read `('a', 'b')`; a comma may follow the last.

    Raises
    ------
    BadFilterError
        When it is empty, or holds something else than strings.
    """
    opening = cursor.peek()
    if not cursor.take_mark("("):
        raise refusal(
            f"{UNREADABLE}: '{shown(opening.raw)}' where a list such as ('a', 'b') should be",
            opening,
        )
    values = list[str]()
    while not cursor.take_mark(")"):
        if values and not _has_comma(cursor):
            break
        values.append(_item(cursor))
    if not values:
        raise refusal(f"{_LIST} a non-empty list of string values, but got empty list", opening)
    return tuple(values)


def _has_comma(cursor: Cursor) -> bool:
    """Read the comma between two values; false when it was the last and the list is closed."""
    if not cursor.take_mark(","):
        raise refusal(f"{_LIST} a non-empty list of string values, but got ill-formed list", cursor.peek())
    return not cursor.take_mark(")")


def _item(cursor: Cursor) -> str:
    token = cursor.take()
    if not token.is_string:
        found = "the end" if token.kind is TokenKind.END else shown(token.raw)
        raise refusal(
            f"{_LIST} string value, punctuation, or whitespace, but got different type in list: {found}", token
        )
    return token.text


def _text(token: Token, identifier: Identifier, op: Op) -> str:
    entity, key, found = identifier.entity, shown(identifier.key), shown(token.raw)
    if token.kind is TokenKind.NUMBER:
        message = f"Expected a quoted string value for {entity.plural} (e.g. 'my-value'). Got value {found} for '{key}'"
        raise refusal(message, token)
    if not token.is_string:
        raise refusal(
            f"{UNREADABLE}: the {entity.kind} '{key}' is compared with text. Parameter value is either not quoted or "
            f"unidentified quote types used for string value {found}. Use either single or double quotes",
            token,
        )
    if op is Op.RLIKE and len(token.text) > LONGEST_RLIKE:
        raise refusal(f"Invalid RLIKE pattern: it has {len(token.text)} characters; {LONGEST_RLIKE} are allowed", token)
    return token.text


def _number(token: Token, identifier: Identifier, type_: ValueType) -> int | float:
    if token.kind is not TokenKind.NUMBER:
        raise _no_number(token, identifier)
    is_measured = identifier.entity.free is not None  # metrics and judgements are floats, however they are written
    if not is_measured and token.raw.removeprefix("-").isdigit():
        return _whole(token, identifier)
    if type_ is ValueType.WHOLE:
        raise refusal(
            f"Invalid value for numeric attribute '{identifier.key}': '{shown(token.raw)}'; it is a whole number", token
        )
    value = float(token.raw)
    if not math.isfinite(value):
        raise refusal(f"Expected numeric value type within the range of 64-bit floats. Found {shown(token.raw)}", token)
    return value


def _whole(token: Token, identifier: Identifier) -> int:
    if len(token.raw) > _DIGITS or abs(int(token.raw)) > _LARGEST:
        raise refusal(
            f"Invalid value for numeric attribute '{identifier.key}': '{shown(token.raw)}' is beyond 64 bits", token
        )
    return int(token.raw)


def _no_number(token: Token, identifier: Identifier) -> BadFilterError:
    kind, found = identifier.entity.kind, shown(token.raw)
    if kind == "attribute":
        return refusal(
            f"Expected numeric value type for numeric attribute: {identifier.key}. Found {found}; numbers are "
            "written without quotes",
            token,
        )
    return refusal(f"Expected numeric value type for {kind}. Found {found}; numbers are written without quotes", token)
