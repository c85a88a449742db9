"""Nobody has to guess what names a blob: it is declared, and what is not declared is found here."""

from dataclasses import fields

from everlearn.app.events import CATALOGUE
from everlearn.db import metadata
from everlearn.db.references import is_declared, referring_columns

NO_BLOBS = {  # digests in events of what is not stored under them
    ("datasets.defined", "digest"),  # of a contract
    ("datasets.version_appended", "digest"),  # of a list of partitions
    ("datasets.partition_refused", "digest"),  # of a file that was not kept
    ("features.view_defined", "digest"),  # of a definition
    ("decisions.decided", "digest"),  # of the decision; its window stands in its row
}


def test_every_column_with_a_digest_says_what_it_is_of() -> None:
    undeclared = [
        f"{table.name}.{column.name}"
        for table in metadata.sorted_tables
        for column in table.columns
        if "digest" in column.name and not is_declared(column)
    ]

    assert undeclared == [], "say names_blob(…), mentions_blobs(…) or NO_BLOB where the column is declared"


def test_every_event_with_a_digest_says_whether_it_is_of_a_blob() -> None:
    undeclared = [
        (event.name, field.name)
        for event in CATALOGUE
        for field in fields(event)
        if ("digest" in field.name or "Digest" in str(field.type))
        and field.name not in event.blobs
        and (event.name, field.name) not in NO_BLOBS
    ]

    assert undeclared == []


def test_the_log_and_the_registry_are_among_those_that_refer() -> None:
    referring = {f"{one.table.name}.{one.column.name}" for one in referring_columns()}

    assert {"log_evidence.digest", "registry_versions.model_digest", "tracking_artifacts.digest"} <= referring
