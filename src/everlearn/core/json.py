"""JSON values and their one canonical form.

The canonical form is what gets hashed and signed: keys sorted by code point, no insignificant white space,
UTF-8, shortest round-trip floats, no NaN or infinity (RFC 8785 in spirit; numbers follow Python's repr, not
ECMAScript's, so `1.0` and `1` stay different).
"""

import json
import math
from typing import TYPE_CHECKING, Any, TypeAlias

if TYPE_CHECKING:
    JSONValue: TypeAlias = "bool | int | float | str | list[JSONValue] | dict[str, JSONValue] | None"
    JSONObject: TypeAlias = "dict[str, JSONValue]"
else:  # msgspec and Litestar read annotations at run time and know no recursive types
    JSONValue = Any
    JSONObject = dict[str, Any]


# json.dumps would make a new encoder for each value, which takes as long as writing a small one
_ENCODER = json.JSONEncoder(sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)


def canonical_json(value: JSONValue) -> str:
    """Write `value` in its canonical form.

    Raises
    ------
    ValueError
        When a float is NaN or infinite: such a number has no JSON form.
    """
    return _ENCODER.encode(value)


def finite_or_none(number: float) -> float | None:
    """Give the number, or None where JSON has no word for it (NaN, infinity)."""
    return number if math.isfinite(number) else None
