"""Putting an application together from the routes and services that it is given."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from litestar import Litestar, Router
from litestar.datastructures import State
from litestar.di import Provide
from litestar.openapi import OpenAPIConfig
from litestar.types import ASGIApp, ControllerRouterHandler

import everlearn
from everlearn.web import api_reference, static_files
from everlearn.web.auth import Gate, known_caller
from everlearn.web.body import StrictRequest, sane_address
from everlearn.web.failures import answer_failure
from everlearn.web.headers import guarded_and_measured
from everlearn.web.inject import providers
from everlearn.web.metrics import HttpMetrics
from everlearn.web.mlflow import Route, beside, mlflow_app
from everlearn.web.mlflow.links import Links
from everlearn.web.navigation import Navigation
from everlearn.web.origin import same_origin
from everlearn.web.render import Pages, page_renderer
from everlearn.web.templates import template_environment


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """Everything that an application is made of."""

    handlers: Sequence[ControllerRouterHandler]  # JSON, in the OpenAPI description
    pages: Sequence[ControllerRouterHandler] = ()  # HTML
    services: Mapping[str, object] = field(default_factory=dict)  # by the parameter name that routes use
    protocol: Sequence[Route] = ()  # of MLflow's REST protocol
    links: Links | None = None  # what the protocol does by link
    public_url: str = ""
    gate: Gate
    metrics: HttpMetrics
    template_packages: Sequence[str] = ()  # packages with a folder `templates`, e.g. "everlearn.registry"
    navigation: Navigation = field(default_factory=Navigation)
    body_limit_bytes: int = 16_000_000


class _SilentRouter(Router):
    """Takes the framework's own OpenAPI pages and serves none of them: ours are in `api_reference`."""

    def register(self, _value: ControllerRouterHandler) -> list[Any]:
        return []


def make_litestar(site: Site) -> Litestar:
    """Assemble the framework's application (tests use it; servers run `make_app`)."""
    pages = Pages(environment=template_environment(site.template_packages), navigation=site.navigation)
    return Litestar(
        route_handlers=[
            *site.handlers,
            *api_reference.HANDLERS,
            *static_files.HANDLERS,
            Router("/", route_handlers=list(site.pages), include_in_schema=False),
        ],
        dependencies=providers(site.services) | {"page": Provide(page_renderer)},
        guards=[same_origin, sane_address, known_caller],
        exception_handlers={Exception: answer_failure},
        request_class=StrictRequest,
        request_max_body_size=site.body_limit_bytes,
        state=State({"gate": site.gate, "pages": pages}),
        logging_config=None,
        openapi_config=OpenAPIConfig(
            title="Everlearn",
            version=everlearn.__version__,
            description="Keeps machine-learning models good in production, and proves every step.",
            use_handler_docstrings=True,
            openapi_router=_SilentRouter("/", route_handlers=[]),
        ),
    )


def make_app(site: Site) -> ASGIApp:
    """Assemble the application that a server runs: the framework inside, headers and measures around it."""
    protocol = mlflow_app(site.protocol, site.gate, site.links, public_url=site.public_url)
    return guarded_and_measured(beside(protocol, make_litestar(site)), site.metrics)
