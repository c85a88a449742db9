"""The OpenAPI description: the framework's, with our error shape for every answer that can really come.

What can come is read off the route: a parameter that is required can name what does not exist (404), a body can be
too large (413), a change can meet another state (409), and so on.
"""

from collections.abc import Iterator
from typing import Any

from everlearn.core.page import MAX_PAGE_SIZE

_CONSTRAINTS: dict[str, dict[str, Any]] = {
    "project": {"pattern": "^(\\*|[a-z0-9]([a-z0-9._-]{0,61}[a-z0-9])?)$"},
    "limit": {"minimum": 1, "maximum": MAX_PAGE_SIZE},
}
"""What parameters of these names must be on every path."""

_CHANGES = frozenset({"post", "put", "patch", "delete"})
_ERROR = {"$ref": "#/components/schemas/Error"}

ERROR_SCHEMA: dict[str, Any] = {
    "type": "object",
    "title": "Error",
    "description": "What every failed request answers.",
    "required": ["code", "message", "details"],
    "properties": {
        "code": {"type": "string", "description": "Stable and dotted.", "examples": ["registry.version_not_found"]},
        "message": {"type": "string", "description": "What happened, what was allowed, what to do."},
        "details": {"type": "object", "additionalProperties": True, "description": "Facts about this occurrence."},
    },
}

RESPONSES: dict[str, str] = {
    "400": "The request cannot be right as it stands.",
    "401": "Nobody we know is asking; send a token.",
    "403": "The caller is known and may not do this; the message names the role that may.",
    "404": "The named thing does not exist.",
    "405": "This path does not answer that method.",
    "409": "The present state does not allow it; look again, then decide.",
    "413": "The body is over the limit.",
    "503": "Something we depend on does not answer now; try again after the time in Retry-After.",
    "507": "No room left; nothing was written.",
}


def documented(schema: dict[str, Any]) -> dict[str, Any]:
    """Give the description with the shared error answers of every operation; the argument is not changed."""
    paths = {
        path: {method: _operation(method, path, operation) for method, operation in operations.items()}
        for path, operations in schema.get("paths", {}).items()
    }
    components = {
        **schema.get("components", {}),
        "schemas": {**schema.get("components", {}).get("schemas", {}), "Error": ERROR_SCHEMA},
        "responses": {status: _response(status) for status in RESPONSES},
        "securitySchemes": {
            "token": {"type": "http", "scheme": "bearer", "description": "A token from `everlearn access token`."}
        },
    }
    return {**schema, "paths": paths, "components": components}


def _response(status: str) -> dict[str, Any]:
    answer: dict[str, Any] = {
        "description": RESPONSES[status],
        "content": {"application/json": {"schema": _ERROR}},
    }
    if status == "401":
        answer["headers"] = {"WWW-Authenticate": {"schema": {"type": "string"}}}
    if status == "503":
        answer["headers"] = {"Retry-After": {"schema": {"type": "integer"}, "description": "Seconds."}}
    return answer


def _operation(method: str, path: str, operation: dict[str, Any]) -> dict[str, Any]:
    own = {status: answer for status, answer in operation.get("responses", {}).items() if status not in RESPONSES}
    public = bool(operation.get("x-public"))
    shared = {
        status: {"$ref": f"#/components/responses/{status}"}
        for status in sorted(_possible(method, path, operation, public=public))
    }
    return {
        **operation,
        "parameters": [_constrained(parameter) for parameter in operation.get("parameters", ())],
        "responses": {**own, **shared},
        "security": [] if public else [{"token": []}],
    }


def _constrained(parameter: dict[str, Any]) -> dict[str, Any]:
    more = _CONSTRAINTS.get(parameter["name"], {})
    return {**parameter, "schema": {**parameter.get("schema", {}), **more}}


def _possible(method: str, path: str, operation: dict[str, Any], *, public: bool) -> Iterator[str]:
    yield from ("400", "405", "503")
    if not public:
        yield from ("401", "403")
    if "{" in path or any(parameter.get("required") for parameter in operation.get("parameters", ())):
        yield "404"
    if "requestBody" in operation:
        yield "413"
    if method in _CHANGES:
        yield from ("403", "404", "409", "507")
