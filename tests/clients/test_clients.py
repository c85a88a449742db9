"""MLflow's own clients, unmodified, each in an environment of its own, against a real server."""

import subprocess
from pathlib import Path

import pytest
from tests.app.processes import free_port, serving
from tests.clients.environments import HERE, python_of

PATIENCE_S = 240
ENVIRONMENT = {
    "PATH": "/usr/bin:/bin",
    "MPLBACKEND": "Agg",
    "PYTHONWARNINGS": "ignore",
    "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "0",  # an answer that clients would ask for again is a failure here
}


def said(client: str, script: str, home: Path) -> str:
    """Run a script with a client against a fresh server; give what it printed."""
    python = python_of(client)
    port = free_port()
    with serving(home, port):
        done = subprocess.run(
            [python, HERE / script, f"http://127.0.0.1:{port}"],
            env=ENVIRONMENT | {"HOME": str(home)},
            cwd=home,
            capture_output=True,
            text=True,
            timeout=PATIENCE_S,
            check=False,
        )
    assert done.returncode == 0, done.stdout[-2_000:] + done.stderr[-4_000:]
    return done.stdout


@pytest.mark.slow
@pytest.mark.parametrize(
    "version", [pytest.param(one, marks=pytest.mark.xdist_group(f"client-{one}")) for one in ("2.22", "3.6", "3.17")]
)
def test_what_teams_do_with_the_whole_client_is_read_back_as_logged(version: str, tmp_path: Path) -> None:
    assert "all as logged" in said(f"mlflow-{version}", "training.py", tmp_path)


@pytest.mark.slow
@pytest.mark.parametrize("version", ["2.22", "3.6", "3.17"])
def test_the_skinny_client_logs_without_pandas(version: str, tmp_path: Path) -> None:
    assert "models: as logged" in said(f"mlflow-skinny-{version}", "logging_only.py", tmp_path)
