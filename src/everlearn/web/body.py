"""Reading request bodies: strictly typed JSON, bounded, with the path of what is wrong."""

import re
from typing import Any

import msgspec
from litestar.connection import Request
from litestar.exceptions import HTTPException
from litestar.handlers import BaseRouteHandler, HTTPRouteHandler

from everlearn.core.errors import InvalidError, NotFoundError, TooLargeError
from everlearn.web.auth import AnyConnection

_AT = re.compile(r" - at `([^`]+)`$")
_LARGEST = 2**63 - 1  # what both database engines can hold
_DIGITS = re.compile(r"[+-]?\d{19,}")


class MalformedBodyError(InvalidError):
    """The body is not JSON."""

    code = "web.malformed_json"


class WrongTypeError(InvalidError):
    """The body is JSON of the wrong shape; `details.path` tells where."""

    code = "web.wrong_type"


class BodyTooLargeError(TooLargeError):
    """The body is over the limit; nothing of it was kept."""

    code = "web.body_too_large"


class StrictRequest(Request[Any, Any, Any]):
    """A request whose JSON body is decoded straight into the handler's type: no number from text, no guessing."""

    async def body(self) -> bytes:
        """Give the whole body, within the limit of the route."""
        try:
            return await super().body()
        except HTTPException as error:
            if error.status_code != 413:
                raise
            limit = self.route_handler.resolve_request_max_body_size()
            raise BodyTooLargeError(f"the body is over the limit of {limit} bytes; send less", limit=limit) from error

    async def json(self) -> Any:
        """Decode the body into the type of the handler's `data`."""
        content = await self.body()
        return decode_json(content, _wanted_type(self.route_handler))


def decode_json(content: bytes, wanted: Any) -> Any:
    """Decode JSON strictly.

    Raises
    ------
    MalformedBodyError
        When it is not JSON, or its text contains NUL, which databases cannot keep.
    WrongTypeError
        When a value has another type than declared; `details` names the path, never the value.
    """
    if b"\\u0000" in content:
        raise MalformedBodyError("the body contains the character NUL (\\u0000), which is not accepted in text")
    try:
        return msgspec.json.decode(content, type=wanted)
    except msgspec.ValidationError as error:
        text = str(error)
        at = _AT.search(text)
        path = at.group(1) if at else "$"
        raise WrongTypeError(f"wrong value at {path}: {_AT.sub('', text)}", path=path) from error
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise MalformedBodyError(f"the body is not JSON: {error}") from error


async def sane_address(connection: AnyConnection, _handler: BaseRouteHandler) -> None:
    """Guard every route: refuse addresses that no database could look up (NUL, numbers over 64 bits)."""
    query = connection.scope.get("query_string", b"")
    if b"%00" in query or b"\x00" in query:
        raise InvalidError("the query contains the character NUL, which is not accepted")
    for value in connection.path_params.values():
        if (isinstance(value, int) and abs(value) > _LARGEST) or (isinstance(value, str) and "\x00" in value):
            raise NotFoundError("there is nothing under such a name")
    for value in connection.query_params.values():
        if isinstance(value, str) and _DIGITS.fullmatch(value):
            raise InvalidError("a number in the query is too large; at most 18 digits")


def _wanted_type(handler: BaseRouteHandler) -> Any:
    declared = handler.parsed_data_field if isinstance(handler, HTTPRouteHandler) else None
    return Any if declared is None else declared.annotation
