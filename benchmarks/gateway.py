"""What a request costs at the gateway, beside a plain FastAPI server of the same model in the same run.

    python benchmarks/gateway.py [--seconds 5] [--json FILE]

The gateway authenticates, validates, scores, writes every answer to its durable log and ships it to SQLite; the
rival decodes, scores and answers. The rival runs where `fastapi` is installed. Model: 100 boosted trees on 12 columns.
Everything runs on this machine, the load in a process of its own.
"""

import argparse
import asyncio
import json
import multiprocessing as mp
import os
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import onnxruntime
import uvicorn
from skl2onnx import to_onnx
from sklearn.ensemble import HistGradientBoostingRegressor

import everlearn.app.tables  # noqa: F401  # declares every table
from everlearn.access import Principal, Role
from everlearn.core.actor import Actor
from everlearn.core.clock import SystemClock
from everlearn.db import open_database
from everlearn.db.migrate import migrate
from everlearn.eventlog import Catalogue, EventLog
from everlearn.registry.model import Column, OutputColumn, Signature
from everlearn.serving import Deployments, Traffic
from everlearn.serving.events import EVENTS
from everlearn.serving.gateway import GatewayParts, build_gateway
from everlearn.serving.ports import LoadedSpec

COLUMNS = [f"c{index}" for index in range(12)]
TOKEN = "benchmark"  # noqa: S105  # opens a server that lives for seconds


@dataclass(frozen=True, slots=True)
class Measure:
    """One line of the result."""

    server: str
    connections: int
    rows: int
    requests_per_s: float
    p50_ms: float
    p99_ms: float
    cpu_ms: float  # of all threads of the server, per request


# servers, each in a process of its own


def serve_gateway(folder: str, port: int) -> None:
    class Source:
        def load(self, _project: str, _model: str, _version: int) -> LoadedSpec:
            signature = Signature(
                inputs=tuple(Column(name=name, datatype="FP32") for name in COLUMNS),
                outputs=(OutputColumn(name="minutes", datatype="FP32", minimum=-1e6, maximum=1e6),),
            )
            return LoadedSpec(onnx=(Path(folder) / "model.onnx").read_bytes(), signature=signature)

    class Keeper:
        def authenticate(self, _secret: str) -> Principal:
            return Principal(actor=Actor("user:benchmark"), name="benchmark", grants={"*": Role.CONTRIBUTOR})

        def require(self, _principal: Principal, _project: str, _role: Role) -> None:
            return

    parts = GatewayParts(
        name="benchmark",
        db=open_database(f"sqlite:///{folder}/everlearn.db"),
        source=Source(),
        doorkeeper=Keeper(),
        clock=SystemClock(),
        spool=Path(folder) / "spool",
    )
    uvicorn.run(build_gateway(parts), port=port, log_level="warning", access_log=False)


def serve_rival(folder: str, port: int) -> None:
    from fastapi import FastAPI  # noqa: PLC0415  # installed or not, by whoever runs this
    from pydantic import BaseModel  # noqa: PLC0415

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    session = onnxruntime.InferenceSession(f"{folder}/model.onnx", options, providers=["CPUExecutionProvider"])
    name = session.get_inputs()[0].name
    app = FastAPI()

    class Rows(BaseModel):
        rows: list[list[float]]

    @app.post("/predict")
    async def predict(body: Rows) -> dict[str, list[float]]:
        (values,) = session.run(None, {name: np.array(body.rows, dtype=np.float32)})
        return {"values": values.ravel().tolist()}

    uvicorn.run(app, port=port, log_level="warning", access_log=False)


# what they are asked


def gateway_request(rows: int) -> tuple[str, bytes]:
    values = sample(rows)
    inputs = [
        {"name": name, "shape": [rows], "datatype": "FP32", "data": values[:, index].tolist()}
        for index, name in enumerate(COLUMNS)
    ]
    return "/v2/models/eta/infer", json.dumps({"inputs": inputs}).encode()


def rival_request(rows: int) -> tuple[str, bytes]:
    return "/predict", json.dumps({"rows": sample(rows).tolist()}).encode()


def sample(rows: int) -> np.ndarray[tuple[int, int], np.dtype[np.float64]]:
    return np.random.default_rng(7).normal(size=(rows, len(COLUMNS))).round(3)


# load


async def ask(port: int, content: bytes, until_s: float, latencies: list[float]) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    while time.monotonic() < until_s:
        started = time.perf_counter()
        writer.write(content)
        head = await reader.readuntil(b"\r\n\r\n")
        assert head.startswith(b"HTTP/1.1 200"), head
        length = int(head.lower().split(b"content-length: ")[1].split(b"\r\n")[0])
        await reader.readexactly(length)
        latencies.append(time.perf_counter() - started)
    writer.close()


def load(port: int, request: tuple[str, bytes], connections: int, seconds: float) -> list[float]:
    """Ask without pause on some connections; give the seconds that each answer took."""
    path, body = request
    head = (
        f"POST {path} HTTP/1.1\r\nhost: localhost\r\nauthorization: Bearer {TOKEN}\r\n"
        f"content-type: application/json\r\ncontent-length: {len(body)}\r\n\r\n"
    )
    latencies: list[float] = []

    async def run() -> None:
        until_s = time.monotonic() + seconds
        await asyncio.gather(*(ask(port, head.encode() + body, until_s, latencies) for _ in range(connections)))

    asyncio.run(run())
    return latencies


def measured(server: str, pid: int, port: int, request: tuple[str, bytes], shape: tuple[int, int, float]) -> Measure:
    connections, rows, seconds = shape
    with mp.get_context("spawn").Pool(1) as pool:
        pool.apply(load, (port, request, connections, 0.5))
        before = cpu_seconds(pid)
        latencies = pool.apply(load, (port, request, connections, seconds))
        used = cpu_seconds(pid) - before
    ranked = sorted(latencies)
    return Measure(
        server=server,
        connections=connections,
        rows=rows,
        requests_per_s=round(len(ranked) / seconds, 1),
        p50_ms=round(1000 * statistics.median(ranked), 3),
        p99_ms=round(1000 * ranked[int(0.99 * len(ranked))], 3),
        cpu_ms=round(1000 * used / len(ranked), 3),
    )


def cpu_seconds(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


# the run


def prepare(folder: Path) -> None:
    """Train the model and deploy it in a fresh database."""
    x = sample(5_000).astype(np.float32)
    model = HistGradientBoostingRegressor(max_iter=100, random_state=7).fit(x, x.sum(axis=1))
    (folder / "model.onnx").write_bytes(to_onnx(model, x[:1]).SerializeToString())
    db, clock = open_database(f"sqlite:///{folder}/everlearn.db"), SystemClock()
    migrate(db)
    with db.write() as tx:
        deployments = Deployments(db, EventLog(Catalogue(EVENTS), clock), clock)
        deployments.direct(tx, "default", "eta", Traffic(champion=1), reason="benchmark", actor=Actor("user:me"))
    db.close()


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
        return port


def await_port(port: int) -> None:
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        try:
            socket.create_connection(("127.0.0.1", port)).close()
        except OSError:
            time.sleep(0.05)
        else:
            return
    raise SystemExit("a server did not start")


def run(server: str, request: Callable[[int], tuple[str, bytes]], folder: Path, seconds: float) -> list[Measure]:
    port = free_port()
    process = subprocess.Popen([sys.executable, __file__, "--serve", server, str(folder), str(port)])
    try:
        await_port(port)
        return [
            measured(server, process.pid, port, request(rows), (connections, rows, seconds))
            for rows in (1, 50)
            for connections in (1, 8)
        ]
    finally:
        process.terminate()
        process.wait()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=5.0, help="length of each measurement")
    parser.add_argument("--json", type=Path, help="also write the measures here")
    parser.add_argument("--serve", nargs=3, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.serve:
        server, folder_name, port = arguments.serve
        {"gateway": serve_gateway, "fastapi": serve_rival}[server](folder_name, int(port))
        return
    measures: list[Measure] = []
    with tempfile.TemporaryDirectory() as name:
        prepare(Path(name))
        measures += run("gateway", gateway_request, Path(name), arguments.seconds)
        if find_spec("fastapi"):
            measures += run("fastapi", rival_request, Path(name), arguments.seconds)
        else:
            print("fastapi is not installed: no rival in this run")
    print(f"{'server':<10}{'rows':>6}{'conn.':>7}{'req/s':>10}{'p50 ms':>9}{'p99 ms':>9}{'cpu ms/req':>12}")
    for each in measures:
        print(
            f"{each.server:<10}{each.rows:>6}{each.connections:>7}{each.requests_per_s:>10.0f}"
            f"{each.p50_ms:>9.2f}{each.p99_ms:>9.2f}{each.cpu_ms:>12.3f}"
        )
    if arguments.json:
        arguments.json.write_text(json.dumps([asdict(each) for each in measures], indent=2))


if __name__ == "__main__":
    main()
