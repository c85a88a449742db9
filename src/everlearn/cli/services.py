"""How a command comes by the service it calls, without knowing who wired it.

`app` provides a finder (`Type -> instance`) for as long as a command runs; the platform behind it is built at the
first question, so `--help` and mistyped commands touch no database.
"""

import getpass
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, TypeVar, cast

from everlearn.core.actor import Actor

T = TypeVar("T")
Finder = Callable[[type[Any]], Any]

_finder: ContextVar[Finder] = ContextVar("everlearn_cli_finder")


def service(of: type[T]) -> T:
    """Give the service of this type, wired for the command that is running."""
    return cast("T", _finder.get()(of))


def actor() -> Actor:
    """Name the person at the keyboard, as the operating system knows them.

    Whoever can run a command against the database holds its keys already; the name is for the record.
    """
    try:
        return Actor(f"user:{getpass.getuser()}")
    except (KeyError, OSError):  # a container without a password entry for this number
        return Actor("user:local")


@contextmanager
def provided(finder: Finder) -> Iterator[None]:
    """Answer `service` with this finder inside the block."""
    token = _finder.set(finder)
    try:
        yield
    finally:
        _finder.reset(token)
