"""Signing a browser in and out."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import msgspec
from litestar import get, post
from litestar.connection import Request
from litestar.datastructures import Cookie
from litestar.params import URLEncodedBody
from litestar.response import Response

from everlearn.access.model import BadTokenError
from everlearn.access.service import Access
from everlearn.web import HTML, PUBLIC, FromQuery, PageRenderer, Service
from everlearn.web.auth import SESSION_COOKIE


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionPolicy:
    """How long a browser stays signed in."""

    lifetime: timedelta


@dataclass(frozen=True, slots=True, kw_only=True)
class LoginPage:
    """Context of the sign-in page."""

    wanted: str  # where to go afterwards
    ticket: str  # empty: ask for a token
    problem: str  # why the last try failed; empty at first


class LoginForm(msgspec.Struct, frozen=True):
    """What the sign-in page sends: one of the two."""

    token: str = ""
    ticket: str = ""
    wanted: str = "/"


@get("/login", opt=PUBLIC, sync_to_thread=False)
def login_page(
    page: Service[PageRenderer],
    wanted: FromQuery[str] = "/",
    ticket: FromQuery[str] = "",
) -> HTML:
    """Ask for a token; with a one-time ticket in the address, only for the press of a button.

    The ticket is used up by the button and not by looking, so that a preview of the link does not spend it.
    """
    context = LoginPage(wanted=own_path(wanted), ticket=ticket, problem="")
    return page.show("access/login.html", context)


@post("/login", opt=PUBLIC, sync_to_thread=True, status_code=303)
def login(
    request: Request[Any, Any, Any],
    data: URLEncodedBody[LoginForm],
    access: Service[Access],
    session_policy: Service[SessionPolicy],
    page: Service[PageRenderer],
) -> Response[Any]:
    """Open a session for a token or a ticket and go on; a wrong one shows the page again."""
    lifetime = session_policy.lifetime
    try:
        if data.ticket:
            value = access.session_from_ticket(data.ticket, lifetime=lifetime)
        else:
            value = access.session_from_token(data.token.strip(), lifetime=lifetime)
    except BadTokenError as error:
        context = LoginPage(wanted=own_path(data.wanted), ticket="", problem=error.message)
        return page.show("access/login.html", context, status=401)
    return Response(
        None,
        status_code=303,
        headers={"Location": own_path(data.wanted)},
        cookies=[_cookie(value, int(lifetime.total_seconds()), is_secure=request.url.scheme == "https")],
    )


@post("/logout", opt=PUBLIC, sync_to_thread=True, status_code=303)
def logout(request: Request[Any, Any, Any], access: Service[Access]) -> Response[None]:
    """End the session and show the sign-in page."""
    value = request.cookies.get(SESSION_COOKIE)
    if value:
        access.end_session(value)
    is_secure = request.url.scheme == "https"
    return Response(
        None, status_code=303, headers={"Location": "/login"}, cookies=[_cookie("", 0, is_secure=is_secure)]
    )


def own_path(wanted: str) -> str:
    """Give the address if it is a path of this server, else the start: nobody is sent elsewhere after signing in."""
    is_own = wanted.startswith("/") and not wanted.startswith(("//", "/\\")) and wanted.isprintable()
    return wanted if is_own and wanted.isascii() else "/"


def _cookie(value: str, max_age: int, *, is_secure: bool) -> Cookie:
    return Cookie(
        key=SESSION_COOKIE, value=value, path="/", max_age=max_age, httponly=True, samesite="strict", secure=is_secure
    )


PAGES = (login_page, login, logout)
