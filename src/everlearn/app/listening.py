"""Addresses to listen on: which are allowed, and opening them with an error that says what is in the way."""

import errno
import socket

from everlearn.app.settings import Auth
from everlearn.core.errors import ConflictError, DeniedError, InvalidError
from everlearn.core.hosts import is_loopback

_BACKLOG = 2_048


class UnsafeAddressError(DeniedError):
    """Anybody on the network could do anything."""

    code = "app.unsafe_address"


class AddressInUseError(ConflictError):
    """Somebody else listens there."""

    code = "app.address_in_use"


def check_address(host: str, auth: Auth, *, has_admin: bool) -> None:
    """Refuse an address beyond this machine unless callers have to show tokens that somebody can have.

    Raises
    ------
    UnsafeAddressError
        When authentication is off, or no account could ever sign in.
    """
    if is_loopback(host):
        return
    if auth is Auth.OFF:
        raise UnsafeAddressError(
            f"not listening on {host} without authentication: anybody who reaches it could do anything. "
            "Set auth = token, or listen on 127.0.0.1"
        )
    if not has_admin:
        raise UnsafeAddressError(
            f"not listening on {host} yet: there is no admin who could sign in. Make one first: "
            "everlearn access create NAME --role admin, then everlearn access token NAME"
        )


def listen(host: str, port: int) -> socket.socket:
    """Open a listening socket; port 0 takes a free one.

    Raises
    ------
    AddressInUseError
        When another process listens there.
    InvalidError
        When this machine has no such address.
    """
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    except OSError as error:
        raise InvalidError(f"{host} is no address of this machine: {error.strerror}") from error
    family, kind, protocol, _, address = found[0]
    opened = socket.socket(family, kind, protocol)
    try:
        opened.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        opened.bind(address)
        opened.listen(_BACKLOG)
    except OSError as error:
        opened.close()
        if error.errno == errno.EADDRINUSE:
            raise AddressInUseError(f"port {port} on {host} is in use; stop that, or take another") from error
        raise InvalidError(f"cannot listen on {host}:{port}: {error.strerror}") from error
    return opened


def inherited_or_listen(host: str, port: int, inherited: str) -> socket.socket:
    """Take over the supervisor's listening socket (a descriptor's number), or open one."""
    if inherited.isdecimal():
        return socket.socket(fileno=int(inherited))
    return listen(host, port)


def address_of(opened: socket.socket) -> tuple[str, int]:
    """Give the host and port that a socket listens on."""
    host, port = opened.getsockname()[:2]
    return str(host), int(port)


def url_of(opened: socket.socket) -> str:
    """Give the address for a browser on this machine."""
    host, port = address_of(opened)
    shown = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(host, f"[{host}]" if ":" in host else host)  # noqa: S104  # only to show it
    return f"http://{shown}:{port}"
