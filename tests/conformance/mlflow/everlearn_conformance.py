"""A pytest plugin that lets mlflow's own test modules talk to a running Everlearn instead of to mlflow's server.

No file of theirs is changed: before a test module imports the names, this replaces what starts their server in the
test process by the address of ours, with a project of its own for every test, because they expect an empty server.
What their tests reach into in their own process (stores, handlers) stays theirs and is a deviation, with its reason
in `deviations.toml`. `run.py` beside this file loads it; it needs nothing of Everlearn's.
"""

import os
import tomllib
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

ADDRESS = "EVERLEARN_CONFORMANCE_URL"
DEVIATIONS = Path(__file__).with_name("deviations.toml")
FILE_STORE = "the reference's file store, which its own makers have put into maintenance"


def fresh_address() -> str:
    """Give the tracking address of a project that nobody has used."""
    return f"{os.environ[ADDRESS]}/projects/t{uuid.uuid4().hex[:16]}"


class OurServer:
    """Stands where the reference starts its server in a thread."""

    def __init__(self, *_app_and_port: object) -> None:
        self.url = fresh_address()

    def __enter__(self) -> str:
        import mlflow

        mlflow.set_tracking_uri(self.url)  # the reference's handlers do so as a side effect, and tests rely on it
        return self.url

    def __exit__(self, *_failure: object) -> None:
        import mlflow

        mlflow.set_tracking_uri(None)


@contextmanager
def our_server(*_arguments: object, **_options: object) -> Iterator[str]:
    """Stand where the reference starts its server as a process."""
    with OurServer() as url:
        yield url


def pytest_configure(config: pytest.Config) -> None:
    """Replace the three names before any test module imports them."""
    from mlflow.server import handlers

    utils: Any = import_module("tests.tracking.integration_test_utils")  # theirs
    utils.ServerThread = OurServer
    utils._init_server = our_server
    handlers.initialize_backend_stores = _nothing_to_open
    config.addinivalue_line("markers", "everlearn: added by the conformance plugin")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave the file store out, and expect to fail exactly what is written down."""
    written_down = tomllib.loads(DEVIATIONS.read_text(encoding="utf-8"))
    ours = [item for item in items if "[file" not in item.nodeid]
    config.hook.pytest_deselected(items=[item for item in items if "[file" in item.nodeid])
    items[:] = ours
    for item in items:
        module, _, test = item.nodeid.partition("::")
        reasons = written_down.get(module, {})
        reason = reasons.get(test) or reasons.get(test.partition("[")[0])
        if reason:
            item.add_marker(pytest.mark.xfail(reason=reason, strict=True))


def _nothing_to_open(*_arguments: Any, **_options: Any) -> None:
    """Do nothing: the other process has its stores."""
