"""What is particular to a folder."""

import stat
import threading
from pathlib import Path

from everlearn.blobs import open_blobs
from everlearn.core.digest import digest_bytes


def test_a_blob_is_a_read_only_file_named_by_its_digest(tmp_path: Path) -> None:
    blobs = open_blobs(tmp_path.as_uri())

    blobs.put(b"abc")  # FIPS 180-2 gives its SHA-256

    path = tmp_path / "sha256" / "ba" / "7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    assert path.read_bytes() == b"abc"
    assert stat.S_IMODE(path.stat().st_mode) & 0o222 == 0


def test_many_threads_may_store_the_same_content(tmp_path: Path) -> None:
    blobs = open_blobs(tmp_path.as_uri())
    contents = [bytes([number]) * 50_000 for number in range(8)]

    threads = [threading.Thread(target=lambda: [blobs.put(content) for content in contents]) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert [blobs.get(digest_bytes(content)) for content in contents] == contents
    assert list((tmp_path / "tmp").iterdir()) == []


def test_names_with_odd_characters_are_folders_too(tmp_path: Path) -> None:
    odd = tmp_path / "with space, #hash and ünïcode"

    digest = open_blobs(odd.as_uri()).put(b"kept")

    assert (odd / "sha256").is_dir()
    assert open_blobs(odd.as_uri()).get(digest) == b"kept"
