"""A server that is killed while files arrive: what it acknowledged is there, and no file is there by half."""

import hashlib
import random
import signal
import threading
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import httpx
import pytest
from tests.app.processes import free_port, serving, until

TREE, MPU = "/api/2.0/mlflow-artifacts/artifacts/0/run/artifacts", "/api/2.0/mlflow-artifacts/mpu"
PART, PARTS = 1_000_000, 24


def content_of(number: int, size: int = PART) -> bytes:
    return random.Random(number).randbytes(size)


def drafts(home: Path) -> list[Path]:
    return list((home / "blobs" / "tmp").glob("draft_*"))


def blobs(home: Path) -> list[Path]:
    return [path for path in (home / "blobs" / "sha256").rglob("*") if path.is_file()]


def send_until_refused(port: int, acknowledged: list[int], begun: threading.Event) -> None:
    with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=30) as client:
        for number in range(10_000):
            try:
                client.put(f"{TREE}/{number}", content=content_of(number)).raise_for_status()
            except httpx.TransportError:
                return
            acknowledged.append(number)
            if number == 5:
                begun.set()


def test_files_that_were_acknowledged_are_there_and_no_other_by_half(tmp_path: Path) -> None:
    port, home, acknowledged, begun = free_port(), tmp_path / "home", list[int](), threading.Event()
    with serving(home, port) as server:
        sender = threading.Thread(target=send_until_refused, args=(port, acknowledged, begun))
        sender.start()
        assert begun.wait(60)
        server.send_signal(signal.SIGKILL)
        sender.join()

    with serving(home, port), httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=30) as client:
        for number in acknowledged:
            assert client.get(f"{TREE}/{number}").content == content_of(number)
        last = client.get(f"{TREE}/{len(acknowledged)}")  # it may have been kept and not answered
        assert last.status_code == 404 or last.content == content_of(len(acknowledged))


def test_a_file_that_was_on_its_way_is_not_there_at_all(tmp_path: Path) -> None:
    port, home = free_port(), tmp_path / "home"
    with serving(home, port) as server:

        def body() -> Iterator[bytes]:
            for number in range(8):
                yield content_of(number)
            until(lambda: any(path.stat().st_size > PART for path in drafts(home)))
            server.send_signal(signal.SIGKILL)
            server.wait()
            yield content_of(9)

        with suppress(httpx.TransportError):
            httpx.put(f"http://127.0.0.1:{port}{TREE}/x", content=body(), timeout=30)

    assert blobs(home) == []
    with serving(home, port):
        assert httpx.get(f"http://127.0.0.1:{port}{TREE}/x").status_code == 404


def ask(port: int, word: str, **said: Any) -> httpx.Response:
    address = f"http://127.0.0.1:{port}{MPU}/{word}/0/run/artifacts"
    return httpx.post(address, json={"path": "whole", **said}, timeout=60)


def put_part(credential: Any, number: int) -> str:
    answer = httpx.put(credential["url"], headers=credential["headers"], content=content_of(number), timeout=30)
    return str(answer.raise_for_status().headers["etag"])


@pytest.mark.slow
def test_an_upload_in_parts_goes_on_where_the_server_was_killed(tmp_path: Path) -> None:
    port, home = free_port(), tmp_path / "home"
    kept: dict[int, str] = {}
    with serving(home, port) as server:
        upload = ask(port, "create", num_parts=PARTS).json()
        credentials = {one["part_number"]: one for one in upload["credentials"]}
        for number in range(1, PARTS // 2):
            kept[number] = put_part(credentials[number], number)
        server.send_signal(signal.SIGKILL)

    whole = hashlib.sha256(b"".join(content_of(number) for number in range(1, PARTS + 1))).hexdigest()
    with serving(home, port) as server:
        for number in range(PARTS // 2, PARTS + 1):
            kept[number] = put_part(credentials[number], number)
        parts = [{"part_number": number, "etag": etag} for number, etag in kept.items()]

        def complete() -> None:
            with suppress(httpx.TransportError):  # what is wanted
                ask(port, "complete", upload_id=upload["upload_id"], parts=parts)

        completing = threading.Thread(target=complete)
        completing.start()
        until(lambda: drafts(home) != [] or blobs(home) != [])
        server.send_signal(signal.SIGKILL)
        completing.join()

    with serving(home, port):
        found = httpx.get(f"http://127.0.0.1:{port}{TREE}/whole", timeout=60)
        assert found.status_code == 404 or hashlib.sha256(found.content).hexdigest() == whole
        assert ask(port, "complete", upload_id=upload["upload_id"], parts=parts).status_code == 200
        found = httpx.get(f"http://127.0.0.1:{port}{TREE}/whole", timeout=60)
        assert hashlib.sha256(found.content).hexdigest() == whole
        assert list((home / "blobs" / "parts").rglob("*")) == []
