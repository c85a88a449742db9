"""Bodies and queries of MLflow's protocol, in and out.

The protocol is protobuf's JSON with habits of its own: whole numbers as numbers (text is accepted), enums by name or
number, both `snake_case` and `camelCase` keys, unknown keys ignored, null the same as absent, doubles that JSON has
no word for as text.
"""

import math
import re
from collections.abc import Mapping, Sequence
from functools import cache
from typing import Annotated, Any, TypeVar, get_args, get_origin, get_type_hints
from urllib.parse import parse_qsl

import msgspec

from everlearn.web.mlflow.errors import ProtocolError

T = TypeVar("T", bound=msgspec.Struct)

Int64 = Annotated[int, msgspec.Meta(ge=-(2**63), le=2**63 - 1)]
LARGEST_DOUBLE = 1.7976931348623157e308
_NAMED_DOUBLES = {"NaN": math.nan, "Infinity": math.inf, "-Infinity": -math.inf}
_WORD = re.compile(r"(?<=[a-z0-9])_([a-z0-9])")
_AT = re.compile(r" - at `\$\.?([^`]*)`$")

encode = msgspec.json.Encoder().encode


class Request(msgspec.Struct, kw_only=True, omit_defaults=True):
    """A request's fields; every one may be absent, the route says which must not be."""


def read_body(content: bytes, wanted: type[T], required: Sequence[str] = ()) -> T:
    """Decode a JSON body.

    Raises
    ------
    ProtocolError
        INVALID_PARAMETER_VALUE: not JSON, a field of another type, or a required one absent.
    """
    if any(alias in content for alias in _camel_keys(wanted)):
        content = msgspec.json.encode(_snake(_decoded(content), wanted))
    if b"\\u0000" in content:
        raise ProtocolError("The body contains the character NUL (\\u0000), which is not accepted in text.")
    try:
        request = msgspec.json.decode(content or b"{}", type=wanted, strict=False)
    except msgspec.ValidationError as error:
        raise _wrong_type(error, _decoded(content), required) from error
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise ProtocolError(f"The body is not JSON: {error}") from error
    return _with_required(request, required)


def read_query(query: bytes, wanted: type[T], required: Sequence[str] = ()) -> T:
    """Decode a query string: repeated keys are lists."""
    try:
        pairs = parse_qsl(query.decode("ascii"), keep_blank_values=True, errors="strict", max_num_fields=2_000)
    except (UnicodeDecodeError, ValueError) as error:
        raise ProtocolError("The query is not well formed.") from error
    if any("\x00" in value for _, value in pairs):
        raise ProtocolError("The query contains the character NUL, which is not accepted in text.")
    lists, given = _list_fields(wanted), dict[str, Any]()
    for name, value in pairs:
        key = _snake_key(name)
        if key in lists:
            given.setdefault(key, []).append(value)
        else:
            given[key] = value
    return read_object(given, wanted, required)


def read_object(given: Mapping[str, Any], wanted: type[T], required: Sequence[str] = ()) -> T:
    """Decode what a path or a query says."""
    try:
        request = msgspec.convert(given, wanted, strict=False)
    except msgspec.ValidationError as error:
        raise _wrong_type(error, given, required) from error
    return _with_required(request, required)


def double_in(value: float | str) -> float:
    """Read a double that may be spelled out."""
    if not isinstance(value, str):
        return value
    if value in _NAMED_DOUBLES:
        return _NAMED_DOUBLES[value]
    try:
        return float(value)
    except ValueError:
        raise ProtocolError(f"Invalid value {msgspec.json.encode(value).decode()} for a number.") from None


def double_out(value: float) -> float | str:
    """Write a double; not-a-number by its name, the infinities as the largest doubles there are."""
    if value - value == 0.0:  # finite
        return value
    if value != value:  # noqa: PLR0124  # not a number
        return "NaN"
    return math.copysign(LARGEST_DOUBLE, value)


def _with_required(request: T, required: Sequence[str]) -> T:
    for name in required:
        if getattr(request, name) is None:
            raise ProtocolError(f"Missing value for required parameter '{name}'.")
    return request


def _decoded(content: bytes) -> Any:
    try:
        return msgspec.json.decode(content or b"{}")
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise ProtocolError(f"The body is not JSON: {error}") from error


def _wrong_type(error: msgspec.ValidationError, given: Any, required: Sequence[str]) -> ProtocolError:
    """Say it as the reference does: what is absent first, then what has another type."""
    if not isinstance(given, Mapping):
        return ProtocolError("The body is not a JSON object.")
    for name in required:
        if given.get(name) is None:
            return ProtocolError(f"Missing value for required parameter '{name}'.")
    at = _AT.search(str(error))
    name = re.split(r"[.\[]", at.group(1))[0] if at else ""
    value = given.get(name)
    shown = msgspec.json.encode(value).decode()
    reason = _AT.sub("", str(error))
    return ProtocolError(
        f"Invalid value {shown[:200]} for parameter '{at.group(1) if at else '$'}' supplied: {reason}. "
        f"Hint: Value was of type '{type(value).__name__}'. "
        "See the API docs for more information about request parameters."
    )


def _snake_key(name: str) -> str:
    return re.sub(r"(?<=[a-z0-9])([A-Z])", lambda found: f"_{found.group(1).lower()}", name)


def _camel_key(name: str) -> str:
    return _WORD.sub(lambda found: found.group(1).upper(), name)


def _snake(value: Any, wanted: type[msgspec.Struct]) -> Any:
    """Spell the known keys of an object, and of the objects in it, in snake case."""
    if not isinstance(value, dict):
        return value
    known = {_camel_key(name): name for name in wanted.__struct_fields__}
    spelled: dict[str, Any] = {}
    for key, one in value.items():
        name = known.get(str(key), str(key))
        if name in spelled:
            raise ProtocolError(f"Parameter '{name}' is given twice, in two spellings.")
        spelled[name] = _snake_nested(one, _nested_structs(wanted).get(name))
    return spelled


def _snake_nested(value: Any, wanted: type[msgspec.Struct] | None) -> Any:
    if wanted is None:
        return value
    return [_snake(one, wanted) for one in value] if isinstance(value, list) else _snake(value, wanted)


@cache
def _camel_keys(wanted: type[msgspec.Struct]) -> tuple[bytes, ...]:
    """Give the camel-case keys that a body for this type may contain, as they stand in it."""
    names = {_camel_key(name) for name in wanted.__struct_fields__ if "_" in name}
    found = {f'"{name}"'.encode() for name in names}
    for nested in _nested_structs(wanted).values():
        found.update(_camel_keys(nested))
    return tuple(sorted(found))


@cache
def _nested_structs(wanted: type[msgspec.Struct]) -> dict[str, type[msgspec.Struct]]:
    hints = get_type_hints(wanted)
    return {name: found for name, hint in hints.items() if (found := _struct_in(hint)) is not None}


@cache
def _list_fields(wanted: type[msgspec.Struct]) -> frozenset[str]:
    hints = get_type_hints(wanted)
    return frozenset(
        name for name, hint in hints.items() if any(get_origin(part) is list for part in (hint, *get_args(hint)))
    )


def _struct_in(hint: Any) -> type[msgspec.Struct] | None:
    if isinstance(hint, type) and issubclass(hint, msgspec.Struct):
        return hint
    return next((found for part in get_args(hint) if (found := _struct_in(part)) is not None), None)
