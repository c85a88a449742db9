"""Sending a failure: JSON for programs, the same in HTML for people, the sign-in page for people not signed in."""

from typing import Any
from urllib.parse import quote

from litestar.connection import Request
from litestar.response import Response

from everlearn.web.errors import Failure, failure_of
from everlearn.web.render import Pages

_LOGIN = "/login"


def answer_failure(request: Request[Any, Any, Any], error: Exception) -> Response[Any]:
    """Answer any exception that a request ended in."""
    failure = failure_of(error)
    if not wants_page(request):
        return Response(
            failure.body, status_code=failure.status, headers=failure.headers, media_type="application/json"
        )
    if failure.status == 401 and request.method == "GET" and request.url.path != _LOGIN:
        return _to_login(request)
    return _failure_page(request, failure)


def wants_page(request: Request[Any, Any, Any]) -> bool:
    """Tell whether a person is looking: a browser asks for HTML first; what is below /api/ is for programs."""
    path = request.scope["path"]
    accept = request.headers.get("accept", "")
    return not path.startswith("/api/") and "text/html" in accept


def _to_login(request: Request[Any, Any, Any]) -> Response[None]:
    query = request.scope.get("query_string", b"").decode("latin-1")
    wanted = request.scope["path"] + (f"?{query}" if query else "")
    return Response(None, status_code=303, headers={"Location": f"{_LOGIN}?wanted={quote(wanted, safe='')}"})


def _failure_page(request: Request[Any, Any, Any], failure: Failure) -> Response[str]:
    pages: Pages = request.app.state["pages"]
    content = pages.render_failure(request, failure)
    return Response(content, status_code=failure.status, headers=failure.headers, media_type="text/html")
