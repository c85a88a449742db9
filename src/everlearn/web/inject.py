"""How a route gets the services it calls: by parameter name, marked `Service[...]`.

    @get("/api/projects/{project:str}/models", guards=[needs(Role.VIEWER)], sync_to_thread=True)
    def list_models(project: FromPath[str], registry: Service[Registry]) -> Page[Model]: ...

`app` binds the names; `actor` and `caller` are always there.
"""

from collections.abc import Mapping
from typing import Any, TypeAlias, TypeVar

from litestar.connection import Request
from litestar.di import NamedDependency, Provide
from litestar.params import SkipValidation

from everlearn.core.actor import Actor
from everlearn.web.auth import Caller, caller_of

T = TypeVar("T")

Service: TypeAlias = NamedDependency[SkipValidation[T]]
"""Marks a parameter that the application fills by its name; the value is ours and is not validated again."""


async def _caller(request: Request[Any, Any, Any]) -> Caller:
    return await caller_of(request)


async def _actor(request: Request[Any, Any, Any]) -> Actor:
    return (await caller_of(request)).actor


def providers(services: Mapping[str, object]) -> dict[str, Provide]:
    """Make the application's dependencies of the services, by parameter name."""
    bound = {name: Provide(_constant(value), sync_to_thread=False) for name, value in services.items()}
    return bound | {"caller": Provide(_caller), "actor": Provide(_actor)}


def _constant(value: object) -> Any:
    def give() -> Any:
        return value

    return give
