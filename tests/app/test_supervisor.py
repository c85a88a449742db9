"""The supervisor with small processes of its own; `everlearn ROLE` is tested in test_up."""

import os
import signal
import subprocess
import sys
import textwrap
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from everlearn.app.supervisor import ChildSpec, Supervisor

PATIENCE_S = 20.0

# a package `everlearn` for the children: it notes that it runs and waits to be told to stop
CHILD = """
import os, signal, sys, time, threading
from pathlib import Path
folder = Path(os.environ["TEST_FOLDER"])
name = os.environ["TEST_NAME"]
with (folder / name).open("a") as notes:
    notes.write(f"{os.getpid()}\\n")
if sys.argv[1] == "dies":
    sys.exit(3)
def follow():
    os.read(int(os.environ["EVERLEARN_LIFELINE"]), 1)
    os._exit(0)
threading.Thread(target=follow, daemon=True).start()
signal.signal(signal.SIGTERM, signal.SIG_IGN if sys.argv[1] == "deaf" else lambda *_: os._exit(0))
time.sleep(60)
"""


def until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while not condition():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.01)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    package = tmp_path / "everlearn"
    package.mkdir()
    (package / "__init__.py").write_text("")
    (package / "__main__.py").write_text(CHILD)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    monkeypatch.setenv("TEST_FOLDER", str(tmp_path))
    return tmp_path


def spec(name: str, role: str = "waits") -> ChildSpec:
    return ChildSpec(name=name, role=role, environment={"TEST_NAME": name})


def starts(folder: Path, name: str) -> list[int]:
    notes = folder / name
    return [int(line) for line in notes.read_text().split()] if notes.exists() else []


def is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def test_a_killed_child_is_started_again(folder: Path) -> None:
    supervisor = Supervisor(specs=[spec("one"), spec("two")])
    supervisor.start()
    until(lambda: len(starts(folder, "one")) == len(starts(folder, "two")) == 1)

    os.kill(starts(folder, "one")[0], signal.SIGKILL)

    def tended() -> bool:
        supervisor.tend(time.monotonic())
        return len(starts(folder, "one")) == 2

    until(tended)
    assert len(starts(folder, "two")) == 1
    supervisor.end()


def test_a_child_that_keeps_dying_is_started_with_growing_pauses(folder: Path) -> None:
    supervisor = Supervisor(specs=[spec("one", "dies")])
    supervisor.start()
    now = time.monotonic()

    for number, pause_s in enumerate((0.1, 0.2, 0.4), start=1):
        until(lambda: not supervisor.processes())
        supervisor.tend(now)
        supervisor.tend(now + pause_s * 0.99)
        assert len(starts(folder, "one")) == number
        now += pause_s
        supervisor.tend(now)
        until(lambda: len(starts(folder, "one")) == number + 1)  # noqa: B023  # asked within this round

    supervisor.end()


def test_the_end_is_everybodys_end_and_asked_for_politely(folder: Path) -> None:
    supervisor = Supervisor(specs=[spec("one"), spec("two")])
    supervisor.start()
    until(lambda: len(starts(folder, "one")) == len(starts(folder, "two")) == 1)

    supervisor.stop.set()
    supervisor.run()

    assert not any(is_alive(pid) for name in ("one", "two") for pid in starts(folder, name))
    assert supervisor.processes() == {}


def test_children_end_when_their_supervisor_is_killed(folder: Path) -> None:
    program = """
    import sys, time
    sys.path[:] = [place for place in sys.path if place != sys.argv[1]]
    from everlearn.app.supervisor import ChildSpec, Supervisor
    supervisor = Supervisor(specs=[ChildSpec(name="one", role="deaf", environment={"TEST_NAME": "one"})])
    supervisor.start()
    time.sleep(60)
    """
    killed = subprocess.Popen([sys.executable, "-c", textwrap.dedent(program), str(folder)])
    until(lambda: len(starts(folder, "one")) == 1)

    killed.kill()
    killed.wait()

    until(lambda: not is_alive(starts(folder, "one")[0]))
