"""What a route of the protocol is."""

from collections.abc import Awaitable, Callable, MutableMapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

import msgspec

from everlearn.core.actor import Actor

PLAIN = ("",)
"""The versions of a route that stands outside `/api`, for the browser."""


class Empty(msgspec.Struct):
    """The answer that says only that it is done."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """Who asks, and in which project."""

    project: str
    actor: Actor
    role: StrEnum | None = None  # of the caller, in the project
    as_of: datetime | None = None  # the instant that is asked about; None: now
    base: str = ""  # where the client reaches this server: "https://host:4700"
    prefix: str = ""  # of every address of the project: "/projects/eta"; empty for the default one


# the protocol of ASGI, whose messages frameworks spell with types of their own
Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]

Handler = Callable[[Call, Any], Any]
"""Takes the call and the decoded request, gives a struct or ready JSON. A coroutine function runs in the event loop; a
plain function in a thread, because it waits for the database."""

StreamHandler = Callable[[Call, str, Scope, Receive, Send], Awaitable[None]]
"""Takes what the path's variable stands for and the connection: for bodies that do not fit in memory."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """One operation of the protocol. Nobody can make one without saying which role may use it."""

    method: str
    path: str  # below the version: "/mlflow/runs/create", "/mlflow/logged-models/{model_id}"
    role: StrEnum | None  # None: anybody, without a token; or, `by_link`, whoever shows a link to this very address
    by_link: bool = False
    handle: Handler | None = None
    request: type[msgspec.Struct] | None = None
    required: tuple[str, ...] = ()
    versions: tuple[str, ...] = ("2.0",)  # `PLAIN`: the path stands alone, with no version before it
    stream: StreamHandler | None = None  # instead of `handle`
    largest_body: int = 16_000_000  # bytes

    @property
    def is_reading(self) -> bool:
        """Tell whether it changes nothing: by its method, or, where long questions are posted, by its name."""
        return self.method == "GET" or self.path.rpartition("/")[2].startswith(("search", "get-"))


def operation(
    method: str,
    path: str,
    role: StrEnum | None,
    handle: Handler,
    request: type[msgspec.Struct] | None = None,
    required: str = "",
    *,
    largest_body: int = 16_000_000,
    versions: tuple[str, ...] = ("2.0",),
) -> Route:
    """Make a route; `required` names fields, with spaces between them."""
    return Route(
        method=method,
        path=path,
        role=role,
        handle=handle,
        request=request,
        required=tuple(required.split()),
        largest_body=largest_body,
        versions=versions,
    )
