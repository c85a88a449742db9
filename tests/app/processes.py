"""Running the real command line as processes, for journeys."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import httpx

PATIENCE_S = 60.0


def until(condition: Callable[[], bool]) -> None:
    """Wait for something that will come."""
    deadline = time.monotonic() + PATIENCE_S
    while not condition():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.02)


def is_alive(pid: int) -> bool:
    """Tell whether a process runs (one that is dead and not yet buried does not)."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


def everlearn(*arguments: str, home: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run one command to its end."""
    return subprocess.run(
        [sys.executable, "-m", "everlearn", *arguments],
        env=_environment(home, environment),
        capture_output=True,
        text=True,
        timeout=PATIENCE_S,
        check=False,
    )


@dataclass
class Platform:
    """A running `everlearn up`."""

    process: subprocess.Popen[str]
    home: Path
    pages: str
    gateway: str
    login: str
    token: str | None
    client: httpx.Client = field(repr=False)

    def children(self) -> dict[str, int]:
        """Give the process number of each living child by its name."""
        children = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text().split()
        found = {}
        for pid in map(int, children):
            with suppress(FileNotFoundError, ProcessLookupError):  # it may end while we look
                if is_alive(pid):
                    found[role_of(pid)] = pid
        return found

    def is_ready(self) -> bool:
        """Tell whether the API answers that it can work."""
        try:
            return self.client.get("/health/ready").status_code == 200
        except httpx.TransportError:
            return False


@contextmanager
def running(home: Path, *, arguments: tuple[str, ...] = (), **environment: str) -> Iterator[Platform]:
    """Bring a platform up and take it down in the end."""
    process = subprocess.Popen(
        [sys.executable, "-m", "everlearn", "up", "--api-port", "0", "--gateway-port", "0", "--json", *arguments],
        env=_environment(home, environment),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    assert process.stderr is not None
    with process.stdout, process.stderr:
        line = process.stdout.readline()
        assert line, process.stderr.read()
        told = json.loads(line)
        with httpx.Client(base_url=told["pages"], timeout=30) as client:
            if told["token"]:
                client.headers["authorization"] = f"Bearer {told['token']}"
            try:
                yield Platform(
                    process=process,
                    home=home,
                    pages=told["pages"],
                    gateway=told["gateway"],
                    login=told["login"],
                    token=told["token"],
                    client=client,
                )
            finally:
                if process.poll() is None:
                    process.send_signal(signal.SIGTERM)
                process.wait(PATIENCE_S)


def free_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])


@contextmanager
def serving(home: Path, port: int) -> Iterator[subprocess.Popen[bytes]]:
    """Run `everlearn api` alone, open to everybody on this machine; it is killed in the end."""
    environment = _environment(home, {"EVERLEARN_AUTH": "off", "EVERLEARN_API_PORT": str(port)})
    process = subprocess.Popen([sys.executable, "-m", "everlearn", "api"], env=environment, stderr=subprocess.DEVNULL)
    try:
        until(lambda: _answers(port))
        yield process
    finally:
        process.kill()
        process.wait()


def _answers(port: int) -> bool:
    try:
        return httpx.get(f"http://127.0.0.1:{port}/health").status_code == 200
    except httpx.TransportError:
        return False


def _environment(home: Path, extra: Mapping[str, str]) -> dict[str, str]:
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("EVERLEARN_")}
    return {**inherited, "EVERLEARN_HOME": str(home), **extra}


def role_of(pid: int) -> str:
    variables = Path(f"/proc/{pid}/environ").read_bytes().split(b"\0")
    named = dict(variable.partition(b"=")[::2] for variable in variables)
    return Path(named.get(b"EVERLEARN_LOG_FILE", b"").decode()).stem
