"""Page tokens: the sort values of a page's last row."""

import base64
import binascii
import json
from collections.abc import Sequence
from typing import Any

from everlearn.core.errors import InvalidError

_LONGEST = 20_000  # characters


class BadTokenError(InvalidError):
    """A page token that no page of this search gave."""

    code = "search.bad_page_token"


def written_token(values: Sequence[Any]) -> str:
    """Write sort values."""
    return base64.urlsafe_b64encode(json.dumps([*values]).encode()).decode()


def read_token(token: str) -> tuple[Any, ...]:
    """Read sort values.

    Raises
    ------
    BadTokenError
        When it is no token.
    """
    try:
        values = json.loads(base64.urlsafe_b64decode(token[:_LONGEST].encode()))
    except (binascii.Error, ValueError, RecursionError) as error:
        raise _refusal() from error
    if not isinstance(values, list) or not all(isinstance(value, str | int | float) for value in values):
        raise _refusal()
    return tuple(values)


def _refusal() -> BadTokenError:
    return BadTokenError("Invalid page token; send the next_page_token of the page before.")
