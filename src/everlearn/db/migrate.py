"""Bringing a database to the present schema, forward only, safe to run from many processes at once.

Alembic takes as long to load as everything else that a process needs at its start, so it is loaded only when there is
something to apply; whether there is, is a plain question to the database.
"""

from pathlib import Path

import sqlalchemy as sa

from everlearn.core.errors import ConflictError
from everlearn.db.engine import Database, Tx
from everlearn.db.schema import metadata

_MIGRATIONS = Path(__file__).parent / "migrations"
_LOCK_KEY = 0x45564C  # "EVL": one advisory lock on PostgreSQL; SQLite has one writer anyway


def migrate(db: Database) -> None:
    """Apply what is missing. Does nothing, cheaply, when nothing is.

    Raises
    ------
    ConflictError
        When the database was written by a newer Everlearn.
    """
    with db.read() as tx:
        if schema_revision(tx) == newest_revision():
            return
    with db.write() as tx:
        if tx.is_postgresql:
            tx.execute(sa.text("select pg_advisory_xact_lock(:key)"), {"key": _LOCK_KEY})
        _upgrade(tx)


def schema_revision(tx: Tx) -> str | None:
    """Tell which revision the database is at; None when it is empty."""
    if not sa.inspect(tx.connection).has_table("alembic_version"):
        return None
    revision: str | None = tx.execute(sa.text("select version_num from alembic_version")).scalar_one_or_none()
    return revision


def newest_revision() -> str:
    """Tell which revision this code expects: they are numbered, and so are their files."""
    return max(place.name.partition("_")[0] for place in (_MIGRATIONS / "versions").glob("[0-9]*_*.py"))


def _upgrade(tx: Tx) -> None:
    from alembic.config import Config  # noqa: PLC0415  # heavy, see above
    from alembic.runtime.environment import EnvironmentContext  # noqa: PLC0415
    from alembic.script import ScriptDirectory  # noqa: PLC0415

    scripts = ScriptDirectory(str(_MIGRATIONS))
    current = schema_revision(tx)
    if current is not None and current not in {script.revision for script in scripts.walk_revisions()}:
        raise ConflictError(
            f"the database is at schema {current}, which this version of Everlearn does not know; "
            "run the newer version that wrote it"
        )
    with EnvironmentContext(
        Config(),
        scripts,
        fn=lambda revision, _: scripts._upgrade_revs("head", revision),  # noqa: SLF001  # type: ignore[arg-type,return-value]
    ) as environment:
        environment.configure(connection=tx.connection, target_metadata=metadata, transactional_ddl=False)
        environment.run_migrations()
