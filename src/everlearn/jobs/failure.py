"""What an exception of a handler means for its job."""

import traceback
from dataclasses import dataclass
from enum import StrEnum

from everlearn.core.errors import (
    DamagedError,
    DeniedError,
    EverlearnError,
    InvalidError,
    MissingExtraError,
    NotFoundError,
    TooLargeError,
    UnavailableError,
)
from everlearn.jobs.errors import DeadlinePassedError, JobCancelledError, JobPausedError

LONGEST_MESSAGE = 1_000
_FRAMES = 8

# the same arguments will always give these
_PERMANENT = (
    InvalidError,
    NotFoundError,
    DeniedError,
    DamagedError,
    TooLargeError,
    MissingExtraError,
    DeadlinePassedError,
)


class Remedy(StrEnum):
    """What can help."""

    RETRY = "retry"  # perhaps; counted
    WAIT = "wait"  # something we depend on is away: not the job's fault, so not counted
    NONE = "none"  # nothing can
    CANCEL = "cancel"  # nothing is wanted
    GIVE_BACK = "give_back"  # nothing is wrong: the worker stops, another shall go on


@dataclass(frozen=True, slots=True, kw_only=True)
class JobError:
    """Why an attempt did not succeed, for people."""

    type: str
    code: str | None = None  # of our own errors
    message: str
    traceback: str = ""  # the innermost places, outermost first, as `module:line in function`


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """An error and what can help against it."""

    error: JobError
    remedy: Remedy
    retry_after_s: float = 0.0


def failure_of(error: Exception) -> Failure:
    """Judge an exception by its kind."""
    told = _told(error)
    match error:
        case JobPausedError():
            return Failure(error=told, remedy=Remedy.GIVE_BACK)
        case JobCancelledError():
            return Failure(error=told, remedy=Remedy.CANCEL)
        case UnavailableError():
            return Failure(error=told, remedy=Remedy.WAIT, retry_after_s=error.retry_after_s)
        case _ if isinstance(error, _PERMANENT):
            return Failure(error=told, remedy=Remedy.NONE)
        case _:
            return Failure(error=told, remedy=Remedy.RETRY)


def _told(error: Exception) -> JobError:
    return JobError(
        type=type(error).__name__,
        code=error.code if isinstance(error, EverlearnError) else None,
        message=_storable(str(error))[:LONGEST_MESSAGE],
        traceback=_storable("\n".join(_frames(error))),
    )


def _frames(error: Exception) -> list[str]:
    """Name the innermost places by module and line; paths of the machine are nobody's business."""
    frames = [
        f"{frame.f_globals.get('__name__', '?')}:{line} in {frame.f_code.co_name}"
        for frame, line in traceback.walk_tb(error.__traceback__)
    ]
    return frames[-_FRAMES:]


def _storable(text: str) -> str:
    """Drop what no database keeps: NUL and halves of surrogate pairs."""
    return text.replace("\x00", "").encode(errors="replace").decode()
