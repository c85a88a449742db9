"""A demo that is killed leaves no platform behind."""

import os
import signal
import subprocess
import sys
from pathlib import Path

from tests.app.processes import is_alive, until
from tests.demo.test_journey import children


def test_a_killed_demo_takes_its_platform_along(tmp_path: Path) -> None:
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("EVERLEARN_")}
    demo = subprocess.Popen(
        [sys.executable, "-m", "everlearn", "demo", "--home", str(tmp_path / "home"), "--days", "1", "--one-in", "50"],
        env=inherited,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    until(lambda: len([role for platform in children(demo.pid) for role in children(platform)]) >= 3)
    family = [*children(demo.pid), *(role for platform in children(demo.pid) for role in children(platform))]

    demo.send_signal(signal.SIGKILL)
    demo.wait()

    until(lambda: not any(is_alive(pid) for pid in family))
