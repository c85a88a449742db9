"""Files in parts over MLflow's protocol, on both engines, in a folder and in a bucket."""

import hashlib
import pickle
import random
from datetime import timedelta
from fractions import Fraction
from typing import Any
from urllib.parse import urlsplit

import obstore
import pytest
from tests.blobs.conftest import bucket_url, s3_endpoint
from tests.tracking.protocol import Answer, Server, server_of

from everlearn.blobs import BlobStore, open_blobs
from everlearn.blobs.bucket import BucketShelf
from everlearn.blobs.folder import FolderShelf
from everlearn.core.clock import ManualClock
from everlearn.core.digest import Digest, digest_bytes
from everlearn.db import Database
from everlearn.eventlog import EventLog
from everlearn.tracking import Files, Uploads

__all__ = ["bucket_url", "s3_endpoint"]

TREE, MPU = "/mlflow-artifacts/artifacts", "/mlflow-artifacts/mpu"
FOLDER, NAME = "0/run/artifacts/model", "weights.bin"
PATH = f"{FOLDER}/{NAME}"


@pytest.fixture
def server(db: Database, log: EventLog, blobs: BlobStore, clock: ManualClock) -> Server:
    return server_of(db, log, blobs, clock)


def parts_of(sizes: tuple[int, ...] = (300_000, 300_000, 17)) -> list[bytes]:
    source = random.Random(1)
    return [source.randbytes(size) for size in sizes]


def begin(server: Server, count: int, folder: str = FOLDER) -> Any:
    answer = server.post(f"{MPU}/create/{folder}", path=f"/home/me/{NAME}", num_parts=count)
    assert answer.status == 200, answer.body
    return answer.body


def put(server: Server, credential: Any, content: bytes, headers: dict[str, str] | None = None) -> Answer:
    shown = credential["headers"] if headers is None else headers
    return server.ask("PUT", credential["url"], content=content, headers=shown)


def listed(numbered: dict[int, Answer]) -> list[dict[str, Any]]:
    return [{"part_number": number, "etag": answer.headers["etag"]} for number, answer in numbered.items()]


def complete(server: Server, upload_id: str, parts: list[dict[str, Any]], folder: str = FOLDER) -> Answer:
    return server.post(f"{MPU}/complete/{folder}", path=f"/home/me/{NAME}", upload_id=upload_id, parts=parts)


def abort(server: Server, upload_id: str) -> Answer:
    return server.post(f"{MPU}/abort/{FOLDER}", path=NAME, upload_id=upload_id)


def fetched(server: Server) -> Answer:
    return server.send("GET", f"{TREE}/{PATH}")


def test_parts_in_any_order_become_one_file_when_all_are_there(server: Server) -> None:
    content = parts_of()
    upload = begin(server, 3)

    sent = {number: put(server, upload["credentials"][number - 1], content[number - 1]) for number in (3, 1, 2)}
    assert fetched(server).code == "RESOURCE_DOES_NOT_EXIST"
    assert complete(server, upload["upload_id"], listed(sent)).body == {}

    whole = b"".join(content)
    assert fetched(server).content == whole
    assert fetched(server).headers["etag"] == f'"sha256:{hashlib.sha256(whole).hexdigest()}"'


def test_a_server_that_starts_again_goes_on_with_the_parts_that_it_had(
    db: Database, log: EventLog, blobs: BlobStore, clock: ManualClock
) -> None:
    content, before = parts_of(), server_of(db, log, blobs, clock)
    upload = begin(before, 3)
    sent = {1: put(before, upload["credentials"][0], content[0])}

    after = server_of(db, log, BlobStore(blobs.shelf), clock)
    sent |= {number: put(after, upload["credentials"][number - 1], content[number - 1]) for number in (2, 3)}
    assert complete(after, upload["upload_id"], listed(sent)).status == 200
    assert fetched(after).content == b"".join(content)


def test_a_part_sent_again_takes_the_place_of_the_first(server: Server) -> None:
    upload = begin(server, 2)
    first = put(server, upload["credentials"][0], b"spoilt on its way")
    sent = {number: put(server, upload["credentials"][number - 1], b"right") for number in (1, 2)}

    old = complete(server, upload["upload_id"], listed({1: first, 2: sent[2]}))
    assert (old.status, old.code) == (400, "INVALID_PARAMETER_VALUE")
    assert complete(server, upload["upload_id"], listed(sent)).status == 200
    assert fetched(server).content == b"rightright"


def test_a_file_with_a_part_missing_is_refused_and_can_be_completed_later(server: Server) -> None:
    upload = begin(server, 2)
    sent = {2: put(server, upload["credentials"][1], b"end")}

    refused = complete(server, upload["upload_id"], listed(sent))
    assert (refused.status, refused.body["details"]["missing"]) == (400, [1])

    sent[1] = put(server, upload["credentials"][0], b"begin ")
    assert complete(server, upload["upload_id"], listed(sent)).status == 200
    assert fetched(server).content == b"begin end"


def test_completing_twice_is_completing_once(server: Server) -> None:
    upload = begin(server, 1)
    sent = listed({1: put(server, upload["credentials"][0], b"x")})

    assert [complete(server, upload["upload_id"], sent).status for _ in range(2)] == [200, 200]
    assert abort(server, upload["upload_id"]).status == 200  # what clients send when the first answer was lost
    assert fetched(server).content == b"x"


def test_an_aborted_upload_takes_nothing_more_and_leaves_nothing(server: Server, blobs: BlobStore) -> None:
    upload = begin(server, 1)
    sent = listed({1: put(server, upload["credentials"][0], b"x")})

    assert [abort(server, upload["upload_id"]).status for _ in range(2)] == [200, 200]
    assert put(server, upload["credentials"][0], b"x").code == "RESOURCE_DOES_NOT_EXIST"
    assert complete(server, upload["upload_id"], sent).code == "RESOURCE_DOES_NOT_EXIST"
    assert fetched(server).code == "RESOURCE_DOES_NOT_EXIST"
    assert kept(blobs) == []


def test_what_nobody_goes_on_with_is_swept_after_a_day(
    db: Database, log: EventLog, blobs: BlobStore, clock: ManualClock
) -> None:
    server, uploads = server_of(db, log, blobs, clock), Uploads(db, blobs, clock)
    left, wanted = begin(server, 1), begin(server, 2)
    put(server, left["credentials"][0], b"left")
    put(server, wanted["credentials"][0], b"wanted ")

    clock.at += timedelta(hours=20)
    sent = listed({number: put(server, wanted["credentials"][number - 1], b"wanted") for number in (1, 2)})
    clock.at += timedelta(hours=5)

    assert [uploads.sweep(), uploads.sweep()] == [1, 0]
    assert [name for name in kept(blobs) if left["upload_id"] in name] == []
    assert complete(server, left["upload_id"], []).code == "RESOURCE_DOES_NOT_EXIST"
    assert complete(server, wanted["upload_id"], sent).status == 200


def test_links_open_one_part_for_one_day_and_nothing_else(server: Server, clock: ManualClock) -> None:
    upload = begin(server, 2)
    first, second = upload["credentials"]

    assert put(server, second, b"x", headers=first["headers"]).code == "PERMISSION_DENIED"
    assert put(server, first, b"x", headers={}).code == "PERMISSION_DENIED"
    assert put(server, first, b"x", headers={"x-everlearn-link": "1.2.3"}).code == "PERMISSION_DENIED"
    assert put(server, first | {"url": first["url"].removesuffix("1") + "9"}, b"x").code == "PERMISSION_DENIED"
    clock.at += timedelta(days=1, seconds=1)
    assert put(server, first, b"x").code == "PERMISSION_DENIED"


def test_an_upload_belongs_to_its_project_and_its_path(server: Server) -> None:
    upload = begin(server, 1)
    sent = listed({1: put(server, upload["credentials"][0], b"x")})

    asked = [
        complete(server.project("theirs"), upload["upload_id"], sent),
        complete(server, upload["upload_id"], sent, folder="0/other"),
        complete(server, "upl_" + "0" * 26, sent),
        complete(server, "../../etc/passwd", sent),
        abort(server.project("theirs"), upload["upload_id"]),
    ]
    assert {answer.code for answer in asked} == {"RESOURCE_DOES_NOT_EXIST"}
    assert complete(server, upload["upload_id"], sent).status == 200


def test_parts_of_a_project_of_its_own_come_under_its_address(server: Server) -> None:
    mine = server.project("mine")
    upload = begin(mine, 1)
    assert urlsplit(upload["credentials"][0]["url"]).path.startswith("/projects/mine/api/2.0/")

    sent = listed({1: put(server, upload["credentials"][0], b"mine")})
    assert complete(mine, upload["upload_id"], sent).status == 200
    assert fetched(mine).content == b"mine"
    assert fetched(server).code == "RESOURCE_DOES_NOT_EXIST"


@pytest.mark.parametrize("count", [0, -1, 10_001, 2**40])
def test_the_number_of_parts_has_limits(server: Server, count: int) -> None:
    answer = server.post(f"{MPU}/create/{FOLDER}", path=NAME, num_parts=count)

    assert (answer.status, answer.code) == (400, "INVALID_PARAMETER_VALUE")


def test_a_file_does_not_begin_where_another_stands_in_its_way(server: Server) -> None:
    server.send("PUT", f"{TREE}/0/run/artifacts/model", content=b"a file where a folder would be")

    assert server.post(f"{MPU}/create/{FOLDER}", path=NAME, num_parts=1).code == "RESOURCE_CONFLICT"


@pytest.mark.parametrize("name", ["", "..", "a#b", "a;b", "%2e%2e", "a\x00b"])
def test_names_at_the_client_cannot_lead_elsewhere(server: Server, name: str) -> None:
    answer = server.post(f"{MPU}/create/0/run/artifacts", path=name, num_parts=1)

    assert answer.status == 400


def test_files_that_could_run_code_are_marked_however_they_came(
    db: Database, log: EventLog, blobs: BlobStore, clock: ManualClock
) -> None:
    server, pickled = server_of(db, log, blobs, clock), pickle.dumps([Fraction(1, 3)] * 200_000)
    upload = begin(server, 2)
    half = len(pickled) // 2
    sent = {1: put(server, upload["credentials"][0], pickled[:half])}
    sent[2] = put(server, upload["credentials"][1], pickled[half:])
    complete(server, upload["upload_id"], listed(sent))
    for name, content in (("at once", pickled), ("model.pkl", b"?"), ("MLmodel", b"flavors: {}")):
        server.send("PUT", f"{TREE}/{FOLDER}/{name}", content=content)

    files = Files(db, blobs, clock)
    files.put("default", f"{FOLDER}/put", *digest_and_size(pickled))
    marked = {one.path.rpartition("/")[2]: str(one.hazard) for one in files.hazardous("default", FOLDER, limit=10)}
    assert marked == {"at once": "pickle", "model.pkl": "named_pickle", "put": "pickle", NAME: "pickle"}

    server.send("PUT", f"{TREE}/{FOLDER}/model.pkl", content=b"")
    server.send("PUT", f"{TREE}/{FOLDER}/at once", content=b"harmless")
    assert files.find("default", f"{FOLDER}/at once").hazard is None


def test_a_windows_client_names_the_file_as_it_knows_it(server: Server) -> None:
    upload = server.post(f"{MPU}/create/{FOLDER}", path=f"C:\\Users\\me\\{NAME}", num_parts=1).body
    sent = listed({1: put(server, upload["credentials"][0], b"x")})

    assert complete(server, upload["upload_id"], sent).status == 200
    assert fetched(server).content == b"x"


def test_a_bucket_keeps_parts_and_the_whole_too(
    sqlite_db: Database, log: EventLog, clock: ManualClock, bucket_url: str
) -> None:
    blobs = open_blobs(bucket_url)
    server, content = server_of(sqlite_db, log, blobs, clock), parts_of()
    upload = begin(server, 3)
    sent = {number: put(server, upload["credentials"][number - 1], content[number - 1]) for number in (2, 3, 1)}
    assert len(kept(blobs)) == 3

    assert complete(server, upload["upload_id"], listed(sent)).status == 200

    assert fetched(server).content == b"".join(content)
    some = server.send("GET", f"{TREE}/{PATH}", headers={"range": "bytes=299999-300001"})
    assert (some.status, some.content) == (206, b"".join(content)[299_999:300_002])
    assert kept(blobs) == []


def digest_and_size(content: bytes) -> tuple[Digest, int]:
    return digest_bytes(content), len(content)


def kept(blobs: BlobStore) -> list[str]:
    """Name the parts that are there."""
    if isinstance(blobs.shelf, BucketShelf):
        return [str(one["path"]) for page in obstore.list(blobs.shelf.store, "parts/") for one in page]
    assert isinstance(blobs.shelf, FolderShelf)
    return [str(path) for path in (blobs.shelf.root / "parts").rglob("*") if path.is_file()]
