from datetime import UTC, datetime

import pytest

from everlearn.core.clock import ManualClock
from everlearn.db import Database
from everlearn.eventlog import Catalogue, EventLog
from everlearn.features import Features
from everlearn.features.events import EVENTS


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(datetime(2013, 1, 1, tzinfo=UTC))


@pytest.fixture
def log(clock: ManualClock) -> EventLog:
    return EventLog(Catalogue(EVENTS), clock)


@pytest.fixture
def features(db: Database, log: EventLog, clock: ManualClock) -> Features:
    return Features(db, log, clock)
