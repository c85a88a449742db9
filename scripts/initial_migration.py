"""Write `db/migrations/versions/0001_foundation.py` from the declared tables.

Used until the first release only; afterwards every change is a revision of its own.
"""

import subprocess
import sys
from pathlib import Path

import sqlalchemy as sa
from alembic.autogenerate import produce_migrations, render_python_code
from alembic.runtime.migration import MigrationContext

import everlearn.app.tables  # noqa: F401  # declares every table
from everlearn.db import metadata

TARGET = Path(__file__).parents[1] / "src/everlearn/db/migrations/versions/0001_foundation.py"

HEAD = '''"""The foundation: every table of the first loop."""

import sqlalchemy as sa
from alembic import op

from everlearn.db.schema import Instant

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Create the tables."""
'''


def main() -> None:
    with sa.create_engine("sqlite://").connect() as connection:
        context = MigrationContext.configure(connection)
        operations = produce_migrations(context, metadata).upgrade_ops_list[0]
    body = render_python_code(operations, migration_context=context)
    body = body.replace("everlearn.db.schema.Instant()", "Instant()")
    TARGET.write_text(HEAD + "    " + body + "\n")
    subprocess.run([sys.executable, "-m", "ruff", "check", "--fix", "-q", str(TARGET)], check=False)
    subprocess.run([sys.executable, "-m", "ruff", "format", "-q", str(TARGET)], check=True)


if __name__ == "__main__":
    main()
