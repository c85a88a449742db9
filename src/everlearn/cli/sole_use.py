"""One process tree at a time in a home folder."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from everlearn.core.errors import ConflictError, UnavailableError


class AlreadyUpError(ConflictError):
    """Another `everlearn up` uses this home folder."""

    code = "app.already_up"


@contextmanager
def sole_use(home: Path) -> Iterator[None]:
    """Make the folder if need be and keep every other `everlearn up` out of it until the block ends.

    Raises
    ------
    AlreadyUpError
        When another one is in it.
    UnavailableError
        When the folder cannot be used.
    """
    try:
        home.mkdir(parents=True, exist_ok=True, mode=0o700)
        descriptor = os.open(home / "up.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise UnavailableError(f"the home folder {home} cannot be used: {error.strerror}") from error
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise AlreadyUpError(f"another everlearn up uses {home}; stop it, or give --home another folder") from error
        yield
    finally:
        os.close(descriptor)  # the lock goes with it, also when the process is killed
