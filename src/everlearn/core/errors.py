"""One root, a handful of kinds; each domain adds precise classes in its `model.py`.

The HTTP status belongs to the kind and is mapped in `web/`, so errors know nothing of HTTP.
"""

from typing import ClassVar

from everlearn.core.json import JSONValue


class EverlearnError(Exception):
    """Something a person can be told: a stable dotted code, a sentence, and facts.

    Subclasses set `code`; `details` carries machine-readable facts about this occurrence.
    """

    code: ClassVar[str] = "everlearn.error"

    def __init__(self, message: str, **details: JSONValue) -> None:
        super().__init__(message)
        self.message = message
        self.details: dict[str, JSONValue] = dict(details)


class NotFoundError(EverlearnError):
    """The named thing does not exist (or the asker may not know that it does)."""

    code = "not_found"


class InvalidError(EverlearnError):
    """The request cannot be right as it stands; repeating it will not help."""

    code = "invalid"


class ConflictError(EverlearnError):
    """The request was fine, the present state is not: look again, then decide."""

    code = "conflict"


class DeniedError(EverlearnError):
    """The caller is known and may not do this; the message names the role that may."""

    code = "denied"


class UnauthenticatedError(EverlearnError):
    """Nobody, or nobody we know, is asking."""

    code = "unauthenticated"


class TooLargeError(EverlearnError):
    """The body or the answer is over its limit; the message names the limit."""

    code = "too_large"


class UnavailableError(EverlearnError):
    """Something we depend on does not answer now; trying again later can help."""

    code = "unavailable"

    def __init__(self, message: str, *, retry_after_s: float = 1.0, **details: JSONValue) -> None:
        super().__init__(message, **details)
        self.retry_after_s = retry_after_s


class StorageFullError(UnavailableError):
    """The disk or the database has no room left; nothing was written."""

    code = "storage_full"


class DamagedError(EverlearnError):
    """Stored bytes are not what was stored. Retrying cannot help; a person must look."""

    code = "damaged"


class MissingExtraError(EverlearnError):
    """An optional library is needed and not installed."""

    code = "missing_extra"

    def __init__(self, extra: str, *, needed_for: str) -> None:
        super().__init__(f"{needed_for} needs the extra '{extra}': pip install 'everlearn[{extra}]'", extra=extra)
