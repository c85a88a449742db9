"""Opening an MLflow database: which engine, which revision, which tables, by looking at it."""

import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

import sqlalchemy as sa
from sqlalchemy import exc

from everlearn.exchange.mlflow.revisions import KNOWN, NEWEST
from everlearn.exchange.model import NotMlflowError, NotReadableError, UnknownSchemaError

DEFAULT_WORKSPACE = "default"
_NEEDED = frozenset({"experiments", "runs", "metrics", "params", "tags", "registered_models", "model_versions"})
_SQLITE_WAIT_S = 30.0


@dataclass(frozen=True, slots=True)
class MlflowDatabase:
    """An open database of MLflow."""

    engine: sa.Engine
    address: str  # without its password
    revision: str
    tables: Mapping[str, sa.Table]

    def close(self) -> None:
        """Give its connections back."""
        self.engine.dispose()


def open_source(uri: str) -> MlflowDatabase:
    """Open a database to read from; nothing in it can be changed through this.

    Raises
    ------
    NotReadableError
        When it cannot be opened, or is of an engine that we do not read.
    NotMlflowError
        When MLflow did not make it.
    UnknownSchemaError
        When its schema is older or newer than those that we know.
    """
    opened = _opened(uri, read_only=True)
    if opened.revision not in KNOWN:
        opened.close()
        raise UnknownSchemaError(
            f"{opened.address} has revision {opened.revision!r} of MLflow's schema; MLflow 2.22 to 3.17 are known here "
            f"({KNOWN[0]} to {NEWEST}). If it is an older one, bring a copy up to date first: mlflow db upgrade URI",
            revision=opened.revision,
        )
    return opened


def open_target(uri: str) -> MlflowDatabase:
    """Open a database to write into: it must have exactly the newest schema that we know.

    Raises
    ------
    NotReadableError
        When it cannot be opened.
    UnknownSchemaError
        When it has no schema, or another one.
    """
    hint = f"make an empty one with MLflow 3.17: mlflow db upgrade {uri}"
    try:
        opened = _opened(uri, read_only=False)
    except NotMlflowError as error:
        raise UnknownSchemaError(f"{error.message}; {hint}", hint=hint) from error
    if opened.revision != NEWEST:
        opened.close()
        raise UnknownSchemaError(
            f"{opened.address} has revision {opened.revision!r} of MLflow's schema, and {NEWEST!r} of 3.17 is what is "
            f"written here; {hint}",
            hint=hint,
        )
    return opened


def _opened(uri: str, *, read_only: bool) -> MlflowDatabase:
    url = _url(uri)
    address = url.render_as_string(hide_password=True)
    engine = _engine(url, read_only=read_only)
    try:
        names = set(sa.inspect(engine).get_table_names())
        if "alembic_version" not in names or not names >= _NEEDED:
            raise NotMlflowError(f"{address} holds no schema of MLflow's")
        schema = sa.MetaData()
        schema.reflect(engine, only=sorted(names & _KNOWN_TABLES))
        with engine.connect() as connection:
            revision = connection.execute(sa.select(schema.tables["alembic_version"].c.version_num)).scalar_one()
    except exc.DBAPIError as error:
        engine.dispose()
        raise NotReadableError(f"{address} cannot be read: {str(error.orig).splitlines()[0]}") from error
    return MlflowDatabase(engine, address, revision, dict(schema.tables))


def _url(uri: str) -> sa.URL:
    try:
        return sa.make_url(uri)
    except exc.ArgumentError as error:
        raise NotReadableError("not a database URI; expected sqlite:///FILE or postgresql://HOST/NAME") from error


def _engine(url: sa.URL, *, read_only: bool) -> sa.Engine:
    match url.get_backend_name():
        case "sqlite":
            return _sqlite(Path(url.database or ""), read_only=read_only)
        case "postgresql" | "postgres":
            options = "-c default_transaction_read_only=on" if read_only else ""
            return sa.create_engine(
                url.set(drivername="postgresql+psycopg"), connect_args={"connect_timeout": 5, "options": options}
            )
        case other:
            raise NotReadableError(f"databases of {other!r} are not read; MLflow's SQLite and PostgreSQL ones are")


def _sqlite(path: Path, *, read_only: bool) -> sa.Engine:
    if not path.is_file():
        raise NotReadableError(f"there is no file {path}; write sqlite:////absolute/path or sqlite:///relative/path")
    place = f"file:{quote(str(path.absolute()))}?mode={'ro' if read_only else 'rw'}"
    return sa.create_engine(
        "sqlite://", creator=lambda: sqlite3.connect(place, uri=True, timeout=_SQLITE_WAIT_S), poolclass=sa.NullPool
    )


_KNOWN_TABLES = _NEEDED | {
    "alembic_version",
    "experiment_tags",
    "latest_metrics",
    "datasets",
    "inputs",
    "input_tags",
    "logged_models",
    "logged_model_metrics",
    "logged_model_params",
    "logged_model_tags",
    "registered_model_tags",
    "registered_model_aliases",
    "model_version_tags",
    "trace_info",
    "spans",
    "assessments",
    "evaluation_datasets",
    "scorers",
    "webhooks",
    "issues",
    "label_schemas",
    "review_queues",
    "endpoints",
    "secrets",
    "mcp_servers",
}
