"""MLflow's error shape, and how our kinds of failure read in it."""

import logging
from dataclasses import dataclass, field
from uuid import uuid4

import msgspec

from everlearn.core.errors import (
    ConflictError,
    DamagedError,
    DeniedError,
    EverlearnError,
    InvalidError,
    NotFoundError,
    TooLargeError,
    UnauthenticatedError,
    UnavailableError,
)
from everlearn.core.json import JSONObject

logger = logging.getLogger(__name__)

_STATUSES = {
    "BAD_REQUEST": 400,
    "INVALID_PARAMETER_VALUE": 400,
    "RESOURCE_ALREADY_EXISTS": 400,
    "UNAUTHENTICATED": 401,
    "PERMISSION_DENIED": 403,
    "ENDPOINT_NOT_FOUND": 404,
    "RESOURCE_DOES_NOT_EXIST": 404,
    "RESOURCE_CONFLICT": 409,
    "DATA_LOSS": 500,
    "INTERNAL_ERROR": 500,
    "NOT_IMPLEMENTED": 501,
    "TEMPORARILY_UNAVAILABLE": 503,
}

# the first kind that fits decides. No failure of the caller's may answer 5xx: mlflow's client repeats those for minutes
_KINDS: tuple[tuple[type[EverlearnError], str], ...] = (
    (NotFoundError, "RESOURCE_DOES_NOT_EXIST"),
    (InvalidError, "INVALID_PARAMETER_VALUE"),
    (TooLargeError, "INVALID_PARAMETER_VALUE"),
    (ConflictError, "RESOURCE_CONFLICT"),
    (DeniedError, "PERMISSION_DENIED"),
    (UnauthenticatedError, "UNAUTHENTICATED"),
    (UnavailableError, "TEMPORARILY_UNAVAILABLE"),
    (DamagedError, "DATA_LOSS"),
)


class ProtocolError(EverlearnError):
    """A failure that has a name in MLflow's protocol: the name is `error_code`."""

    code = "mlflow.protocol"

    def __init__(self, message: str, error_code: str = "INVALID_PARAMETER_VALUE") -> None:
        super().__init__(message)
        self.error_code = error_code


class ErrorBody(msgspec.Struct, omit_defaults=True):
    """What a failed request answers; `details` is ours, other clients ignore it."""

    error_code: str
    message: str
    details: JSONObject = msgspec.field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """An answer to be sent."""

    status: int
    body: ErrorBody
    headers: tuple[tuple[bytes, bytes], ...] = field(default=())


def failure_of(error: Exception) -> Failure:
    """Turn any exception into the answer for it; what is not ours is logged under a number and kept back."""
    if not isinstance(error, EverlearnError):
        return _unexpected(error)
    error_code = getattr(error, "error_code", None) or next(
        (name for kind, name in _KINDS if isinstance(error, kind)), "INTERNAL_ERROR"
    )
    headers: tuple[tuple[bytes, bytes], ...] = ()
    if isinstance(error, UnauthenticatedError):
        headers = ((b"www-authenticate", b'Basic realm="everlearn"'),)
    if isinstance(error, UnavailableError):
        headers = ((b"retry-after", str(max(1, round(error.retry_after_s))).encode()),)
    details: JSONObject = {} if isinstance(error, ProtocolError) else {"code": error.code, **error.details}
    body = ErrorBody(error_code=error_code, message=error.message, details=details)
    return Failure(status=_STATUSES[error_code], body=body, headers=headers)


def _unexpected(error: Exception) -> Failure:
    report = uuid4().hex[:12]
    logger.error("unexpected failure", exc_info=error, extra={"action": "request.defect", "report": report})
    message = f"a defect in Everlearn; the log has it under report {report}"
    return Failure(status=500, body=ErrorBody(error_code="INTERNAL_ERROR", message=message))
