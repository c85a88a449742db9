"""One gateway for all tests of a module that change nothing about it."""

from collections.abc import Iterator
from dataclasses import dataclass

import httpx
import pytest
from tests.serving.running import Stage

from everlearn.db import open_database
from everlearn.db.migrate import migrate
from everlearn.serving.model import Traffic
from everlearn.serving.protocol import Limits


@dataclass(frozen=True)
class Shared:
    """A gateway that serves version 1 of `eta`: the answer is the column x."""

    client: httpx.Client
    port: int

    def rows_answered(self) -> str:
        """Give the counters of answered rows."""
        text = self.client.get("/metrics").text
        return "\n".join(line for line in text.splitlines() if line.startswith("everlearn_gateway_rows_total"))


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shared]:
    """A running gateway that takes 300 rows and 200,000 bytes."""
    folder = tmp_path_factory.mktemp("gateway")
    db = open_database(f"sqlite:///{folder / 'everlearn.db'}")
    migrate(db)
    stage = Stage(db=db, folder=folder)
    stage.direct(Traffic(champion=1))
    with stage.running(limits=Limits(body_bytes=200_000, rows=300)) as client:
        yield Shared(client=client, port=stage.port)
    db.close()
