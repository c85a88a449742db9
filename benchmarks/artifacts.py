"""What a large artifact costs a server, beside the disk and the loopback interface that it cannot be faster than.

    python benchmarks/artifacts.py [--megabytes N] [--rounds N] [--mlflow PATH] [--json FILE]

Speeds are the median of the rounds. Memory is the growth of the server's resident peak (VmHWM) over what it had before
the round. Content is random and new in every round, so nothing is deduplicated. Downloads are verified by the server
while it sends. The rival (`mlflow server`, one worker, a local folder) runs when `--mlflow` names its program.
"""

import argparse
import hashlib
import http.client
import json
import os
import shutil
import socket
import statistics
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from tracking import Server, everlearn, rival, told, tree

MEGABYTE = 1_000_000
PIECE = 1024 * 1024
PARTS, PARTS_AT_ONCE = 10, 4
TREE, MPU = "/api/2.0/mlflow-artifacts/artifacts/0/bench/artifacts", "/api/2.0/mlflow-artifacts/mpu"


@dataclass(frozen=True, slots=True)
class Measure:
    """One line of the result."""

    who: str
    operation: str
    megabytes_per_s: float
    cpu_ms: float | None  # of the server, a round
    growth_mb: float | None  # of the server's resident peak


@dataclass(frozen=True, slots=True)
class Bench:
    """The content and how often it is moved."""

    folder: Path
    size: int
    rounds: int

    def content(self) -> bytes:
        return os.urandom(self.size)

    def timed(self, who: str, operation: str, move: Callable[[bytes], object]) -> Measure:
        """Time something that no server does."""
        seconds = []
        for _ in range(self.rounds):
            content = self.content()
            began = time.perf_counter()
            move(content)
            seconds.append(time.perf_counter() - began)
        return Measure(who, operation, self.size / MEGABYTE / statistics.median(seconds), None, None)

    def served(self, server: Server, operation: str, move: Callable[[bytes], object]) -> Measure:
        """Time something that a server does, and watch its memory."""
        move(self.content()[:PIECE])  # its threads and buffers are there
        before_mb, cpu_before = watched(server.pid), server.cpu_s()
        measure = self.timed(server.name, operation, move)
        cpu_ms = (server.cpu_s() - cpu_before) * 1_000 / self.rounds
        return Measure(server.name, operation, measure.megabytes_per_s, cpu_ms, peak_mb(server.pid) - before_mb)


# what nobody can beat


def written(bench: Bench, content: bytes) -> None:
    """Write and synchronise."""
    with (bench.folder / "written").open("wb", buffering=0) as file:
        for start in range(0, len(content), PIECE):
            file.write(content[start : start + PIECE])
        os.fsync(file.fileno())


def copied(bench: Bench) -> None:
    """Copy what was written, piece by piece."""
    with (bench.folder / "written").open("rb") as source, (bench.folder / "copied").open("wb") as target:
        shutil.copyfileobj(source, target, PIECE)
        target.flush()
        os.fsync(target.fileno())


def through_loopback(content: bytes) -> None:
    """Send from one thread to another over a socket."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        taking = threading.Thread(target=drained, args=(listening, len(content)))
        taking.start()
        with socket.create_connection(listening.getsockname()) as sending:
            sending.sendall(content)
            taking.join()


def drained(listening: socket.socket, size: int) -> None:
    connection, _ = listening.accept()
    buffer = bytearray(PIECE)
    with connection:
        while size > 0:
            size -= connection.recv_into(buffer)


# the clients: as little between the socket and the server as possible


def asked(server: Server, method: str, path: str, body: Any = None, headers: Any = None) -> http.client.HTTPResponse:
    address = server.client.base_url
    connection = http.client.HTTPConnection(address.host, address.port or 80, timeout=300, blocksize=PIECE)
    connection.request(method, path, body, headers or {})
    answer = connection.getresponse()
    if answer.status >= 400:
        raise SystemExit(f"{server.name}: {method} {path}: {answer.status} {answer.read()[:300]!r}")
    return answer


def put(server: Server, content: bytes) -> None:
    """Upload in one request."""
    asked(server, "PUT", f"{TREE}/large", content).read()


def got(server: Server, path: str = f"{TREE}/large", headers: Any = None) -> int:
    answer, buffer, size = asked(server, "GET", path, headers=headers), bytearray(PIECE), 0
    while count := answer.readinto(buffer):
        size += count
    return size


def put_in_parts(server: Server, content: bytes) -> None:
    """Upload in parts, several at once."""
    upload = posted(server, f"{MPU}/create/0/bench/artifacts", path="parts", num_parts=PARTS)
    size = -(-len(content) // PARTS)

    def send(credential: Any) -> dict[str, Any]:
        number = credential["part_number"]
        part = content[(number - 1) * size : number * size]
        path = credential["url"].partition("//")[2].partition("/")[2]
        answer = asked(server, "PUT", f"/{path}", part, credential["headers"])
        answer.read()
        return {"part_number": number, "etag": answer.headers["etag"]}

    with ThreadPoolExecutor(PARTS_AT_ONCE) as threads:
        parts = list(threads.map(send, upload["credentials"]))
    done = {"path": "parts", "upload_id": upload["upload_id"], "parts": parts}
    posted(server, f"{MPU}/complete/0/bench/artifacts", **done)


def got_in_parts(server: Server, size: int) -> None:
    """Download in ranges, several at once."""
    part = -(-size // PARTS)

    def fetch(number: int) -> int:
        return got(server, headers={"Range": f"bytes={number * part}-{min(size, (number + 1) * part) - 1}"})

    with ThreadPoolExecutor(PARTS_AT_ONCE) as threads:
        if sum(threads.map(fetch, range(PARTS))) != size:
            raise SystemExit("a part came short")


def posted(server: Server, address: str, **body: Any) -> Any:
    """Ask in JSON."""
    headers = {"content-type": "application/json"}
    return json.loads(asked(server, "POST", address, json.dumps(body), headers).read())


# memory


def watched(pid: int) -> float:
    """Begin to watch the peaks of a process tree anew; give what is resident now, in megabytes."""
    for each in tree(pid):
        Path(f"/proc/{each}/clear_refs").write_text("5")
    return peak_mb(pid)


def peak_mb(pid: int) -> float:
    """Add up the peaks of a process tree."""
    statuses = [Path(f"/proc/{each}/status").read_text() for each in tree(pid)]
    return sum(int(status.partition("VmHWM:")[2].split()[0]) for status in statuses) * 1024 / MEGABYTE


def measured(bench: Bench, program: str) -> Iterator[Measure]:
    """Measure one thing after another."""
    yield bench.timed("this machine", "SHA-256", lambda content: hashlib.sha256(content).digest())
    yield bench.timed("this machine", "write to disk and synchronise", lambda content: written(bench, content))
    yield bench.timed("this machine", "copy a file and synchronise", lambda _: copied(bench))
    yield bench.timed("this machine", "loopback", through_loopback)
    with ExitStack() as stack:
        servers = [stack.enter_context(everlearn(bench.folder / "everlearn", ""))]
        if program:
            servers.append(stack.enter_context(rival(bench.folder, program)))
        for server in servers:
            yield bench.served(server, "upload", lambda content, server=server: put(server, content))
            put(server, bench.content())
            yield bench.served(server, "download", lambda _, server=server: got(server))
        ours = servers[0]
        yield bench.served(ours, f"upload in {PARTS} parts", lambda content: put_in_parts(ours, content))
        yield bench.served(ours, f"download in {PARTS} parts", lambda _: got_in_parts(ours, bench.size))


def shown(measure: Measure) -> str:
    """Write a line."""
    cost = "" if measure.cpu_ms is None else f"{measure.cpu_ms:7.0f} ms CPU {measure.growth_mb:8.1f} MB more memory"
    return f"{measure.who:14} {measure.operation:32} {measure.megabytes_per_s:8.0f} MB/s {cost}"


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--megabytes", type=int, default=100)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--mlflow", default="")
    parser.add_argument("--json", default="")
    options = parser.parse_args()
    found = []
    with tempfile.TemporaryDirectory(prefix="everlearn-artifacts-") as folder:
        bench = Bench(Path(folder), options.megabytes * MEGABYTE, options.rounds)
        for measure in measured(bench, options.mlflow):
            told(shown(measure))
            found.append(measure)
    if options.json:
        Path(options.json).write_text(json.dumps([asdict(measure) for measure in found], indent=2))


if __name__ == "__main__":
    main()
