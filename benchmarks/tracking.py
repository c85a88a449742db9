"""What tracking costs a server, beside `mlflow server` asked by the same script in the same run.

    python benchmarks/tracking.py [--runs N] [--points N] [--database postgresql://…] [--mlflow PATH] [--json FILE]

Both servers speak MLflow's REST protocol; the load is raw HTTP from this process. CPU is that of the server's whole
process tree, which a busy machine does not change. The rival runs when `--mlflow` names the program of an environment
that has it (its SQLite store, one worker). Without it the figures stand alone.
"""

import argparse
import json
import os
import re
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import httpx

FILTER, ORDER = "metrics.m1 > 0.5 and params.p1 = '3'", ["metrics.m2 DESC"]
_TICKS = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True, slots=True)
class Measure:
    """One line of the result."""

    server: str
    operation: str
    times: int
    cpu_ms: float  # of the server, per operation
    p50_ms: float
    p99_ms: float


@dataclass(frozen=True, slots=True)
class Server:
    """A server under load."""

    name: str
    pid: int
    client: httpx.Client

    def cpu_s(self) -> float:
        return sum(map(cpu_of, tree(self.pid)))

    def resident_mb(self) -> float:
        return sum(map(resident_of, tree(self.pid)))

    def post(self, path: str, **body: Any) -> Any:
        answer = self.client.post(f"/api/2.0/mlflow{path}", json=body)
        answer.raise_for_status()
        return answer.json()

    def get(self, path: str, **query: Any) -> Any:
        answer = self.client.get(f"/api/2.0/mlflow{path}", params=query)
        answer.raise_for_status()
        return answer.json()

    def run(self) -> str:
        tags = [{"key": "mlflow.user", "value": "me"}, {"key": "mlflow.source.name", "value": "train.py"}]
        made = self.post("/runs/create", experiment_id="0", start_time=int(time.time() * 1000), tags=tags)
        return str(made["run"]["info"]["run_id"])


# the servers


@contextmanager
def everlearn(folder: Path, database: str) -> Iterator[Server]:
    port = free_port()
    environment = os.environ | {
        "EVERLEARN_HOME": str(folder),
        "EVERLEARN_AUTH": "off",
        "EVERLEARN_API_PORT": str(port),
    }
    if database:
        environment["EVERLEARN_DATABASE_URL"] = database
    with served("everlearn", [sys.executable, "-m", "everlearn", "api"], port, environment) as server:
        yield server


@contextmanager
def rival(folder: Path, program: str) -> Iterator[Server]:
    port = free_port()
    command = [program, "server", "--backend-store-uri", f"sqlite:///{folder}/mlflow.db"]
    command += ["--artifacts-destination", str(folder / "artifacts"), "--port", str(port), "--workers", "1"]
    path = f"{Path(program).parent}{os.pathsep}{os.environ['PATH']}"
    with served("mlflow", command, port, os.environ | {"PATH": path}) as server:
        yield server


@contextmanager
def served(name: str, command: list[str], port: int, environment: dict[str, str]) -> Iterator[Server]:
    started = time.perf_counter()
    process = subprocess.Popen(
        command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True
    )
    client = httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=300)
    server = Server(name, process.pid, client)
    try:
        wait_until_healthy(server, process)
        told(f"{name}: ready after {time.perf_counter() - started:.1f} s, {server.resident_mb():.0f} MB resident")
        yield server
        told(f"{name}: {server.resident_mb():.0f} MB resident at the end")
    finally:
        client.close()
        os.killpg(process.pid, signal.SIGTERM)
        process.wait()


def wait_until_healthy(server: Server, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + 180
    while time.monotonic() < deadline and process.poll() is None:
        try:
            if server.client.get("/health").status_code == 200:
                return
        except httpx.TransportError:
            time.sleep(0.05)
    sys.exit(f"{server.name} did not start")


# what they are asked


def measured(server: Server, runs: int, points: int) -> Iterator[Measure]:
    run = server.run()
    at = int(time.time() * 1000)

    def batch(number: int) -> None:
        steps = range(number * 1_000, (number + 1) * 1_000)
        metrics = [{"key": "loss", "value": step * 0.5, "timestamp": at + step, "step": step} for step in steps]
        server.post("/runs/log-batch", run_id=run, metrics=metrics)

    def metric(number: int) -> None:
        server.post("/runs/log-metric", run_id=run, key="slow", value=0.5, timestamp=at, step=number)

    def life(_number: int) -> None:
        server.post("/runs/update", run_id=server.run(), status="FINISHED", end_time=at)

    def model(number: int) -> None:
        server.post("/registered-models/create", name=f"model-{number}")

    def search(_number: int) -> None:
        server.post("/runs/search", experiment_ids=["0"], filter=FILTER, order_by=ORDER, max_results=100)

    def history(_number: int) -> None:
        server.get("/metrics/get-history", run_id=run, metric_key="loss")

    def thinned(_number: int) -> None:
        query = {"run_ids": run, "metric_key": "loss", "max_results": 1_000}
        server.get("/metrics/get-history-bulk-interval", **query)

    yield timed(server, "log_batch of 1,000 metrics", batch, points // 1_000)
    yield timed(server, "log_metric", metric, 200)
    yield timed(server, "create_run + end", life, 100)
    yield timed(server, "create registered model", model, 100)
    fill(server, runs)
    yield timed(server, f"search of {runs + 101:,} runs", search, 10)
    yield timed(server, f"history of {points:,} points", history, 3)
    yield timed(server, f"history of {points:,}, thinned", thinned, 10)


def fill(server: Server, runs: int) -> None:
    for number in range(runs):
        server.post(
            "/runs/log-batch",
            run_id=server.run(),
            metrics=[
                {"key": f"m{key}", "value": (number * 7919 * (key + 1)) % 1000 / 1000, "timestamp": 1, "step": 1}
                for key in range(10)
            ],
            params=[{"key": f"p{key}", "value": str((number * 31 + key) % 10)} for key in range(10)],
        )


def timed(server: Server, operation: str, ask: Callable[[int], None], times: int) -> Measure:
    spent, before = list[float](), server.cpu_s()
    for number in range(times):
        started = time.perf_counter()
        ask(number)
        spent.append((time.perf_counter() - started) * 1_000)
    cpu = (server.cpu_s() - before) / times * 1_000
    worst = sorted(spent)[min(len(spent) - 1, int(len(spent) * 0.99))]
    return Measure(server.name, operation, times, round(cpu, 3), round(statistics.median(spent), 2), round(worst, 2))


# processes


def free_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])


def tree(pid: int) -> list[int]:
    try:
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    except FileNotFoundError:
        return []
    return [pid, *(each for child in children for each in tree(int(child)))]


def cpu_of(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / _TICKS


def resident_of(pid: int) -> float:
    found = re.search(r"VmRSS:\s+(\d+) kB", Path(f"/proc/{pid}/status").read_text())
    return int(found.group(1)) / 1_000 if found else 0.0


def told(line: str) -> None:
    print(line, flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=1_000)
    parser.add_argument("--points", type=int, default=100_000)
    parser.add_argument("--database", default="", help="an empty database for everlearn instead of SQLite")
    parser.add_argument("--mlflow", default="", help="the program `mlflow` of another environment")
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    measures = list[Measure]()
    with tempfile.TemporaryDirectory() as folder:
        servers = [everlearn(Path(folder), options.database)]
        servers += [rival(Path(folder), options.mlflow)] if options.mlflow else []
        for opened in servers:
            with opened as server:
                for one in measured(server, options.runs, options.points):
                    measures.append(one)
                    told(
                        f"  {one.operation:<32} {one.times:>4} times  server CPU {one.cpu_ms:>9.2f} ms  "
                        f"p50 {one.p50_ms:>9.2f} ms  p99 {one.p99_ms:>9.2f} ms"
                    )
    if options.json:
        options.json.write_text(json.dumps([asdict(one) for one in measures], indent=2) + "\n")


if __name__ == "__main__":
    main()
