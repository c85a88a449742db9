"""Places to store in: SQLite with a folder, PostgreSQL with a bucket."""

from collections.abc import Iterator

import pytest
from tests.blobs.conftest import bucket_url, folder_url, s3_endpoint  # noqa: F401  # fixtures
from tests.storage.place import Place, place_of

from everlearn.blobs import open_blobs
from everlearn.db import open_database
from everlearn.db.migrate import migrate


@pytest.fixture(params=["sqlite and a folder", "postgresql and a bucket"])
def place(request: pytest.FixtureRequest) -> Iterator[Place]:
    """Both kinds of everything, in two places."""
    is_small = request.param.startswith("sqlite")
    folder = request.getfixturevalue("tmp_path")
    url = f"sqlite:///{folder / 'everlearn.db'}" if is_small else request.getfixturevalue("postgresql_url")
    db = open_database(url)
    migrate(db)
    yield place_of(db, open_blobs(request.getfixturevalue("folder_url" if is_small else "bucket_url")))
    db.close()
