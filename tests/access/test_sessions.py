from datetime import timedelta

import pytest
import sqlalchemy as sa
from tests.access.conftest import NOON, ROOT

from everlearn.access import Access
from everlearn.access.model import BadTokenError
from everlearn.access.tables import sessions, tickets
from everlearn.core.clock import ManualClock
from everlearn.db import Database

HOUR = timedelta(hours=1)


def test_a_ticket_opens_one_session(peopled: Access) -> None:
    ticket = peopled.issue_ticket("ada")

    session = peopled.session_from_ticket(ticket, lifetime=HOUR)

    assert peopled.authenticate_session(session).name == "ada"
    with pytest.raises(BadTokenError, match="used already"):
        peopled.session_from_ticket(ticket, lifetime=HOUR)


def test_a_ticket_is_good_for_a_quarter_of_an_hour(quick: Access, clock: ManualClock) -> None:
    ticket = quick.issue_ticket("ada")

    clock.at = NOON + timedelta(minutes=15)

    with pytest.raises(BadTokenError):
        quick.session_from_ticket(ticket, lifetime=HOUR)


def test_a_session_ends_with_its_time(quick: Access, clock: ManualClock) -> None:
    session = quick.session_from_ticket(quick.issue_ticket("ada"), lifetime=HOUR)

    clock.at = NOON + HOUR

    with pytest.raises(BadTokenError, match="over"):
        quick.authenticate_session(session)


def test_a_session_ends_with_the_token_it_was_opened_with(peopled: Access) -> None:
    issued = peopled.issue_token("ben", actor=ROOT)
    session = peopled.session_from_token(issued.secret, lifetime=HOUR)
    assert peopled.authenticate_session(session).name == "ben"

    peopled.revoke_token(issued.token.id, actor=ROOT)

    with pytest.raises(BadTokenError, match="revoked"):
        peopled.authenticate_session(session)


def test_signing_out_ends_the_session(quick: Access) -> None:
    session = quick.session_from_ticket(quick.issue_ticket("ada"), lifetime=HOUR)
    quick.authenticate_session(session)

    quick.end_session(session)

    with pytest.raises(BadTokenError):
        quick.authenticate_session(session)


def test_a_session_is_no_token_and_a_token_no_session(quick: Access) -> None:
    issued = quick.issue_token("ben", actor=ROOT)
    session = quick.session_from_ticket(quick.issue_ticket("ada"), lifetime=HOUR)
    quick.authenticate(issued.secret)
    quick.authenticate_session(session)

    with pytest.raises(BadTokenError):
        quick.authenticate(session)
    with pytest.raises(BadTokenError):
        quick.authenticate_session(issued.secret)


def test_only_digests_of_tickets_and_sessions_are_kept(sqlite_db: Database, quick: Access) -> None:
    waiting = quick.issue_ticket("ada")
    session = quick.session_from_ticket(quick.issue_ticket("ada"), lifetime=HOUR)

    with sqlite_db.read() as tx:
        kept = [
            *tx.execute(sa.select(tickets.c.digest)).scalars(),
            *tx.execute(sa.select(sessions.c.digest)).scalars(),
        ]

    assert len(kept) == 2
    assert all(digest.startswith("sha256:") for digest in kept)
    assert not {waiting, session} & set(kept)


def test_what_is_past_its_time_is_swept_away(db: Database, peopled: Access, clock: ManualClock) -> None:
    peopled.session_from_ticket(peopled.issue_ticket("ada"), lifetime=HOUR)
    peopled.issue_ticket("ada")

    clock.at = NOON + 2 * HOUR
    peopled.issue_ticket("ada")

    with db.read() as tx:
        assert tx.execute(sa.select(sa.func.count()).select_from(tickets)).scalar_one() == 1
        assert tx.execute(sa.select(sa.func.count()).select_from(sessions)).scalar_one() == 0
