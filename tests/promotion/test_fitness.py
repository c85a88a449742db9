"""What a version lacks before it may be deployed, as its own JSON tells it."""

import pickle
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
from litestar.testing import TestClient
from tests.tracking.protocol import Server

from everlearn.app.asgi import api_app
from everlearn.app.platform import Platform
from everlearn.app.settings import Auth, load_settings
from everlearn.app.wiring import build

TREE, VERSIONS = "/mlflow-artifacts/artifacts", "/mlflow/model-versions"
WHOLE = b"flavors:\n  onnx: {}\nsaved_input_example_info:\n  type: dataframe\nsignature:\n  inputs: x\n"
BASE = "/api/projects/default/models/m/versions"


@pytest.fixture
def platform(tmp_path: Path) -> Iterator[Platform]:
    built = build(load_settings({"home": str(tmp_path / "home"), "auth": Auth.OFF}, environ={}).settings)
    yield built
    built.close()


@pytest.fixture
def server(platform: Platform) -> Server:
    return Server(api_app(platform))


def registered(server: Server, files: dict[str, bytes], source: str = "runs:/{run}/model") -> None:
    run = server.run()
    for name, content in files.items():
        server.send("PUT", f"{TREE}/0/{run}/artifacts/model/{name}", content=content)
    server.post("/mlflow/registered-models/create", name="m")
    assert server.post(f"{VERSIONS}/create", name="m", source=source.format(run=run)).status == 200


def shown(server: Server, number: int = 1) -> Any:
    return server.ask("GET", f"{BASE}/{number}/fitness").body


def lacks(server: Server, number: int = 1) -> list[str]:
    told = shown(server, number)
    assert told["is_deployable"] is False
    return [lack["condition"] for lack in told["lacks"]]


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        ({"MLmodel": WHOLE, "model.onnx": b"x"}, ["on_record"]),
        ({"MLmodel": b"flavors: {}\n"}, ["signature", "input_example", "on_record"]),
        ({"MLmodel": WHOLE.partition(b"signature")[0]}, ["signature", "on_record"]),
        ({"MLmodel": WHOLE, "deep/er/model": pickle.dumps(Fraction(1, 3))}, ["safe_format", "on_record"]),
        ({"other": b"x"}, ["files", "signature", "input_example", "on_record"]),
    ],
)
def test_a_version_says_what_it_lacks(server: Server, files: dict[str, bytes], expected: list[str]) -> None:
    registered(server, files)

    assert lacks(server) == expected


def test_the_files_that_are_not_safe_are_named(server: Server) -> None:
    registered(server, {"MLmodel": WHOLE, "model.pkl": b"x"})

    (unsafe,) = [lack for lack in shown(server)["lacks"] if lack["condition"] == "safe_format"]
    assert unsafe["remedy"].endswith(": model.pkl")


def test_a_version_of_files_elsewhere_lacks_them(server: Server) -> None:
    registered(server, {}, source="s3://bucket/model")

    assert lacks(server) == ["files", "signature", "input_example", "on_record"]


def test_deploying_what_was_never_checked_is_refused_and_says_where_to_look(platform: Platform) -> None:
    registered(Server(api_app(platform)), {"MLmodel": WHOLE})

    with TestClient(api_app(platform), base_url="http://127.0.0.1") as client:
        refused = client.get(f"{BASE}/1")
        unknown = client.get(f"{BASE}/2/fitness")
    assert (refused.status_code, refused.json()["code"]) == (404, "registry.not_on_record")
    assert f"{BASE}/1/fitness" in refused.json()["message"]
    assert (unknown.status_code, unknown.json()["code"]) == (404, "registry.version_not_found")
