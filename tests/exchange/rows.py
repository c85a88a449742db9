"""Every row of an MLflow database that an exchange carries, to be compared with another one's."""

from typing import Any

import sqlalchemy as sa
from tests.exchange.mlflow_tables import schema_of

MADE_ANEW = {  # what names a place, or a thing that nobody asks for by its name
    "experiments": {"artifact_location"},
    "runs": {"artifact_uri", "deleted_time", "entry_point_name", "source_version"},
    "datasets": {"dataset_uuid"},
    "inputs": {"input_uuid", "source_id"},
    "input_tags": {"input_uuid"},
    "logged_models": {"artifact_location", "status_message"},
    "model_versions": {"source", "storage_location", "user_id"},
    "registered_model_aliases": set[str](),
}
LEFT_OUT = {"alembic_version", "trace_info"}


def contents(url: str) -> dict[str, list[dict[str, Any]]]:
    """Give every row but what is made anew, in an order of its own."""
    engine = sa.create_engine(url.replace("postgresql://", "postgresql+psycopg://"))
    found = {}
    with engine.connect() as connection:
        for name, table in schema_of("3.17").tables.items():
            columns = [column for column in table.c if column.name not in MADE_ANEW.get(name, ())]
            rows = [dict(row._mapping) for row in connection.execute(sa.select(*columns))]
            found[name] = sorted(rows, key=repr)
    engine.dispose()
    return {name: rows for name, rows in found.items() if name not in LEFT_OUT}
