"""Run mlflow's own test modules against Everlearn.

    python tests/conformance/mlflow/run.py --python ENV/bin/python --tests FOLDER [--url URL] [MODULE …] [-- PYTEST …]

`FOLDER` is a checkout of mlflow's repository (its `tests/` is all that is used; get it yourself, it is no part of this
project), `ENV` an environment with the mlflow of the same version, pytest and what their tests import. Without `--url`
an Everlearn is started on an empty database and stopped in the end. Prints pytest's own summary; the exit code is
pytest's.
"""

import argparse
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

HERE = Path(__file__).parent
MODULES = (
    "tests/tracking/test_rest_tracking.py",
    "tests/tracking/test_model_registry.py",
    "tests/tracking/test_client_webhooks.py",
    "tests/store/model_registry/test_rest_store_webhooks.py",
    "tests/tracing/test_otel_logging.py",
)


@contextmanager
def everlearn() -> Iterator[str]:
    """Serve from an empty home, and stop in the end."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
    with tempfile.TemporaryDirectory() as home:
        settings = {"EVERLEARN_HOME": home, "EVERLEARN_AUTH": "off", "EVERLEARN_API_PORT": str(port)}
        command = [sys.executable, "-m", "everlearn", "api"]
        process = subprocess.Popen(command, env=os.environ | settings)
        try:
            _wait(f"http://127.0.0.1:{port}", process)
            yield f"http://127.0.0.1:{port}"
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait()


def _wait(url: str, process: "subprocess.Popen[bytes]") -> None:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and process.poll() is None:
        try:
            with urlopen(f"{url}/health") as answer:  # noqa: S310  # our own server
                if answer.status == 200:
                    return
        except URLError:
            time.sleep(0.05)
    sys.exit("Everlearn did not start")


def main() -> None:
    """Parse, serve, hand over to pytest."""
    own, _, pytest_options = " ".join(sys.argv[1:]).partition(" -- ")
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--python", required=True, help="the interpreter of an environment with mlflow and pytest")
    parser.add_argument("--tests", required=True, type=Path, help="the folder that holds mlflow's tests/")
    parser.add_argument("--url", help="a running Everlearn without authentication, instead of one of our own")
    parser.add_argument("modules", nargs="*", default=MODULES)
    options = parser.parse_args(own.split())
    command = [options.python, "-m", "pytest", "-p", "everlearn_conformance", "-q", *options.modules]
    command += pytest_options.split()
    if options.url:
        sys.exit(_tested(command, options.tests, options.url))
    with everlearn() as url:
        code = _tested(command, options.tests, url)
    sys.exit(code)


def _tested(command: list[str], tests: Path, url: str) -> int:
    path = os.pathsep.join([str(HERE.resolve()), str(tests.resolve())])
    environment = {name: value for name, value in os.environ.items() if name != "MLFLOW_TRACKING_URI"}
    environment |= {"PYTHONPATH": path, "EVERLEARN_CONFORMANCE_URL": url}
    return subprocess.run(command, cwd=tests, env=environment, check=False).returncode


if __name__ == "__main__":
    main()
