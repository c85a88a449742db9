"""Parts of files, and addresses that carry a permission, over MLflow's protocol."""

import hashlib
import os
from datetime import timedelta
from typing import Any

import pytest
from tests.tracking.protocol import Answer, Server, server_of

from everlearn.blobs import BlobStore
from everlearn.core.clock import ManualClock
from everlearn.db import Database
from everlearn.eventlog import EventLog

TREE = "/mlflow-artifacts/artifacts"
CONTENT = os.urandom(2_500_000)
ETAG = f'"sha256:{hashlib.sha256(CONTENT).hexdigest()}"'


@pytest.fixture
def server(sqlite_db: Database, log: EventLog, blobs: BlobStore, clock: ManualClock) -> Server:
    return server_of(sqlite_db, log, blobs, clock)


@pytest.fixture
def run(server: Server) -> str:
    run = server.run()
    server.send("PUT", f"{TREE}/0/{run}/artifacts/x.bin", content=CONTENT)
    return run


def get(server: Server, run: str, method: str = "GET", **headers: str) -> Answer:
    said = {name.replace("_", "-"): value for name, value in headers.items()}
    return server.send(method, f"{TREE}/0/{run}/artifacts/x.bin", headers=said)


def test_parts_of_a_file_put_together_are_the_file(server: Server, run: str) -> None:
    parts = [get(server, run, range=f"bytes={start}-{start + 999_999}") for start in range(0, len(CONTENT), 1_000_000)]

    assert [part.status for part in parts] == [206, 206, 206]
    assert parts[2].headers["content-range"] == f"bytes 2000000-2499999/{len(CONTENT)}"
    assert parts[2].headers["content-length"] == "500000"
    assert b"".join(part.content for part in parts) == CONTENT


def test_a_part_behind_the_end_is_said_not_to_be_there(server: Server, run: str) -> None:
    answer = get(server, run, range="bytes=2500000-")

    assert (answer.status, answer.content) == (416, b"")
    assert answer.headers["content-range"] == f"bytes */{len(CONTENT)}"


def test_a_client_that_knows_another_content_gets_the_whole(server: Server, run: str) -> None:
    same = get(server, run, range="bytes=0-1", if_range=ETAG)
    other = get(server, run, range="bytes=0-1", if_range='"sha256:other"')

    assert (same.status, same.content) == (206, CONTENT[:2])
    assert (other.status, other.content) == (200, CONTENT)
    assert (get(server, run, if_none_match=ETAG).status, get(server, run, if_none_match=ETAG).content) == (304, b"")


def test_a_head_says_what_a_get_would_without_the_bytes(server: Server, run: str) -> None:
    whole, part = get(server, run, "HEAD"), get(server, run, "HEAD", range="bytes=1-3")

    assert (whole.status, whole.content, whole.headers["content-length"]) == (200, b"", str(len(CONTENT)))
    assert (whole.headers["etag"], whole.headers["accept-ranges"]) == (ETAG, "bytes")
    assert (part.status, part.headers["content-range"]) == (206, f"bytes 1-3/{len(CONTENT)}")


def test_an_empty_file_is_sent_as_it_is(server: Server) -> None:
    server.send("PUT", f"{TREE}/0/r/artifacts/empty", content=b"")

    answer = server.send("GET", f"{TREE}/0/r/artifacts/empty")
    assert (answer.status, answer.content, answer.headers["content-length"]) == (200, b"", "0")


def test_an_address_for_fetching_needs_no_token_and_pins_the_content(
    server: Server, run: str, clock: ManualClock
) -> None:
    shown = server.get(f"/mlflow-artifacts/presigned/0/{run}/artifacts/x.bin").body
    assert shown["file_size"] == len(CONTENT)
    server.send("PUT", f"{TREE}/0/{run}/artifacts/x.bin", content=b"another file takes its place")

    part = server.ask("GET", shown["url"], headers=shown["headers"] | {"Range": "bytes=10-19"})
    assert (part.status, part.content) == (206, CONTENT[10:20])
    whole = server.ask("GET", shown["url"], headers=shown["headers"])
    assert whole.content == CONTENT
    assert whole.headers["content-disposition"] == "attachment; filename*=UTF-8''x.bin"

    assert server.ask("GET", shown["url"]).code == "PERMISSION_DENIED"
    clock.at += timedelta(minutes=6)
    assert server.ask("GET", shown["url"], headers=shown["headers"]).code == "PERMISSION_DENIED"


def test_files_of_runs_are_fetched_by_an_address_of_chosen_life(server: Server, run: str, clock: ManualClock) -> None:
    base = "/mlflow/artifacts/presigned-download-url"
    shown = server.post(base, run_id=run, path="x.bin", expiration=7_200).body
    clock.at += timedelta(hours=1)

    assert server.ask("GET", shown["presigned_url"], headers=shown["headers"]).content == CONTENT
    assert server.post(base, run_id=run, path="none").code == "RESOURCE_DOES_NOT_EXIST"
    for wrong in (0, -1, 604_801):
        refused = server.post(base, run_id=run, path="x.bin", expiration=wrong)
        assert (refused.status, refused.code) == (400, "INVALID_PARAMETER_VALUE")
        assert f"(got {wrong})" in refused.body["message"]


def test_files_of_runs_and_models_are_sent_to_an_address(server: Server, run: str) -> None:
    base = "/mlflow/artifacts/presigned-upload-url"
    model = server.post("/mlflow/logged-models", experiment_id="0", name="m").body["model"]["info"]
    for owner, root in (
        ({"run_id": run}, f"0/{run}/artifacts"),
        ({"model_id": model["model_id"]}, model["artifact_uri"].removeprefix("mlflow-artifacts:/")),
    ):
        shown = server.post(base, path="deep/ü.txt", **owner).body
        sent = server.ask("PUT", shown["presigned_url"], headers=shown["headers"], content=b"by link")

        assert sent.status == 200
        assert server.send("GET", f"{TREE}/{root}/deep/ü.txt").content == b"by link"


@pytest.mark.parametrize(
    "asked",
    [
        {"path": "x"},
        {"path": "x", "run_id": "r", "model_id": "m"},
        {"run_id": "r"},
        {"run_id": "{run}", "path": "../../other/artifacts/x"},
        {"run_id": "{run}", "path": "%2e%2e/x"},
        {"run_id": "{run}", "path": "/etc/passwd"},
        {"run_id": "{run}", "path": "a#b"},
        {"run_id": "{run}", "path": "x", "expiration": 0},
    ],
)
def test_addresses_for_sending_lead_into_one_run_or_model(server: Server, run: str, asked: dict[str, Any]) -> None:
    filled = {name: run if value == "{run}" else value for name, value in asked.items()}

    answer = server.post("/mlflow/artifacts/presigned-upload-url", **filled)
    assert (answer.status, answer.code) == (400, "INVALID_PARAMETER_VALUE")


def test_the_browser_gets_files_of_runs_and_models_as_downloads(server: Server, run: str) -> None:
    model = server.post("/mlflow/logged-models", experiment_id="0", name="m").body["model"]["info"]
    root = model["artifact_uri"].removeprefix("mlflow-artifacts:/")
    server.send("PUT", f"{TREE}/{root}/page.html", content=b"<script>")
    files = f"/mlflow/logged-models/{model['model_id']}/artifacts/files"

    of_run = server.ask("GET", "/get-artifact", params={"run_uuid": run, "path": "x.bin"})
    of_model = server.send("GET", files, root="/ajax-api", params={"artifact_file_path": "page.html"})

    assert of_run.content == CONTENT
    assert of_model.content == b"<script>"
    for answer in (of_run, of_model):
        assert answer.headers["content-type"] == "application/octet-stream"
        assert answer.headers["content-disposition"].startswith("attachment")
    missing = server.ask("GET", "/get-artifact", params={"run_uuid": run})
    assert missing.body["message"] == "Missing value for required parameter 'path'."
    assert server.send("GET", files).status == 400


def test_the_browser_sends_small_files_to_a_run(server: Server, run: str) -> None:
    def sent(content: bytes, **asked: str) -> Answer:
        return server.send("POST", "/mlflow/upload-artifact", root="/ajax-api", params=asked, content=content)

    assert sent(b"notes", run_uuid=run, path="notes/a.md").status == 200
    assert server.send("GET", f"{TREE}/0/{run}/artifacts/notes/a.md").content == b"notes"
    assert sent(b"x", path="a").body["message"] == "Request must specify run_uuid."
    assert sent(b"x", run_uuid=run).body["message"] == "Request must specify path."
    assert sent(b"x", run_uuid=run, path="../x").status == 400
    assert sent(b"x" * (10 * 1024 * 1024 + 1), run_uuid=run, path="large").code == "INVALID_PARAMETER_VALUE"


def test_the_browser_lists_the_data_that_runs_read(server: Server) -> None:
    def reads(run: str, context: str) -> None:
        dataset = {"name": "rides", "digest": "d1", "source_type": "code", "source": "{}"}
        tags = [{"key": "mlflow.data.context", "value": context}]
        server.post("/mlflow/runs/log-inputs", run_id=run, datasets=[{"dataset": dataset, "tags": tags}])

    experiment = server.experiment("other")
    for context in ("training", "training", "eval"):
        reads(server.run(experiment), context)
    reads(server.run(), "training")

    listed = server.post("/mlflow/experiments/search-datasets", experiment_ids=[experiment]).body
    assert listed["dataset_summaries"] == [
        {"experiment_id": experiment, "name": "rides", "digest": "d1", "context": context}
        for context in ("eval", "training")
    ]
    for wrong in ([], ["1"] * 21, ["x"]):
        assert server.post("/mlflow/experiments/search-datasets", experiment_ids=wrong).status == 400
