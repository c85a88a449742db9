"""A gateway that is killed again and again under load has every answer it gave in the table, once."""

import os
import socket
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest
import sqlalchemy as sa
from tests.serving.running import TOKEN, URL, Stage, rows, until

from everlearn.db import Database
from everlearn.serving.model import Phase, Traffic
from everlearn.serving.tables import predictions

ROOT = Path(__file__).parents[2]
ANSWERS_BETWEEN_KILLS = (20, 300, 75, 150)


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
        return port


def start(database_url: str, spool: Path, port: int) -> subprocess.Popen[bytes]:
    path = os.pathsep.join(filter(None, (str(ROOT), os.environ.get("PYTHONPATH"))))
    return subprocess.Popen(
        [sys.executable, "-m", "tests.serving.gateway_process", database_url, str(spool), str(port)],
        cwd=ROOT,
        env=os.environ | {"PYTHONPATH": path},
    )


class Load:
    """Clients that ask without pause and keep count of what was answered."""

    def __init__(self, port: int) -> None:
        self.answered: set[str] = set()
        self._port = port
        self._is_over = False

    @contextmanager
    def going(self, clients: int = 4) -> Iterator[None]:
        """Ask for as long as the block lasts."""
        threads = [threading.Thread(target=self._ask, args=(number,)) for number in range(clients)]
        for thread in threads:
            thread.start()
        try:
            yield
        finally:
            self._is_over = True
            for thread in threads:
                thread.join()

    def await_answers(self, count: int) -> None:
        """Wait for so many more answers."""
        enough = len(self.answered) + count
        until(lambda: len(self.answered) >= enough, within_s=60.0)

    def _ask(self, client_number: int) -> None:
        count = 0
        with httpx.Client(base_url=f"http://127.0.0.1:{self._port}", headers=TOKEN, timeout=5.0) as client:
            while not self._is_over:
                request_id = f"{client_number}-{count}"
                try:
                    answer = client.post(URL, json=rows((1.0, 10.0), (2.0, 20.0), id=request_id))
                except httpx.TransportError:
                    time.sleep(0.01)
                    continue  # asked again under the same id
                if answer.status_code == 200:
                    self.answered.add(request_id)
                    count += 1


@pytest.mark.slow
def test_every_answer_is_stored_once_whenever_the_gateway_is_killed(db: Database, tmp_path: Path) -> None:
    stage = Stage(db=db, folder=tmp_path)
    stage.direct(Traffic(champion=1))
    stage.direct(Traffic(champion=1, candidate=2, phase=Phase.CANARY, weight=0.5))
    port = free_port()
    load = Load(port)
    url = db.engine.url.render_as_string(hide_password=False)

    with load.going():
        for count in ANSWERS_BETWEEN_KILLS:
            gateway = start(url, tmp_path / "spool", port)
            load.await_answers(count)
            gateway.kill()
            gateway.wait()
    last = start(url, tmp_path / "spool", port)
    with httpx.Client(base_url=f"http://127.0.0.1:{port}") as client:
        until(lambda: is_idle(client), within_s=60.0)
    last.terminate()
    last.wait()

    with db.read() as tx:
        stored = tx.execute(sa.select(predictions.c.prediction_id, predictions.c.version)).all()
        served = tx.execute(sa.select(predictions.c.prediction_id).where(predictions.c.is_served)).scalars().all()
    expected = {f"{request_id}:{index}" for request_id in load.answered for index in range(2)}
    times = Counter((row.prediction_id, row.version) for row in stored)
    assert set(times.values()) == {1}
    assert {(name, version) for name in expected for version in (1, 2)} <= set(times)
    assert expected <= set(served)
    assert max(Counter(served).values()) == 1


def is_idle(client: httpx.Client) -> bool:
    """Tell whether the gateway is up and has shipped everything."""
    try:
        answer = client.get("/health/spool")
    except httpx.TransportError:
        return False
    return answer.status_code == 200 and answer.json()["unshipped_bytes"] == 0
