"""Rendering pages: a template, the page's own context (a frozen dataclass), and the shell around it.

    @get("/projects/{project:str}/models", guards=[needs(Role.VIEWER)], sync_to_thread=True)
    def models_page(project: FromPath[str], registry: Service[Registry], page: Service[PageRenderer]) -> HTML:
        return page.show("registry/models.html", ModelsPage(models=registry.models(project)), section="models")

A template sees the fields of its context by name and `shell`; a name it does not have is an error, not a blank.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any, TypeAlias

from jinja2 import Environment
from litestar.connection import Request
from litestar.response import Response

from everlearn.core.errors import UnauthenticatedError, UnavailableError
from everlearn.core.names import DEFAULT_PROJECT
from everlearn.web.auth import Caller, caller_of
from everlearn.web.errors import Failure
from everlearn.web.navigation import Navigation, NavItem

HTML: TypeAlias = Response[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Shell:
    """What the base template shows around every page."""

    project: str
    section: str  # key of the line of the rail that is lit
    navigation: tuple[tuple[NavItem, str], ...]
    home: str
    search: str
    caller: str | None  # None: not signed in


@dataclass(frozen=True, slots=True, kw_only=True)
class FailureContext:
    """The failure page."""

    status: int
    code: str
    message: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Pages:
    """Templates and the rail: what rendering needs from the application."""

    environment: Environment
    navigation: Navigation

    def render(self, template: str, context: object, shell: Shell) -> str:
        """Render one page; `context` is a dataclass whose fields become names."""
        names = {each.name: getattr(context, each.name) for each in fields(context)}  # type: ignore[arg-type]  # a dataclass
        return self.environment.get_template(template).render(shell=shell, **names)

    def shell(self, request: Request[Any, Any, Any], *, caller: Caller | None, section: str = "") -> Shell:
        """Make the shell for a request."""
        project = str(request.scope.get("path_params", {}).get("project", DEFAULT_PROJECT))
        return Shell(
            project=project,
            section=section,
            navigation=self.navigation.paths(project),
            home=self.navigation.home,
            search=self.navigation.search,
            caller=None if caller is None else caller.name,
        )

    def render_failure(self, request: Request[Any, Any, Any], failure: Failure) -> str:
        """Render a failed request for a person."""
        context = FailureContext(status=failure.status, code=failure.body.code, message=failure.body.message)
        caller = request.scope["state"].get("caller")
        return self.render("web/failure.html", context, self.shell(request, caller=caller))


@dataclass(frozen=True, slots=True, kw_only=True)
class PageRenderer:
    """Shows pages within one request; routes get it by the parameter name `page`."""

    pages: Pages
    request: Request[Any, Any, Any]
    caller: Caller | None

    def show(self, template: str, context: object, *, section: str = "", status: int = 200) -> HTML:
        """Answer with a page."""
        shell = self.pages.shell(self.request, caller=self.caller, section=section)
        return Response(self.pages.render(template, context, shell), status_code=status, media_type="text/html")

    @property
    def said(self) -> Mapping[str, str]:
        """What the address asks, by name; of a name that comes often the last."""
        return dict(self.request.query_params.items())

    def said_all(self, name: str) -> Sequence[str]:
        """Every value that the address gives a name."""
        return self.request.query_params.getall(name, [])

    def part(self, template: str, macro: str, *values: object) -> str:
        """Write a part of a page: one macro of a template."""
        return str(getattr(self.pages.environment.get_template(template).module, macro)(*values))


async def page_renderer(request: Request[Any, Any, Any]) -> PageRenderer:
    """Make the renderer of a request; public pages may be looked at by nobody in particular."""
    try:
        caller: Caller | None = await caller_of(request)
    except (UnauthenticatedError, UnavailableError):
        caller = None  # the guards have decided already whether that is allowed
    return PageRenderer(pages=request.app.state["pages"], request=request, caller=caller)
