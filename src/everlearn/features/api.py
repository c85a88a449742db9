"""Feature definitions over JSON."""

from datetime import timedelta
from typing import Annotated

import msgspec
from litestar import get, put

from everlearn.access import Role
from everlearn.core.actor import Actor
from everlearn.core.page import Page
from everlearn.features.model import Aggregate, AsOf, DefinedView, FeatureView, Rolling
from everlearn.features.service import Features
from everlearn.web import FromPath, FromQuery, JSONBody, Service, needs

_LOOK = [needs(Role.VIEWER)]
_DEFINE = [needs(Role.CONTRIBUTOR)]
_VIEW = "/api/projects/{project:str}/features/{view:str}"

Count = Annotated[int, msgspec.Meta(ge=1, le=2**31 - 1)]


class NewAsOf(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Columns of the newest fact; the age as an ISO 8601 duration such as `P30D`."""

    columns: tuple[str, ...]
    max_age: timedelta | None = None
    prefix: str = ""


class NewRolling(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """An aggregate over a window; its length as an ISO 8601 duration such as `P7D`."""

    value: str
    window: timedelta
    aggregate: Aggregate
    min_count: Count = 1
    name: str = ""


class NewView(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a view shall compute, from which facts."""

    entity: tuple[str, ...]
    source: str
    known_at: str
    latest: tuple[NewAsOf, ...] = ()
    rolling: tuple[NewRolling, ...] = ()

    def named(self, name: str) -> FeatureView:
        """Give the view of this name."""
        return FeatureView(
            name=name,
            entity=self.entity,
            source=self.source,
            known_at=self.known_at,
            latest=tuple(AsOf(**msgspec.structs.asdict(each)) for each in self.latest),
            rolling=tuple(Rolling(**msgspec.structs.asdict(each)) for each in self.rolling),
        )


@get("/api/projects/{project:str}/features", guards=_LOOK, sync_to_thread=True)
def list_views(
    project: FromPath[str],
    features: Service[Features],
    after: FromQuery[str | None] = None,
    limit: FromQuery[int] = 100,
) -> Page[DefinedView]:
    """List the feature views of a project by name."""
    return features.list(project, after=after, limit=limit)


@get(_VIEW, guards=_LOOK, sync_to_thread=True)
def show_view(
    project: FromPath[str],
    view: FromPath[str],
    features: Service[Features],
    revision: FromQuery[int | None] = None,
) -> DefinedView:
    """Show a view as it is defined now, or as one of its revisions."""
    return features.get(project, view, revision)


@put(_VIEW, guards=_DEFINE, sync_to_thread=True)
def define_view(
    project: FromPath[str],
    view: FromPath[str],
    data: JSONBody[NewView],
    features: Service[Features],
    actor: Service[Actor],
) -> DefinedView:
    """Define a view; a changed definition is its next revision, the same one again changes nothing."""
    return features.define(project, data.named(view), actor=actor)


@get(f"{_VIEW}/revisions", guards=_LOOK, sync_to_thread=True)
def list_revisions(
    project: FromPath[str],
    view: FromPath[str],
    features: Service[Features],
    after: FromQuery[str | None] = None,
    limit: FromQuery[int] = 100,
) -> Page[DefinedView]:
    """List every definition that a view has had, newest first."""
    return features.revisions(project, view, after=after, limit=limit)


HANDLERS = (list_views, show_view, define_view, list_revisions)
