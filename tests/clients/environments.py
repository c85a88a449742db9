"""Environments of clients, one for each requirement file beside this one, made once and kept in the user's cache."""

import fcntl
import hashlib
import os
import subprocess
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).parent
_MADE = ".complete"


def python_of(client: str) -> Path:
    """Give the Python of an environment that has exactly what `<client>.txt` lists.

    Making it needs a package index. Without one the test is skipped on a laptop and fails in CI.
    """
    wanted = HERE / f"{client}.txt"
    folder = _cache() / f"{client}-{hashlib.sha256(wanted.read_bytes()).hexdigest()[:16]}"
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # tests of several processes want the same one
        if not (folder / _MADE).exists():
            _make(folder / "env", wanted)
            (folder / _MADE).touch()
    return folder / "env" / "bin" / "python"


def _make(folder: Path, wanted: Path) -> None:
    uv = Path(sys.executable).with_name("uv")
    for arguments in (
        ["venv", "--clear", "--python", sys.executable, str(folder)],
        ["pip", "sync", "--python", str(folder / "bin" / "python"), str(wanted)],
    ):
        done = subprocess.run([uv, "--quiet", *arguments], capture_output=True, text=True, check=False)
        if done.returncode:
            _give_up(f"the environment of {wanted.stem} could not be made: {done.stderr.strip()[-600:]}")


def _give_up(why: str) -> None:
    if os.environ.get("CI"):
        pytest.fail(f"CI must reach a package index: {why}")
    pytest.skip(f"no package index is reachable: {why}")


def _cache() -> Path:
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "everlearn" / "clients"
