"""Databases that MLflow itself made: taken over, read by its client from both sides, written back, served by it."""

import json
import os
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
from tests.app.processes import everlearn, free_port, serving, until
from tests.clients.environments import python_of
from tests.exchange.rows import contents

HERE = Path(__file__).parent
PATIENCE_S = 240


def with_client(python: Path, script: str, *arguments: str, folder: Path) -> None:
    """Run a script in a client's environment."""
    done = subprocess.run(
        [python, HERE / script, *arguments],
        env={"HOME": str(folder), "PATH": "/usr/bin:/bin", "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "0"},
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=PATIENCE_S,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-1_000:] + done.stderr[-3_000:]


def read(python: Path, address: str, folder: Path, *, with_files: bool = False) -> Any:
    """Read everything that an address shows, by MLflow's client."""
    told = folder / "told.json"
    with_client(python, "read_by_client.py", address, str(told), *(["files"] if with_files else []), folder=folder)
    return json.loads(told.read_text())


@contextmanager
def mlflow_server(python: Path, uri: str, files: Path, folder: Path) -> Iterator[str]:
    """Run `mlflow server`; give its address."""
    address = f"http://127.0.0.1:{(port := free_port())}"
    options = ["--backend-store-uri", uri, "--artifacts-destination", str(files), "--port", str(port), "--workers", "1"]
    process = subprocess.Popen(
        [python, "-m", "mlflow", "server", *options],
        env={"HOME": str(folder), "PATH": f"{python.parent}:/usr/bin:/bin"},
        cwd=folder,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        until(lambda: answers(address))
        yield address
    finally:
        os.killpg(process.pid, signal.SIGKILL)  # it has children of its own
        process.wait()


def answers(address: str) -> bool:
    try:
        return httpx.get(f"{address}/health").status_code == 200
    except httpx.TransportError:
        return False


def taken_over(python: Path, folder: Path, runs: int) -> str:
    """Let MLflow make a database, and take it over."""
    uri, files = f"sqlite:///{folder / 'mlflow.db'}", folder / "files"
    files.mkdir()
    with_client(python, "made_by_mlflow.py", uri, str(files), str(runs), folder=folder)
    arguments = ["--from", uri, "--artifacts", str(files), "--artifacts", f"{folder / 'mlruns'}={files}", "--json"]
    done = everlearn("import", "mlflow", *arguments, home=folder / "home")
    assert done.returncode == 0, done.stdout + done.stderr
    return uri


@pytest.mark.slow
@pytest.mark.parametrize("version", ["2.22", "3.6"])
@pytest.mark.xdist_group("mlflow")
def test_what_an_older_mlflow_made_reads_the_same_from_both_sides(version: str, tmp_path: Path) -> None:
    python, port = python_of(f"mlflow-{version}"), free_port()
    uri = taken_over(python, tmp_path, runs=16)
    with serving(tmp_path / "home", port):
        ours = read(python, f"http://127.0.0.1:{port}", tmp_path)

    assert ours == read(python, uri, tmp_path)
    assert len(ours["runs"]) >= 16


@pytest.mark.slow
@pytest.mark.xdist_group("mlflow")
def test_a_project_that_came_and_left_is_served_by_mlflow_as_by_us(tmp_path: Path) -> None:
    python, port = python_of("mlflow-3.17"), free_port()
    uri = taken_over(python, tmp_path, runs=22)
    target, out = f"sqlite:///{tmp_path / 'target.db'}", tmp_path / "out"
    subprocess.run([python, "-m", "mlflow", "db", "upgrade", target], check=True, capture_output=True, cwd=tmp_path)
    done = everlearn("export", "mlflow", "--to", target, "--artifacts", str(out), home=tmp_path / "home")
    assert done.returncode == 0, done.stdout + done.stderr
    with serving(tmp_path / "home", port):
        ours = read(python, f"http://127.0.0.1:{port}", tmp_path, with_files=True)
    with mlflow_server(python, uri, tmp_path / "files", tmp_path) as address:
        before = read(python, address, tmp_path, with_files=True)
    with mlflow_server(python, target, out, tmp_path) as address:
        after = read(python, address, tmp_path, with_files=True)

    assert ours == before
    assert after == before
    assert sum(len(run["files"] or ()) for run in before["runs"].values()) > 15
    there, back = contents(uri), contents(target)
    for table in ("logged_models", "model_versions"):  # what is left of deleted ones stays behind
        there[table] = [row for row in there[table] if "eleted" not in repr(row)]
    for table in ("logged_model_params", "logged_model_tags", "logged_model_metrics"):
        living = {row["model_id"] for row in there["logged_models"]}
        there[table] = [row for row in there[table] if row["model_id"] in living]
    versions = {(row["name"], row["version"]) for row in there["model_versions"]}
    there["model_version_tags"] = [
        row for row in there["model_version_tags"] if (row["name"], row["version"]) in versions
    ]
    assert back == there
