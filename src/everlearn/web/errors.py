"""Every failure has one JSON shape: `{"code": ..., "message": ..., "details": {...}}`. Here kinds meet statuses.

Messages never carry secrets, request bodies or paths of this machine; an unexpected failure is a number that finds
the report in the log.
"""

import logging
from collections.abc import Iterable
from dataclasses import dataclass, field
from http import HTTPStatus
from uuid import uuid4

from litestar.exceptions import HTTPException, ValidationException

from everlearn.core.errors import (
    ConflictError,
    DamagedError,
    DeniedError,
    EverlearnError,
    InvalidError,
    MissingExtraError,
    NotFoundError,
    StorageFullError,
    TooLargeError,
    UnauthenticatedError,
    UnavailableError,
)
from everlearn.core.json import JSONObject, JSONValue

logger = logging.getLogger(__name__)

# the first kind that fits decides, so subclasses stand before their bases
_STATUSES: tuple[tuple[type[EverlearnError], int], ...] = (
    (NotFoundError, 404),
    (InvalidError, 400),
    (ConflictError, 409),
    (DeniedError, 403),
    (UnauthenticatedError, 401),
    (TooLargeError, 413),
    (StorageFullError, 507),
    (UnavailableError, 503),
    (DamagedError, 500),
    (MissingExtraError, 501),
)

_HTTP_CODES = {
    400: ("invalid", "the request is not well formed"),
    404: ("not_found", "there is nothing here; /api lists every operation"),
    405: ("method_not_allowed", "this path does not answer that method; the header Allow names those it answers"),
    413: ("too_large", "the request body is over the limit"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class ErrorBody:
    """What every failed request answers."""

    code: str  # stable and dotted: "registry.version_not_found"
    message: str  # what happened, what was allowed, what to do
    details: JSONObject = field(default_factory=dict)  # facts about this occurrence


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """An answer to be sent: status, body, extra headers."""

    status: int
    body: ErrorBody
    headers: dict[str, str] = field(default_factory=dict)


def failure_of(error: Exception) -> Failure:
    """Turn any exception into the answer for it; what is not ours and not HTTP's is logged and kept back."""
    match error:
        case EverlearnError():
            return _ours(error)
        case ValidationException():
            return _invalid_parameters(error)
        case HTTPException() if error.status_code < 500:
            return _http(error)
        case _:
            return _unexpected(error)


def _ours(error: EverlearnError) -> Failure:
    status = next((status for kind, status in _STATUSES if isinstance(error, kind)), 500)
    headers = {}
    if isinstance(error, UnauthenticatedError):
        headers["WWW-Authenticate"] = 'Bearer realm="everlearn"'
    if isinstance(error, UnavailableError):
        headers["Retry-After"] = str(max(1, round(error.retry_after_s)))
    if status >= 500:
        logger.error("request failed", extra={"action": "request.failed", "code": error.code, "status": status})
    return Failure(
        status=status,
        body=ErrorBody(code=error.code, message=error.message, details=error.details),
        headers=headers,
    )


def _invalid_parameters(error: ValidationException) -> Failure:
    problems = error.extra if isinstance(error.extra, list) else []
    fields: list[JSONValue] = list(_fields(problems))
    told = "; ".join(f"{field['path']}: {field['message']}" for field in fields if isinstance(field, dict))
    message = f"wrong parameters: {told}" if told else "wrong parameters"
    return Failure(status=400, body=ErrorBody(code="invalid", message=message, details={"fields": fields}))


def _fields(problems: Iterable[object]) -> Iterable[JSONObject]:
    for problem in problems:
        if isinstance(problem, dict):
            path, message = str(problem.get("key", "")), str(problem.get("message", ""))
            if path == "data":  # Litestar's words for an absent body
                path, message = "body", "a JSON body is required"
            source = problem.get("source", "body")
            yield {"path": path, "message": message, "in": str(getattr(source, "value", source))}


def _http(error: HTTPException) -> Failure:
    code, message = _HTTP_CODES.get(
        error.status_code, (HTTPStatus(error.status_code).phrase.lower().replace(" ", "_"), "the request was refused")
    )
    return Failure(
        status=error.status_code, body=ErrorBody(code=code, message=message), headers=dict(error.headers or {})
    )


def _unexpected(error: Exception) -> Failure:
    report = uuid4().hex[:12]
    logger.error("unexpected failure", exc_info=error, extra={"action": "request.defect", "report": report})
    return Failure(
        status=500,
        body=ErrorBody(
            code="internal",
            message=f"a defect in Everlearn; the log has it under report {report}",
            details={"report": report},
        ),
    )
