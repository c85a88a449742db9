"""Keeping the processes of `everlearn up` alive: start, restart with patience, stop together.

The supervisor holds the listening sockets, so a role that is restarted keeps its address and callers wait instead of
being refused. It knows nothing of what the processes do.
"""

import logging
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

from everlearn.app.lifeline import VARIABLE

logger = logging.getLogger(__name__)

SOCKET_VARIABLE = "EVERLEARN_SOCKET"
"""The number of a listening socket's descriptor that a role is handed."""

_FIRST_PAUSE_S = 0.1
_LONGEST_PAUSE_S = 10.0
_STEADY_AFTER_S = 3.0  # who lived that long did start; it is started again at once
_GRACE_S = 20.0
_TICK_S = 0.05


@dataclass(frozen=True, slots=True, kw_only=True)
class ChildSpec:
    """A process to keep alive: `everlearn ROLE` with these variables and descriptors."""

    name: str
    role: str
    environment: Mapping[str, str]
    descriptors: tuple[int, ...] = ()
    complaints: Path | None = None  # a file for what it says on standard error; None: ours


@dataclass(slots=True)
class _Child:
    spec: ChildSpec
    process: subprocess.Popen[bytes] | None = None
    started_at: float = 0.0
    pause_s: float = _FIRST_PAUSE_S
    start_after: float = 0.0


@dataclass(slots=True)
class Supervisor:
    """Runs until `stop` is set; then every child has ended."""

    specs: Sequence[ChildSpec]
    stop: threading.Event = field(default_factory=threading.Event)
    _children: list[_Child] = field(default_factory=list)
    _lifeline: tuple[int, int] | None = None

    def start(self) -> None:
        """Start every process once."""
        self._lifeline = os.pipe()
        os.set_inheritable(self._lifeline[0], True)
        self._children = [_Child(spec) for spec in self.specs]
        for child in self._children:
            self._spawn(child)

    def run(self) -> None:
        """Restart whoever dies until told to stop, then stop all."""
        try:
            while not self.stop.wait(_TICK_S):
                self.tend(time.monotonic())
        finally:
            self.end()

    def tend(self, now: float) -> None:
        """Look after every child once: notice deaths, start again who has waited long enough."""
        for child in self._children:
            if child.process is not None and child.process.poll() is not None:
                self._bury(child, now)
            if child.process is None and now >= child.start_after:
                self._spawn(child)

    def processes(self) -> dict[str, int]:
        """Give the process numbers of the living by name."""
        living = {child.spec.name: child.process for child in self._children if child.process is not None}
        return {name: process.pid for name, process in living.items() if process.poll() is None}

    def end(self) -> None:
        """Ask every child to finish, wait, and kill who does not."""
        living = [child.process for child in self._children if child.process is not None]
        for process in living:
            _signal(process, signal.SIGTERM)
        deadline = time.monotonic() + _GRACE_S
        for process in living:
            try:
                process.wait(max(0.0, deadline - time.monotonic()))
            except subprocess.TimeoutExpired:
                _signal(process, signal.SIGKILL)
                process.wait()
        if self._lifeline is not None:
            for descriptor in self._lifeline:
                os.close(descriptor)
            self._lifeline = None

    def _spawn(self, child: _Child) -> None:
        assert self._lifeline is not None  # noqa: S101  # start() made it
        spec = child.spec
        child.started_at = time.monotonic()
        with _complaints(spec) as complaints:
            child.process = subprocess.Popen(
                [sys.executable, "-m", "everlearn", spec.role],
                env={**os.environ, **spec.environment, VARIABLE: str(self._lifeline[0])},
                stdin=subprocess.DEVNULL,
                stderr=complaints,
                pass_fds=(self._lifeline[0], *spec.descriptors),
                start_new_session=True,  # Ctrl-C is for the supervisor, which then asks politely
            )
        logger.info("started", extra={"action": "child.started", "child": spec.name, "pid": child.process.pid})

    def _bury(self, child: _Child, now: float) -> None:
        assert child.process is not None  # noqa: S101  # the caller has looked
        code = child.process.returncode
        steady = now - child.started_at >= _STEADY_AFTER_S
        pause_s = 0.0 if steady else child.pause_s
        child.pause_s = _FIRST_PAUSE_S if steady else min(child.pause_s * 2, _LONGEST_PAUSE_S)
        child.start_after = now + pause_s
        child.process = None
        logger.warning(
            "ended by itself; starting it again",
            extra={"action": "child.died", "child": child.spec.name, "code": code, "pause_s": pause_s},
        )


def _complaints(spec: ChildSpec) -> AbstractContextManager[IO[bytes] | None]:
    if spec.complaints is None:
        return nullcontext()
    spec.complaints.parent.mkdir(parents=True, exist_ok=True)
    return spec.complaints.open("ab")


def _signal(process: subprocess.Popen[bytes], number: signal.Signals) -> None:
    if process.poll() is None:
        try:
            process.send_signal(number)
        except ProcessLookupError:
            return
