"""Keeping accounts, grants and tokens; each change commits together with its event."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from everlearn.access import authentication, model, secrets, session_store, store
from everlearn.access.events import AccountCreated, GrantChanged, TokenIssued, TokenRevoked
from everlearn.access.model import (
    EVERY_PROJECT,
    Account,
    AccountExistsError,
    AccountKind,
    AccountNotFoundError,
    BadTokenError,
    Grant,
    IssuedToken,
    LastAdminError,
    Principal,
    Role,
    Token,
    TokenNotFoundError,
)
from everlearn.access.recent import RecentPrincipals
from everlearn.core.actor import Actor
from everlearn.core.clock import Clock
from everlearn.core.ids import new_id
from everlearn.core.names import checked_name
from everlearn.core.page import Page, checked_limit, page_of
from everlearn.db import Database, Tx
from everlearn.eventlog import EventLog

TICKET_LIFETIME = timedelta(minutes=15)


@dataclass(frozen=True, slots=True)
class Access:
    """Who is known, what they may do, and whether what they show is theirs."""

    db: Database
    log: EventLog
    clock: Clock
    recent: RecentPrincipals = field(default_factory=RecentPrincipals, compare=False, repr=False)

    def create_account(self, name: str, kind: AccountKind, *, actor: Actor) -> Account:
        """Make somebody known; they may do nothing yet.

        Raises
        ------
        AccountExistsError
            When the name is taken, also by an account of the other kind.
        """
        account = Account(
            id=new_id("acc"), name=checked_name(name, kind="account"), kind=kind, created_at=self.clock.now()
        )
        with self.db.write() as tx:
            if not store.insert_account(tx, account):
                raise AccountExistsError(f"there is an account {name} already; choose another name")
            event = AccountCreated(account=name, kind=kind)
            self.log.append(tx, event, actor=actor, subject=_subject(name))
        return account

    def account(self, name: str) -> Account:
        """Give one account."""
        with self.db.read() as tx:
            return _known_account(tx, name)

    def accounts(self, *, after: str | None = None, limit: int = 100) -> Page[Account]:
        """List accounts by name."""
        with self.db.read() as tx:
            rows = store.list_accounts(tx, after=after, limit=checked_limit(limit) + 1)
        return page_of(rows, limit=limit, key=lambda account: account.name)

    def grants(self, project: str, *, after: str | None = None, limit: int = 100) -> Page[Grant]:
        """List who has which role in exactly this scope (a project or `*`)."""
        with self.db.read() as tx:
            rows = store.grants_in(tx, model.checked_scope(project), after=after, limit=checked_limit(limit) + 1)
        return page_of(rows, limit=limit, key=lambda grant: grant.account)

    def roles(self, name: str) -> dict[str, Role]:
        """Give an account's roles by scope."""
        with self.db.read() as tx:
            return store.roles_of(tx, _known_account(tx, name).id)

    def grant(self, name: str, project: str, role: Role | None, *, actor: Actor) -> None:
        """Give an account a role in a scope, or take it away (None). The same again changes nothing.

        Raises
        ------
        LastAdminError
            When nobody would be left to administer the platform.
        """
        model.checked_scope(project)
        with self.db.write() as tx:
            account = _known_account(tx, name)
            before = store.role_of(tx, account.id, project)
            if before is role:
                return
            if before is Role.ADMIN and project == EVERY_PROJECT and len(store.admins(tx, EVERY_PROJECT)) == 1:
                raise LastAdminError(f"{name} is the only admin of the platform; make another one first")
            store.set_role(tx, account.id, project, role)
            event = GrantChanged(account=name, project=project, before=before, after=role)
            self.log.append(tx, event, actor=actor, subject=_subject(name))
        self.recent.forget_all()

    def issue_token(
        self, name: str, *, label: str = "", expires_at: datetime | None = None, actor: Actor
    ) -> IssuedToken:
        """Make a token for an account; its secret is in the answer and nowhere else."""
        made = secrets.make_token()
        token = Token(
            id=made.id,
            account=name,
            label=model.checked_label(label),
            created_at=self.clock.now(),
            expires_at=expires_at,
            revoked_at=None,
            last_used_at=None,
        )
        with self.db.write() as tx:
            account = _known_account(tx, name)
            store.insert_token(tx, token, account_id=account.id, secret_hash=made.secret_hash)
            event = TokenIssued(account=name, token_id=token.id, label=label, expires_at=expires_at)
            self.log.append(tx, event, actor=actor, subject=_subject(name))
        return IssuedToken(token=token, secret=made.presented)

    def tokens(self, name: str, *, after: str | None = None, limit: int = 100) -> Page[Token]:
        """List an account's tokens, oldest first."""
        with self.db.read() as tx:
            account = _known_account(tx, name)
            rows = store.list_tokens(tx, account.id, after=after, limit=checked_limit(limit) + 1)
        return page_of(rows, limit=limit, key=lambda token: token.id)

    def revoke_token(self, token_id: str, *, actor: Actor) -> Token:
        """Revoke a token, with the sessions opened with it; elsewhere noticed within 30 s. Again changes nothing."""
        with self.db.write() as tx:
            found = store.find_token(tx, token_id)
            if found is None:
                raise TokenNotFoundError(f"no token {token_id[:64]!r}; list them: everlearn access tokens NAME")
            if store.mark_revoked(tx, token_id, self.clock.now()):
                event = TokenRevoked(account=found[0].account, token_id=token_id)
                self.log.append(tx, event, actor=actor, subject=_subject(found[0].account))
        self.recent.forget_all()
        return found[0]

    def has_admin(self) -> bool:
        """Tell whether anybody administers the platform yet."""
        with self.db.read() as tx:
            return bool(store.admins(tx, EVERY_PROJECT))

    def recall(self, presented: str) -> Principal | None:
        """Give who showed this token within the last seconds; touches memory only."""
        return self.recent.find(secrets.fingerprint(presented), self.clock.now())

    def recall_session(self, value: str) -> Principal | None:
        """Give whose session was shown within the last seconds; touches memory only."""
        return self.recent.find(_session_key(value), self.clock.now())

    def authenticate(self, presented: str) -> Principal:
        """Give who shows this token; verified at most every 30 s.

        Raises
        ------
        BadTokenError
            When the token opens nothing.
        """
        known = self.recall(presented)
        if known is None:
            known = authentication.principal_of_token(self.db, self.clock, presented)
            self.recent.remember(secrets.fingerprint(presented), known, self.clock.now())
        return known

    def authenticate_session(self, value: str) -> Principal:
        """Give whose browser session this is; looked up at most every 30 s.

        Raises
        ------
        BadTokenError
            When the session is over.
        """
        known = self.recall_session(value)
        if known is None:
            known = authentication.principal_of_session(self.db, self.clock, value)
            self.recent.remember(_session_key(value), known, self.clock.now())
        return known

    def require(self, principal: Principal, project: str, role: Role) -> None:
        """Let the caller pass if they have the role; the refusal says why."""
        model.require(principal, project, role)

    def issue_ticket(self, name: str) -> str:
        """Make a value that signs a browser in once, within 15 minutes."""
        ticket = secrets.make_ticket()
        with self.db.write() as tx:
            session_store.delete_expired(tx, self.clock.now())
            session_store.insert_ticket(
                tx,
                secrets.fingerprint(ticket),
                account_id=_known_account(tx, name).id,
                expires_at=self.clock.now() + TICKET_LIFETIME,
            )
        return ticket

    def session_from_ticket(self, ticket: str, *, lifetime: timedelta) -> str:
        """Use a ticket up and open a session; give the cookie's value."""
        value, now = secrets.make_ticket(), self.clock.now()
        with self.db.write() as tx:
            account_id = session_store.take_ticket(tx, secrets.fingerprint(ticket), now=now)
            if account_id is None:
                raise BadTokenError("this link was used already or is too old; `everlearn access ticket` makes another")
            session_store.insert_session(
                tx, secrets.fingerprint(value), account_id=account_id, token_id=None, expires_at=now + lifetime
            )
        return value

    def session_from_token(self, presented: str, *, lifetime: timedelta) -> str:
        """Open a session for whoever shows this token; it ends with the token. Give the cookie's value."""
        principal = self.authenticate(presented)
        parts = secrets.split_token(presented)
        value = secrets.make_ticket()
        with self.db.write() as tx:
            session_store.insert_session(
                tx,
                secrets.fingerprint(value),
                account_id=_known_account(tx, principal.name).id,
                token_id=parts[0] if parts else None,
                expires_at=self.clock.now() + lifetime,
            )
        return value

    def end_session(self, value: str) -> None:
        """Sign a browser out."""
        with self.db.write() as tx:
            session_store.delete_session(tx, secrets.fingerprint(value))
        self.recent.forget_all()


def _known_account(tx: Tx, name: str) -> Account:
    account = store.account_by_name(tx, name)
    if account is None:
        raise AccountNotFoundError(f"no account {name[:64]!r}; make it: everlearn access create NAME")
    return account


def _subject(name: str) -> str:
    return f"account:{name}"


def _session_key(value: str) -> str:
    return "session " + secrets.fingerprint(value)  # never to be mistaken for a token of the same text
