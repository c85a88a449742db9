"""Starting a platform of one's own for a scenario: the real `everlearn up`, in processes of its own."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from everlearn.core.errors import UnavailableError

STOP_WITHIN_S = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class Running:
    """A platform that is up."""

    process: subprocess.Popen[str]
    pages: str
    gateway: str
    login: str
    token: str | None  # None: the database knew an administrator already
    environment: Mapping[str, str]

    def command(self, *arguments: str) -> Any:
        """Run one `everlearn` command against this platform's database; give its JSON."""
        done = subprocess.run(
            [sys.executable, "-m", "everlearn", *arguments, "--json"],
            env=self.environment,
            capture_output=True,
            text=True,
            check=False,
        )
        if not done.stdout:
            raise UnavailableError(f"everlearn {' '.join(arguments)}: {done.stderr.strip()[-500:]}")
        return json.loads(done.stdout)


@contextmanager
def running(home: Path, settings: Mapping[str, str]) -> Iterator[Running]:
    """Bring a platform up with these settings, and take it down in the end."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("EVERLEARN_")}
    given = {f"EVERLEARN_{name.upper()}": value for name, value in settings.items() if value}
    environment = inherited | given | {"EVERLEARN_HOME": str(home)}
    ours, lifeline = os.pipe()  # it ends with this process, whatever ends that, and takes the platform along
    process = subprocess.Popen(
        [sys.executable, "-m", "everlearn", "up", "--json"],
        env=environment | {"EVERLEARN_LIFELINE": str(ours)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        pass_fds=(ours,),
        start_new_session=True,  # Ctrl-C is for us; we stop it in order
    )
    try:
        line = process.stdout.readline() if process.stdout else ""
        if not line:
            complaint = process.stderr.read() if process.stderr else ""
            raise UnavailableError(f"the platform did not start: {complaint.strip()[-1_000:]}")
        told = json.loads(line)
        yield Running(
            process=process,
            pages=told["pages"],
            gateway=told["gateway"],
            login=told["login"],
            token=told.get("token"),
            environment=environment,
        )
    finally:
        os.close(ours)
        os.close(lifeline)
        if process.poll() is None:
            process.send_signal(signal.SIGTERM)
        process.wait(STOP_WITHIN_S)
        for stream in (process.stdout, process.stderr):
            if stream is not None:
                stream.close()
