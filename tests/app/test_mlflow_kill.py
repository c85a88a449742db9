"""A server that is killed while clients log: what it acknowledged is there, and nothing is there by half."""

import signal
import threading
from pathlib import Path
from typing import Any

import httpx
from tests.app.processes import free_port, serving

BATCH = 50


def ask(port: int, method: str, path: str, **said: Any) -> Any:
    answer = httpx.request(method, f"http://127.0.0.1:{port}/api/2.0/mlflow{path}", timeout=30, **said)
    answer.raise_for_status()
    return answer.json()


def log_until_refused(port: int, run: str, writer: int, acknowledged: dict[int, int], begun: threading.Event) -> None:
    """Log one batch after another until the server is gone."""
    for number in range(100_000):
        metrics = [
            {"key": f"w{writer}", "value": number, "timestamp": 1, "step": number * BATCH + place}
            for place in range(BATCH)
        ]
        body = {"run_id": run, "metrics": metrics, "params": [{"key": f"w{writer}-{number}", "value": "x"}]}
        try:
            ask(port, "POST", "/runs/log-batch", json=body)
        except httpx.HTTPError:
            return
        acknowledged[writer] = number + 1
        if number == 5:
            begun.set()


def test_what_was_acknowledged_survives_and_batches_are_whole(tmp_path: Path) -> None:
    port, acknowledged, begun = free_port(), dict.fromkeys(range(3), 0), threading.Event()
    with serving(tmp_path / "home", port) as server:
        run = ask(port, "POST", "/runs/create", json={"experiment_id": "0"})["run"]["info"]["run_id"]
        writers = [
            threading.Thread(target=log_until_refused, args=(port, run, writer, acknowledged, begun))
            for writer in acknowledged
        ]
        for thread in writers:
            thread.start()
        assert begun.wait(60)
        server.send_signal(signal.SIGKILL)
        for thread in writers:
            thread.join()

    with serving(tmp_path / "home", port):
        data = ask(port, "GET", "/runs/get", params={"run_id": run})["run"]["data"]
        params = {one["key"] for one in data["params"]}
        for writer, count in acknowledged.items():
            query = {"run_id": run, "metric_key": f"w{writer}"}
            points = ask(port, "GET", "/metrics/get-history", params=query).get("metrics", [])
            batches = len(points) // BATCH

            assert len(points) == batches * BATCH  # a batch is there as a whole or not at all
            assert count <= batches <= count + 1  # the last one may have been written and not answered
            assert {f"w{writer}-{number}" for number in range(batches)} == {
                key for key in params if key.startswith(f"w{writer}-")
            }
