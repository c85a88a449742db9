"""Failures of disks and object stores become ours at this one seam, by error number and class, never by text."""

import errno
from collections.abc import Iterator
from contextlib import contextmanager

from obstore.exceptions import BaseError, PermissionDeniedError, UnauthenticatedError

from everlearn.core.errors import DamagedError, NotFoundError, StorageFullError, UnavailableError

# EFBIG is how a file size limit of the process or the file system says the same
_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}


class BlobNotFoundError(NotFoundError):
    """Nothing is stored under this digest."""

    code = "blobs.not_found"


class BlobDamagedError(DamagedError):
    """What is stored under a digest has another digest."""

    code = "blobs.damaged"


@contextmanager
def disk_failures() -> Iterator[None]:
    """Translate what the operating system refuses; FileNotFoundError passes, absence is for the caller to judge."""
    try:
        yield
    except FileNotFoundError:
        raise
    except OSError as error:
        raise disk_failure(error) from error


def disk_failure(error: OSError) -> UnavailableError:
    """Give our error for the operating system's."""
    name = errno.errorcode.get(error.errno or 0, type(error).__name__)
    if error.errno in _FULL:
        return StorageFullError(
            "the disk of the blob store is full; nothing was stored. Free some space and try again", cause=name
        )
    return UnavailableError(f"the blob store's disk refuses ({name}); nothing was stored", cause=name)


@contextmanager
def bucket_failures() -> Iterator[None]:
    """Translate what the object store or the way to it refuses; FileNotFoundError passes."""
    try:
        yield
    except (PermissionDeniedError, UnauthenticatedError) as error:
        raise UnavailableError(
            "the object store refuses our credentials; check the AWS_* variables and the bucket's policy",
            retry_after_s=30.0,
            cause=type(error).__name__,
        ) from error
    except BaseError as error:
        raise UnavailableError("the object store does not answer now; try again", cause=type(error).__name__) from error
