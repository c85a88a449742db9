"""The API describes itself: `/api/openapi.json` for programs, `/api` for people."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from litestar import get
from litestar.connection import Request
from litestar.response import Response

from everlearn.web.auth import PUBLIC
from everlearn.web.inject import Service
from everlearn.web.openapi import documented
from everlearn.web.render import HTML, PageRenderer

_METHODS = ("get", "post", "put", "patch", "delete")


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameter:
    """One parameter of an operation."""

    name: str
    place: str
    kind: str
    required: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class OperationView:
    """One operation as the page lists it."""

    method: str
    path: str
    anchor: str
    summary: str
    description: str
    parameters: tuple[Parameter, ...]
    body: str  # name of the body's type; empty without one
    answers: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ReferencePage:
    """Context of the page."""

    version: str
    groups: tuple[tuple[str, tuple[OperationView, ...]], ...]


@get("/api/openapi.json", opt=PUBLIC, include_in_schema=False, sync_to_thread=True)
def openapi_json(request: Request[Any, Any, Any]) -> Response[dict[str, Any]]:
    """Give the OpenAPI 3.1 description of every operation."""
    return Response(described(request.app), media_type="application/json")


@get("/api", opt=PUBLIC, include_in_schema=False, sync_to_thread=True)
def reference_page(request: Request[Any, Any, Any], page: Service[PageRenderer]) -> HTML:
    """Show every operation on one page."""
    schema = described(request.app)
    context = ReferencePage(version=schema["info"]["version"], groups=tuple(_groups(schema)))
    return page.show("web/reference.html", context, section="api")


def described(app: Any) -> dict[str, Any]:
    """Give the description of an application, public routes marked."""
    schema: dict[str, Any] = app.openapi_schema.to_schema()
    public = {route.path_format for route in app.routes if _is_public(route)}
    for path, operations in schema.get("paths", {}).items():
        for operation in operations.values():
            operation["x-public"] = path in public
    return documented(schema)


def _is_public(route: Any) -> bool:
    return any(handler.opt.get("public") for handler in getattr(route, "route_handlers", ()))


def _groups(schema: dict[str, Any]) -> Iterator[tuple[str, tuple[OperationView, ...]]]:
    groups: dict[str, list[OperationView]] = {}
    for path, operations in schema["paths"].items():
        for method in _METHODS:
            if method in operations:
                view = _view(method, path, operations[method])
                groups.setdefault(_group_name(path), []).append(view)
    for name in sorted(groups):
        yield name, tuple(groups[name])


def _group_name(path: str) -> str:
    named = [part for part in path.removeprefix("/api/").split("/") if part and not part.startswith("{")]
    return named[1] if named[:1] == ["projects"] and len(named) > 1 else named[0] if named else "api"


def _view(method: str, path: str, operation: dict[str, Any]) -> OperationView:
    content = operation.get("requestBody", {}).get("content", {})
    schemas = [media.get("schema", {}) for media in content.values()]
    return OperationView(
        method=method.upper(),
        path=path,
        anchor=operation.get("operationId", f"{method}{path}"),
        summary=operation.get("summary", ""),
        description=operation.get("description", ""),
        parameters=tuple(_parameter(each) for each in operation.get("parameters", ())),
        body=_kind(schemas[0]) if schemas else "",
        answers=tuple(operation["responses"]),
    )


def _parameter(parameter: dict[str, Any]) -> Parameter:
    return Parameter(
        name=parameter["name"],
        place=parameter["in"],
        kind=_kind(parameter.get("schema", {})),
        required=bool(parameter.get("required")),
    )


def _kind(schema: dict[str, Any]) -> str:
    if "$ref" in schema:
        return str(schema["$ref"]).rpartition("/")[2]
    if "oneOf" in schema:
        return " or ".join(_kind(each) for each in schema["oneOf"])
    return str(schema.get("type", "any"))


HANDLERS = (openapi_json, reference_page)
