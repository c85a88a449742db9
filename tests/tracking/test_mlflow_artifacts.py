"""Files over MLflow's protocol."""

import os
from pathlib import Path
from urllib.parse import quote

import pytest
from tests.tracking.protocol import Answer, Server, server_of

from everlearn.blobs import BlobStore
from everlearn.core.clock import ManualClock
from everlearn.db import Database
from everlearn.eventlog import EventLog

TREE = "/mlflow-artifacts/artifacts"


@pytest.fixture
def server(db: Database, log: EventLog, blobs: BlobStore, clock: ManualClock) -> Server:
    return server_of(db, log, blobs, clock)


def put(server: Server, path: str, content: bytes) -> Answer:
    return server.send("PUT", f"{TREE}/{path}", content=content)


def test_a_file_comes_back_as_it_was_and_as_a_download(server: Server) -> None:
    content = os.urandom(3_000_000)
    run = server.run()
    root = server.shown(run)["info"]["artifact_uri"].removeprefix("mlflow-artifacts:/")

    assert put(server, f"{root}/model/wetter ü.html", content).status == 200

    back = server.send("GET", f"{TREE}/{root}/model/{quote('wetter ü.html')}")
    assert back.content == content
    assert back.headers["content-type"] == "application/octet-stream"
    assert back.headers["x-content-type-options"] == "nosniff"
    assert back.headers["content-disposition"] == "attachment; filename*=UTF-8''wetter%20%C3%BC.html"


def test_folders_are_listed_from_a_run_and_from_the_tree(server: Server) -> None:
    run = server.run()
    root = server.shown(run)["info"]["artifact_uri"].removeprefix("mlflow-artifacts:/")
    for path in ("a.txt", "model/MLmodel", "model/data/one", "model/data/two", "model!/x", "z.txt"):
        put(server, f"{root}/{path}", path.encode())

    top = server.get("/mlflow/artifacts/list", run_id=run).body
    assert top["root_uri"] == f"mlflow-artifacts:/{root}"
    assert [(one["path"], one["is_dir"], one.get("file_size")) for one in top["files"]] == [
        ("a.txt", False, 5),
        ("model!", True, None),
        ("model", True, None),
        ("z.txt", False, 5),
    ]
    inside = server.get("/mlflow/artifacts/list", run_id=run, path="model").body["files"]
    assert [one["path"] for one in inside] == ["model/MLmodel", "model/data"]
    plain = server.get(TREE, path=f"{root}/model/data").body["files"]
    assert [one["path"] for one in plain] == ["one", "two"]
    assert server.get("/mlflow/artifacts/list", run_id=run, path="none").body.get("files") is None


def test_a_folder_of_many_folders_is_listed_once_each(server: Server) -> None:
    run = server.run()
    root = server.shown(run)["info"]["artifact_uri"].removeprefix("mlflow-artifacts:/")
    for folder in range(12):
        for file in range(50):
            put(server, f"{root}/f{folder:02}/{file}", b"")

    listed = server.get("/mlflow/artifacts/list", run_id=run).body["files"]
    assert [one["path"] for one in listed] == [f"f{folder:02}" for folder in range(12)]


def test_the_same_bytes_are_kept_once(server: Server, tmp_path: Path) -> None:
    for path in ("0/a/artifacts/x", "0/b/artifacts/y"):
        put(server, path, b"the same bytes")

    assert len([path for path in (tmp_path / "blobs" / "sha256").rglob("*") if path.is_file()]) == 1


def test_what_is_deleted_is_gone_and_its_neighbour_is_not(server: Server) -> None:
    for path in ("0/a/model/x", "0/a/model/y/z", "0/a/model2"):
        put(server, path, b"1")

    assert server.send("DELETE", f"{TREE}/0/a/model").status == 200
    assert server.send("GET", f"{TREE}/0/a/model/x").code == "RESOURCE_DOES_NOT_EXIST"
    assert server.send("GET", f"{TREE}/0/a/model2").content == b"1"


@pytest.mark.parametrize(
    "path",
    [
        "../secrets",
        "0/../../secrets",
        "0/%2e%2e/secrets",
        "0/%252e%252e/secrets",
        "0/%25252e%25252e%25252fsecrets",
        "/etc/passwd",
        "0//x",
        "0/a%00b",
        "0/a#b",
        "0/a;b",
        "0/a?b",
        "0/a\\..\\b",
        "file:%2f%2f/etc/passwd",
        "0/" + "x" * 600,
    ],
)
def test_paths_that_could_lead_elsewhere_are_refused(server: Server, path: str) -> None:
    asked = [
        server.send("PUT", f"{TREE}/{quote(path, safe='/')}", content=b"x"),
        server.send("GET", f"{TREE}/{quote(path, safe='/')}"),
        server.send("DELETE", f"{TREE}/{quote(path, safe='/')}"),
        server.get(TREE, path=path),
        server.get("/mlflow/artifacts/list", run_id=server.run(), path=path),
    ]

    assert {answer.status for answer in asked} <= {400, 404}


def test_the_trees_of_projects_are_apart(server: Server) -> None:
    put(server.project("mine"), "0/run/artifacts/x", b"mine")

    assert server.project("theirs").send("GET", f"{TREE}/0/run/artifacts/x").code == "RESOURCE_DOES_NOT_EXIST"
