"""Feature view rows in, values out."""

import json

import msgspec
import sqlalchemy as sa

from everlearn.core.actor import Actor
from everlearn.core.digest import Digest
from everlearn.core.json import canonical_json
from everlearn.db import Tx, insert_for
from everlearn.features.model import DefinedView, FeatureView
from everlearn.features.tables import revisions, views


def lock_view(tx: Tx, project: str, name: str) -> int:
    """Make the view if need be and wait for whoever is defining it to commit; give its newest revision (0: none)."""
    tx.execute(insert_for(tx, views).values(project=project, name=name, newest=0).on_conflict_do_nothing())
    statement = sa.update(views).where(views.c.project == project, views.c.name == name)
    newest: int = tx.execute(statement.values(newest=views.c.newest).returning(views.c.newest)).scalar_one()
    return newest


def insert_revision(tx: Tx, defined: DefinedView) -> None:
    """Add a revision and make it the newest; the view must be locked."""
    tx.execute(
        sa.insert(revisions).values(
            project=defined.project,
            name=defined.name,
            revision=defined.revision,
            digest=defined.digest,
            definition=canonical_json(msgspec.to_builtins(defined.view)),
            defined_at=defined.defined_at,
            defined_by=defined.defined_by,
        )
    )
    view = sa.update(views).where(views.c.project == defined.project, views.c.name == defined.name)
    tx.execute(view.values(newest=defined.revision))


def find_revision(tx: Tx, project: str, name: str, revision: int | None) -> DefinedView | None:
    """Find a revision of a view (None: the newest)."""
    query = _select(project).where(revisions.c.name == name)
    if revision is not None:
        query = query.where(revisions.c.revision == revision)
    row = tx.execute(query.order_by(revisions.c.revision.desc()).limit(1)).one_or_none()
    return None if row is None else _defined(row)


def list_newest(tx: Tx, project: str, *, after: str | None, limit: int) -> list[DefinedView]:
    """Give up to `limit` views by name, each as its newest revision."""
    query = _select(project).join(
        views,
        sa.and_(
            views.c.project == revisions.c.project,
            views.c.name == revisions.c.name,
            views.c.newest == revisions.c.revision,
        ),
    )
    if after is not None:
        query = query.where(views.c.name > after)
    return [_defined(row) for row in tx.execute(query.order_by(views.c.name).limit(limit))]


def list_revisions(tx: Tx, project: str, name: str, *, before: int | None, limit: int) -> list[DefinedView]:
    """Give up to `limit` revisions of a view, newest first."""
    query = _select(project).where(revisions.c.name == name)
    if before is not None:
        query = query.where(revisions.c.revision < before)
    return [_defined(row) for row in tx.execute(query.order_by(revisions.c.revision.desc()).limit(limit))]


def _select(project: str) -> sa.Select[tuple[object, ...]]:
    return sa.select(*revisions.c).where(revisions.c.project == project)


def _defined(row: sa.Row[tuple[object, ...]]) -> DefinedView:
    view = msgspec.convert(json.loads(row.definition), FeatureView)
    return DefinedView(
        project=row.project,
        name=row.name,
        revision=row.revision,
        entity=view.entity,
        digest=Digest(row.digest),
        view=view,
        defined_at=row.defined_at,
        defined_by=Actor(row.defined_by),
    )
