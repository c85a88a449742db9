from datetime import timedelta

import pytest
import sqlalchemy as sa
from tests.access.conftest import NOON, ROOT
from tests.access.record import events_of

from everlearn.access import Access, Role
from everlearn.access.model import BadTokenError, TokenNotFoundError
from everlearn.access.tables import tokens
from everlearn.core.clock import ManualClock
from everlearn.core.errors import InvalidError
from everlearn.db import Database
from everlearn.eventlog import EventLog

MINUTE = timedelta(minutes=1)


def twin(access: Access) -> Access:
    """The same accounts as another process sees them: with a memory of its own."""
    return Access(access.db, access.log, access.clock)


def test_a_token_opens_what_its_owner_may(peopled: Access) -> None:
    issued = peopled.issue_token("ben", label="laptop", actor=ROOT)

    principal = peopled.authenticate(issued.secret)

    assert (principal.actor, principal.name, dict(principal.grants)) == ("user:ben", "ben", {"shop": Role.VIEWER})
    assert issued.secret.startswith("evl_")


def test_the_secret_is_kept_nowhere(sqlite_db: Database, quick: Access) -> None:
    issued = quick.issue_token("ben", actor=ROOT)

    secret = issued.secret.rsplit("_", 1)[1]
    with sqlite_db.read() as tx:
        stored = tx.execute(sa.select(tokens.c.secret_hash)).scalar_one()
    assert stored.startswith("$argon2id$")
    assert secret not in stored
    assert secret not in repr(events_of(sqlite_db, quick))
    assert secret not in repr(quick.tokens("ben").items)


@pytest.mark.parametrize(
    "presented",
    ["", "evl", "evl_", "evl__", "evl_a_b", "xyz_a_b", "evl_a_b_c", "Bearer evl_a_b", "evl_\x00_b", "é" * 500],
)
def test_what_is_no_token_opens_nothing(presented: str, quick: Access) -> None:
    with pytest.raises(BadTokenError):
        quick.authenticate(presented)


def test_a_wrong_secret_and_an_unknown_id_get_the_same_answer(quick: Access) -> None:
    issued = quick.issue_token("ben", actor=ROOT)
    _, identifier, secret = issued.secret.split("_")

    with pytest.raises(BadTokenError) as wrong:
        quick.authenticate(f"evl_{identifier}_{secret[::-1]}")
    with pytest.raises(BadTokenError) as unknown:
        quick.authenticate(f"evl_{identifier[::-1]}_{secret}")

    assert wrong.value.message == unknown.value.message


def test_an_expired_token_opens_nothing(quick: Access, clock: ManualClock) -> None:
    issued = quick.issue_token("ben", expires_at=NOON + MINUTE, actor=ROOT)
    quick.authenticate(issued.secret)

    clock.at = NOON + 2 * MINUTE

    with pytest.raises(BadTokenError, match="expired"):
        quick.authenticate(issued.secret)


def test_a_revoked_token_opens_nothing_here_at_once(quick: Access) -> None:
    issued = quick.issue_token("ben", actor=ROOT)
    quick.authenticate(issued.secret)

    quick.revoke_token(issued.token.id, actor=ROOT)

    with pytest.raises(BadTokenError, match="revoked"):
        quick.authenticate(issued.secret)


def test_a_revocation_elsewhere_is_noticed_within_half_a_minute(quick: Access, clock: ManualClock) -> None:
    issued = quick.issue_token("ben", actor=ROOT)
    elsewhere = twin(quick)
    elsewhere.authenticate(issued.secret)

    quick.revoke_token(issued.token.id, actor=ROOT)
    clock.at = NOON + timedelta(seconds=29)
    still_known = elsewhere.authenticate(issued.secret)
    clock.at = NOON + timedelta(seconds=30)

    assert still_known.name == "ben"
    with pytest.raises(BadTokenError, match="revoked"):
        elsewhere.authenticate(issued.secret)


def test_verification_is_remembered_by_digest_and_asks_no_database(quick: Access) -> None:
    issued = quick.issue_token("ben", actor=ROOT)
    first = quick.authenticate(issued.secret)

    assert quick.recall(issued.secret) is first
    assert issued.secret not in repr(vars(quick.recent))


def test_a_changed_grant_counts_at_once_in_this_process(quick: Access) -> None:
    issued = quick.issue_token("ben", actor=ROOT)
    quick.authenticate(issued.secret)

    quick.grant("ben", "shop", Role.OPERATOR, actor=ROOT)

    assert quick.authenticate(issued.secret).grants["shop"] is Role.OPERATOR


def test_the_last_use_is_noted_to_some_minutes(peopled: Access, clock: ManualClock) -> None:
    issued = peopled.issue_token("ben", actor=ROOT)

    used = []
    for minutes in (0, 5, 15):
        clock.at = NOON + minutes * MINUTE
        peopled.authenticate(issued.secret)
        used.append(peopled.tokens("ben").items[0].last_used_at)

    assert used == [NOON, NOON, NOON + 15 * MINUTE]


def test_tokens_are_listed_with_their_state(peopled: Access) -> None:
    first = peopled.issue_token("ben", label="one", actor=ROOT).token
    peopled.issue_token("ben", label="two", actor=ROOT)

    peopled.revoke_token(first.id, actor=ROOT)

    assert {token.label: token.revoked_at for token in peopled.tokens("ben").items} == {"one": NOON, "two": None}


def test_revoking_twice_changes_and_records_nothing_more(db: Database, peopled: Access) -> None:
    issued = peopled.issue_token("ben", actor=ROOT)

    peopled.revoke_token(issued.token.id, actor=ROOT)
    peopled.revoke_token(issued.token.id, actor=ROOT)

    revoked = [payload for name, payload in events_of(db, peopled) if name == "access.token_revoked"]
    assert revoked == [{"account": "ben", "token_id": issued.token.id}]


def test_an_unknown_token_cannot_be_revoked(quick: Access) -> None:
    with pytest.raises(TokenNotFoundError):
        quick.revoke_token("tok_nothing", actor=ROOT)


def test_a_refused_label_leaves_no_token(quick: Access) -> None:
    with pytest.raises(InvalidError):
        quick.issue_token("ben", label="two\nlines", actor=ROOT)

    assert quick.tokens("ben").items == []


def test_a_log_that_fails_leaves_no_token(sqlite_db: Database, quick: Access, clock: ManualClock) -> None:
    class FullLog(EventLog):
        def append(self, *_args: object, **_kwargs: object) -> object:  # type: ignore[override]  # only fails
            raise OSError

    broken = Access(sqlite_db, FullLog(quick.log.catalogue, clock), clock)

    with pytest.raises(OSError):  # noqa: PT011  # the one raised above
        broken.issue_token("ben", actor=ROOT)

    assert quick.tokens("ben").items == []
