"""The use cases of feature definitions."""

from dataclasses import dataclass

from everlearn.core.actor import Actor
from everlearn.core.clock import Clock
from everlearn.core.errors import InvalidError
from everlearn.core.names import checked_name
from everlearn.core.page import Page, checked_limit, page_of
from everlearn.db import Database
from everlearn.eventlog import Cause, EventLog
from everlearn.features import store
from everlearn.features.events import FeatureViewDefined
from everlearn.features.model import DefinedView, FeatureView, ViewNotFoundError, view_subject

LARGEST_NUMBER = 2**31 - 1


@dataclass(frozen=True, slots=True)
class Features:
    """The feature views of projects, every revision of them."""

    db: Database
    log: EventLog
    clock: Clock

    def define(self, project: str, view: FeatureView, *, actor: Actor, cause: Cause | None = None) -> DefinedView:
        """Put a definition in force; a changed one is the next revision, the same one again changes nothing.

        Raises
        ------
        BadDefinitionError
            When the view cannot be computed.
        """
        checked_name(project, kind="project")
        view.check()
        with self.db.write() as tx:
            newest = store.lock_view(tx, project, view.name)
            known = store.find_revision(tx, project, view.name, newest)
            if known is not None and known.digest == view.digest:
                return known
            defined = DefinedView(
                project=project,
                name=view.name,
                revision=newest + 1,
                entity=view.entity,
                digest=view.digest,
                view=view,
                defined_at=self.clock.now(),
                defined_by=actor,
            )
            store.insert_revision(tx, defined)
            event = FeatureViewDefined(
                project=project, view=view.name, number=defined.revision, entity=view.entity, digest=view.digest
            )
            self.log.append(tx, event, actor=actor, subject=view_subject(project, view.name), cause=cause)
        return defined

    def get(self, project: str, name: str, revision: int | None = None) -> DefinedView:
        """Give a view as it is defined now, or as one of its revisions.

        Raises
        ------
        ViewNotFoundError
            When the project has none of that name, or not this revision.
        """
        if revision is None or 1 <= revision <= LARGEST_NUMBER:
            with self.db.read() as tx:
                found = store.find_revision(tx, project, name, revision)
            if found is not None:
                return found
        wanted = f"{name[:80]!r}" if revision is None else f"{name[:80]!r} of revision {revision}"
        raise ViewNotFoundError(f"no feature view {wanted} in this project; `everlearn features list` names them")

    def list(self, project: str, *, after: str | None = None, limit: int = 100) -> Page[DefinedView]:
        """List the views of a project by name, as they are defined now."""
        size = checked_limit(limit)
        with self.db.read() as tx:
            rows = store.list_newest(tx, project, after=after, limit=size + 1)
        return page_of(rows, limit=size, key=lambda one: one.name)

    def revisions(self, project: str, name: str, *, after: str | None = None, limit: int = 100) -> Page[DefinedView]:
        """List every definition that a view has had, newest first."""
        size, before = checked_limit(limit), None if after is None else _number(after)
        with self.db.read() as tx:
            rows = store.list_revisions(tx, project, name, before=before, limit=size + 1)
        if not rows and before is None:
            self.get(project, name)  # refuses a name that nobody knows
        return page_of(rows, limit=size, key=lambda one: str(one.revision))


def _number(key: str) -> int:
    if not (key.isascii() and key.isdigit() and len(key) <= 10) or int(key) > LARGEST_NUMBER:
        raise InvalidError(f"not a key of a list of revisions: {key[:80]!r}; send `next` of the page before")
    return int(key)
