"""Migrating from empty gives exactly the declared tables, on both engines."""

from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext

from everlearn.db import Database, metadata


def test_migrations_and_declared_tables_agree(db: Database) -> None:
    with db.read() as tx:
        context = MigrationContext.configure(tx.connection, opts={"compare_type": True})
        difference = compare_metadata(context, metadata)

    assert difference == []
