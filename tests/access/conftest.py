"""Fixtures: an access service over each engine, with a clock that stands still."""

from datetime import UTC, datetime

import pytest

from everlearn.access import Access, AccountKind, Role
from everlearn.access.events import EVENTS
from everlearn.core.actor import Actor
from everlearn.core.clock import ManualClock
from everlearn.db import Database
from everlearn.eventlog import Catalogue, EventLog

NOON = datetime(2013, 6, 1, 12, tzinfo=UTC)
ROOT = Actor("user:root")


@pytest.fixture
def clock() -> ManualClock:
    """Noon, until told otherwise."""
    return ManualClock(NOON)


def new_access(db: Database, clock: ManualClock) -> Access:
    """An access service that knows nobody."""
    return Access(db, EventLog(Catalogue(EVENTS), clock), clock)


def people(access: Access) -> Access:
    """Ada is admin of everything, Ben looks at `shop`, the robot works in `shop`."""
    access.create_account("ada", AccountKind.PERSON, actor=ROOT)
    access.create_account("ben", AccountKind.PERSON, actor=ROOT)
    access.create_account("robot", AccountKind.SERVICE, actor=ROOT)
    access.grant("ada", "*", Role.ADMIN, actor=ROOT)
    access.grant("ben", "shop", Role.VIEWER, actor=ROOT)
    access.grant("robot", "shop", Role.CONTRIBUTOR, actor=ROOT)
    return access


@pytest.fixture
def access(db: Database, clock: ManualClock) -> Access:
    """Nobody is known yet, on each engine."""
    return new_access(db, clock)


@pytest.fixture
def peopled(access: Access) -> Access:
    """Ada, Ben and the robot, on each engine."""
    return people(access)


@pytest.fixture
def quick(sqlite_db: Database, clock: ManualClock) -> Access:
    """Ada, Ben and the robot on SQLite, for what does not depend on the engine."""
    return people(new_access(sqlite_db, clock))
