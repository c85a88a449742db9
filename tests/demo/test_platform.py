"""A demo that is killed leaves no platform behind, and one that starts takes none away."""

import os
import signal
import subprocess
import sys
from pathlib import Path

from tests.app.processes import is_alive, until
from tests.demo.test_journey import children

from everlearn.cli.sole_use import sole_use


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


def test_a_folder_in_which_a_platform_runs_is_left_alone(tmp_path: Path) -> None:
    home = tmp_path / "home"
    home.mkdir()
    (home / "made-by-everlearn-demo").touch()
    (home / "everlearn.db").write_text("in use")

    with sole_use(home):
        demo = subprocess.run(
            [sys.executable, "-m", "everlearn", "demo", "--home", str(home), "--days", "1"],
            check=False,
            capture_output=True,
            text=True,
        )

    assert demo.returncode != 0
    assert "another everlearn up uses" in demo.stderr
    assert (home / "everlearn.db").read_text() == "in use"
