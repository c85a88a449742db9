"""From what a request shows to a principal: tokens checked by argon2id, sessions and tickets by digest."""

from datetime import datetime, timedelta

from everlearn.access import secrets, session_store, store
from everlearn.access.model import Account, BadTokenError, Principal, Token
from everlearn.core.clock import Clock
from everlearn.core.errors import UnavailableError
from everlearn.db import Database, Tx

_NOTED_EVERY = timedelta(minutes=10)


def principal_of_token(db: Database, clock: Clock, presented: str) -> Principal:
    """Verify a token.

    Raises
    ------
    BadTokenError
        When it is not ours, unknown, wrong, expired or revoked. The message does not tell unknown from wrong.
    """
    parts = secrets.split_token(presented)
    if parts is None:
        raise BadTokenError("that is not an Everlearn token; they look like evl_<id>_<secret>")
    with db.read() as tx:
        found = store.find_token(tx, parts[0])
        principal = None if found is None else _principal(tx, store.account_by_id(tx, found[1]))
    if found is None or principal is None or not secrets.secret_matches(found[2], parts[1]):
        raise BadTokenError("no such token; ask an admin for a new one: everlearn access token NAME")
    check_valid(found[0], clock.now())
    _note_use(db, found[0], clock.now())
    return principal


def principal_of_session(db: Database, clock: Clock, value: str) -> Principal:
    """Find a browser's session.

    Raises
    ------
    BadTokenError
        When it has ended, or the token that it was opened with has.
    """
    now = clock.now()
    with db.read() as tx:
        found = session_store.find_session(tx, secrets.fingerprint(value), now=now)
        if found is None:
            raise BadTokenError("the session is over; sign in again")
        account_id, token_id = found
        if token_id is not None and (token := store.find_token(tx, token_id)) is not None:
            check_valid(token[0], now)
        principal = _principal(tx, store.account_by_id(tx, account_id))
    if principal is None:
        raise BadTokenError("the session is over; sign in again")
    return principal


def check_valid(token: Token, now: datetime) -> None:
    """Refuse a token that is expired or revoked, saying since when."""
    if token.revoked_at is not None:
        raise BadTokenError(f"the token {token.id} was revoked; ask an admin for a new one", token=token.id)
    if token.expires_at is not None and token.expires_at <= now:
        raise BadTokenError(f"the token {token.id} has expired; ask an admin for a new one", token=token.id)


def _principal(tx: Tx, account: Account | None) -> Principal | None:
    if account is None:
        return None
    return Principal(actor=account.actor, name=account.name, grants=store.roles_of(tx, account.id))


def _note_use(db: Database, token: Token, now: datetime) -> None:
    if token.last_used_at is not None and now - token.last_used_at < _NOTED_EVERY:
        return
    try:
        with db.write() as tx:
            store.mark_used(tx, token.id, now)
    except UnavailableError:
        return  # a full disk or a busy database must not lock people out of looking
