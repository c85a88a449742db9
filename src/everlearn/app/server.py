"""Running an ASGI application until the process is told to stop; then finish what has begun and end with 0."""

import signal
import socket
from collections.abc import Awaitable, Callable
from typing import Any

import uvicorn

from everlearn.core.errors import UnavailableError

# frameworks spell the protocol's messages with types of their own
AnyASGI = Callable[[Any, Any, Any], Awaitable[None]]

_GRACE_S = 10
_KEEP_ALIVE_S = 30


def serve(app: AnyASGI, opened: socket.socket) -> None:
    """Serve on an open socket with uvloop and httptools; returns after SIGTERM or SIGINT.

    Raises
    ------
    UnavailableError
        When the application could not start; it has logged why.
    """
    # uvicorn raises the signal again when it is done; that shall not look like a violent death
    signal.signal(signal.SIGTERM, _already_handled)
    signal.signal(signal.SIGINT, _already_handled)
    config = uvicorn.Config(
        app,
        loop="uvloop",
        http="httptools",
        ws="none",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,
        timeout_keep_alive=_KEEP_ALIVE_S,
        timeout_graceful_shutdown=_GRACE_S,
    )
    server = uvicorn.Server(config)
    try:
        server.run(sockets=[opened])
    except SystemExit as error:
        raise UnavailableError("the server could not start; its log says why") from error


def _already_handled(_number: int, _frame: object) -> None:
    return
