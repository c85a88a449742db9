"""Access rows in, values out."""

from collections.abc import Sequence
from datetime import datetime

import sqlalchemy as sa

from everlearn.access.model import Account, AccountKind, Grant, Role, Token
from everlearn.access.tables import accounts, grants, tokens
from everlearn.db import Tx, insert_for

_LIST_LIMIT = 1_000


def insert_account(tx: Tx, account: Account) -> bool:
    """Add an account; False when the name is taken."""
    row = {"id": account.id, "name": account.name, "kind": account.kind, "created_at": account.created_at}
    statement = insert_for(tx, accounts).values(row).on_conflict_do_nothing().returning(accounts.c.id)
    return tx.execute(statement).one_or_none() is not None


def account_by_name(tx: Tx, name: str) -> Account | None:
    """Find an account by its name."""
    row = tx.execute(_select_account().where(accounts.c.name == name)).one_or_none()
    return None if row is None else _account(row)


def account_by_id(tx: Tx, account_id: str) -> Account | None:
    """Find an account by its id."""
    row = tx.execute(_select_account().where(accounts.c.id == account_id)).one_or_none()
    return None if row is None else _account(row)


def list_accounts(tx: Tx, *, after: str | None, limit: int) -> list[Account]:
    """Give up to `limit` accounts by name."""
    query = _select_account().order_by(accounts.c.name).limit(limit)
    return [_account(row) for row in tx.execute(query if after is None else query.where(accounts.c.name > after))]


def role_of(tx: Tx, account_id: str, project: str) -> Role | None:
    """Give the role granted in exactly this scope."""
    query = sa.select(grants.c.role).where(grants.c.account_id == account_id, grants.c.project == project)
    role = tx.execute(query).scalar_one_or_none()
    return None if role is None else Role(role)


def set_role(tx: Tx, account_id: str, project: str, role: Role | None) -> None:
    """Put a grant in force, or take it away."""
    if role is None:
        tx.execute(sa.delete(grants).where(grants.c.account_id == account_id, grants.c.project == project))
        return
    statement = insert_for(tx, grants).values(account_id=account_id, project=project, role=role)
    tx.execute(
        statement.on_conflict_do_update(
            index_elements=[grants.c.account_id, grants.c.project], set_={"role": statement.excluded.role}
        )
    )


def roles_of(tx: Tx, account_id: str) -> dict[str, Role]:
    """Give all grants of an account by scope."""
    query = (
        sa.select(grants.c.project, grants.c.role)
        .where(grants.c.account_id == account_id)
        .order_by(grants.c.project)
        .limit(_LIST_LIMIT)
    )
    return {row.project: Role(row.role) for row in tx.execute(query)}


def grants_in(tx: Tx, project: str, *, after: str | None, limit: int) -> list[Grant]:
    """Give the grants of one scope by account name."""
    query = (
        sa.select(accounts.c.name, grants.c.project, grants.c.role)
        .join(accounts, accounts.c.id == grants.c.account_id)
        .where(grants.c.project == project)
        .order_by(accounts.c.name)
        .limit(limit)
    )
    rows = tx.execute(query if after is None else query.where(accounts.c.name > after))
    return [Grant(account=row.name, project=row.project, role=Role(row.role)) for row in rows]


def admins(tx: Tx, project: str) -> Sequence[str]:
    """Give the ids of the accounts that are admin in exactly this scope (the first few)."""
    query = (
        sa.select(grants.c.account_id)
        .where(grants.c.project == project, grants.c.role == Role.ADMIN)
        .order_by(grants.c.account_id)
        .limit(2)
    )
    return tx.execute(query).scalars().all()


def insert_token(tx: Tx, token: Token, *, account_id: str, secret_hash: str) -> None:
    """Add a token."""
    tx.execute(
        sa.insert(tokens).values(
            id=token.id,
            account_id=account_id,
            label=token.label,
            secret_hash=secret_hash,
            created_at=token.created_at,
            expires_at=token.expires_at,
        )
    )


def find_token(tx: Tx, token_id: str) -> tuple[Token, str, str] | None:
    """Give a token with the id of its account and its hash."""
    query = _select_token().add_columns(tokens.c.account_id, tokens.c.secret_hash).where(tokens.c.id == token_id)
    row = tx.execute(query).one_or_none()
    return None if row is None else (_token(row), row.account_id, row.secret_hash)


def list_tokens(tx: Tx, account_id: str, *, after: str | None, limit: int) -> list[Token]:
    """Give the tokens of an account, oldest first."""
    query = _select_token().where(tokens.c.account_id == account_id).order_by(tokens.c.id).limit(limit)
    return [_token(row) for row in tx.execute(query if after is None else query.where(tokens.c.id > after))]


def mark_revoked(tx: Tx, token_id: str, at: datetime) -> bool:
    """Revoke a token; False when it was already."""
    statement = sa.update(tokens).where(tokens.c.id == token_id, tokens.c.revoked_at.is_(None)).values(revoked_at=at)
    return tx.execute(statement).rowcount == 1


def mark_used(tx: Tx, token_id: str, at: datetime) -> None:
    """Note when a token was last shown."""
    tx.execute(sa.update(tokens).where(tokens.c.id == token_id).values(last_used_at=at))


def _select_account() -> sa.Select[tuple[str, str, str, datetime]]:
    return sa.select(accounts.c.id, accounts.c.name, accounts.c.kind, accounts.c.created_at)


def _account(row: sa.Row[tuple[str, str, str, datetime]]) -> Account:
    return Account(id=row.id, name=row.name, kind=AccountKind(row.kind), created_at=row.created_at)


def _select_token() -> sa.Select[tuple[object, ...]]:
    return sa.select(
        tokens.c.id,
        accounts.c.name.label("account"),
        tokens.c.label.label("label_text"),
        tokens.c.created_at,
        tokens.c.expires_at,
        tokens.c.revoked_at,
        tokens.c.last_used_at,
    ).join(accounts, accounts.c.id == tokens.c.account_id)


def _token(row: sa.Row[tuple[object, ...]]) -> Token:
    return Token(
        id=row.id,
        account=row.account,
        label=row.label_text,
        created_at=row.created_at,
        expires_at=row.expires_at,
        revoked_at=row.revoked_at,
        last_used_at=row.last_used_at,
    )
