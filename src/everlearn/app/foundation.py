"""The part of the platform that is needed before the rest: database, clock and accounts. Imports no domain."""

from dataclasses import dataclass

from everlearn.access import Access, Role
from everlearn.access.events import EVENTS as ACCESS_EVENTS
from everlearn.access.model import EVERY_PROJECT, AccountKind
from everlearn.app.settings import Settings
from everlearn.core.actor import system
from everlearn.core.clock import Clock, SystemClock
from everlearn.core.errors import UnavailableError
from everlearn.db import Database, open_database
from everlearn.db.migrate import migrate
from everlearn.eventlog import Catalogue, EventLog

ADMIN = "admin"
_ACTOR = system("app")


@dataclass(frozen=True, slots=True, kw_only=True)
class Foundation:
    """An open database with its accounts."""

    db: Database
    clock: Clock
    access: Access

    def close(self) -> None:
        """Give connections back."""
        self.db.close()


def open_foundation(settings: Settings) -> Foundation:
    """Open the database, bring its schema up to date, and reach the accounts in it."""
    db = opened_database(settings)
    clock = SystemClock()
    log = EventLog(Catalogue(ACCESS_EVENTS), clock)
    return Foundation(db=db, clock=clock, access=Access(db, log, clock))


def opened_database(settings: Settings) -> Database:
    """Open the database and bring its schema up to date.

    Raises
    ------
    UnavailableError
        When it does not answer, or its folder cannot be made.
    DamagedError
        When the SQLite file is damaged.
    ConflictError
        When a newer Everlearn wrote it.
    """
    try:
        db = open_database(settings.database_url)
    except OSError as error:
        raise UnavailableError(f"the folder of the database cannot be used: {error.strerror}") from error
    migrate(db)
    return db


def ensure_admin(access: Access) -> str | None:
    """Make the first administrator where there is none; give their token, which is shown this once."""
    if access.has_admin():
        return None
    if ADMIN not in {account.name for account in access.accounts(limit=1_000).items}:
        access.create_account(ADMIN, AccountKind.PERSON, actor=_ACTOR)
    access.grant(ADMIN, EVERY_PROJECT, Role.ADMIN, actor=_ACTOR)
    return access.issue_token(ADMIN, label="made by everlearn up", actor=_ACTOR).secret


def an_admin(access: Access) -> str:
    """Name somebody who administers the platform; `ensure_admin` has seen to it that there is one."""
    grants = access.grants(EVERY_PROJECT, limit=1_000).items
    names = [grant.account for grant in grants if grant.role is Role.ADMIN]
    return ADMIN if ADMIN in names else names[0]
