"""Full disks, damaged content, places that do not answer."""

import os
import resource
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import unquote, urlsplit

import obstore
import pytest

from everlearn.blobs import BlobStore, open_blobs
from everlearn.blobs.bucket import BucketShelf
from everlearn.core.digest import Digest, digest_bytes, hex_of
from everlearn.core.errors import DamagedError, InvalidError, StorageFullError, UnavailableError

MEGABYTE = 1024 * 1024


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system with room for one megabyte; only root can make one."""
    place = tmp_path / "small"
    place.mkdir()
    mount, unmount = shutil.which("mount"), shutil.which("umount")
    if mount is None or unmount is None:
        pytest.skip("no command `mount` here")
    made = subprocess.run(
        [mount, "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(place)], capture_output=True, check=False
    )
    if made.returncode:
        pytest.skip("only root can mount a small file system")
    yield place
    subprocess.run([unmount, "-l", str(place)], check=True)


@pytest.fixture
def file_size_limit() -> Iterator[None]:
    """No file of this process may grow over a megabyte, whoever runs the tests."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (MEGABYTE, before[1]))
    yield
    resource.setrlimit(resource.RLIMIT_FSIZE, before)


def files(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]


def test_a_full_disk_is_told_and_leaves_nothing(small_disk: Path) -> None:
    blobs = open_blobs(small_disk.as_uri())
    kept = blobs.put(b"k" * (MEGABYTE // 2))

    with pytest.raises(StorageFullError, match="Free some space"):
        blobs.put(b"x" * MEGABYTE)
    with pytest.raises(StorageFullError, match="Free some space"):
        blobs.put_stream(b"y" * 100_000 for _ in range(20))

    assert blobs.get(kept) == b"k" * (MEGABYTE // 2)
    assert len(files(small_disk)) == 1
    assert blobs.put(b"there is room again")


def test_a_full_disk_is_not_ready(small_disk: Path) -> None:
    blobs = open_blobs(small_disk.as_uri())
    (small_disk / "filler").write_bytes(b"")
    with pytest.raises(OSError, match="No space"), (small_disk / "filler").open("wb") as filler:
        filler.write(b"x" * 2 * MEGABYTE)

    with pytest.raises(StorageFullError):
        blobs.probe()


@pytest.mark.usefixtures("file_size_limit")
def test_a_limit_on_file_sizes_is_like_a_full_disk(tmp_path: Path) -> None:
    blobs = open_blobs(tmp_path.as_uri())

    with pytest.raises(StorageFullError):
        blobs.put_stream(b"z" * 100_000 for _ in range(20))

    assert files(tmp_path) == []


def test_a_bucket_needs_room_for_drafts_and_says_so(
    bucket_url: str, small_disk: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(small_disk))
    blobs = open_blobs(bucket_url)
    content = b"".join(number.to_bytes(4) * 25_000 for number in range(100))

    with pytest.raises(StorageFullError):
        blobs.put_stream(content[start : start + 100_000] for start in range(0, len(content), 100_000))

    assert not blobs.exists(digest_bytes(content))


def damage(url: str, digest: Digest, content: bytes) -> None:
    """Put other content where a blob is, past the store."""
    parts, digits = urlsplit(url), hex_of(digest)
    name = f"sha256/{digits[:2]}/{digits[2:]}"
    if parts.scheme == "file":
        path = Path(unquote(parts.path)) / name
        path.chmod(0o644)
        path.write_bytes(content)
    else:
        shelf = open_blobs(url).shelf
        assert isinstance(shelf, BucketShelf)
        obstore.put(shelf.store, name, content)


@pytest.mark.parametrize("damaged", [b"", b"short", b"exactly as long", b"longer than what was stored"])
def test_damage_is_noticed_before_the_last_byte(blobs: BlobStore, blobs_url: str, damaged: bytes) -> None:
    digest = blobs.put(b"exactly so long")
    damage(blobs_url, digest, damaged)

    with pytest.raises(DamagedError, match=digest):
        blobs.get(digest)
    with pytest.raises(DamagedError, match=digest):
        list(blobs.stream(digest))


def test_a_damaged_tail_is_never_handed_over(folder_url: str) -> None:
    blobs = open_blobs(folder_url)
    content = os.urandom(5 * MEGABYTE)
    digest = blobs.put(content)
    damage(folder_url, digest, content[:-1] + bytes([content[-1] ^ 1]))
    received: list[bytes] = []

    with pytest.raises(DamagedError, match=digest):
        received.extend(blobs.stream(digest))

    assert sum(len(piece) for piece in received) < len(content)


def test_content_lost_in_part_is_repaired_by_storing_it_again(blobs: BlobStore, blobs_url: str) -> None:
    digest = blobs.put(b"needed again")
    damage(blobs_url, digest, b"need")

    blobs.put(b"needed again")

    assert blobs.get(digest) == b"needed again"


def test_a_bucket_that_does_not_exist_is_unavailable(bucket_url: str) -> None:
    blobs = open_blobs(bucket_url.replace("blobs-", "absent-"))

    with pytest.raises(UnavailableError, match="create it"):
        blobs.put(b"nowhere to go")
    with pytest.raises(UnavailableError):
        blobs.probe()


@pytest.mark.usefixtures("bucket_url")
def test_a_store_that_does_not_answer_is_unavailable() -> None:
    blobs = open_blobs("s3://bucket?endpoint=http://127.0.0.1:9&region=us-east-1")

    with pytest.raises(UnavailableError, match="does not answer"):
        blobs.probe()


def test_a_folder_that_cannot_be_made_is_unavailable(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"in the way")

    with pytest.raises(UnavailableError, match="refuses"):
        open_blobs((tmp_path / "file" / "blobs").as_uri())


@pytest.mark.parametrize(
    "url",
    [
        "",
        "blobs",
        "/var/lib/blobs",
        "file://",
        "file://host/folder",
        "file:///folder?x=1",
        "s3://",
        "s3://bucket?secret=1",
        "gopher://place",
        "s3://[bad",
    ],
)
def test_a_url_we_cannot_use_is_refused_with_the_ones_we_can(url: str) -> None:
    with pytest.raises(InvalidError, match="s3://"):
        open_blobs(url)


def test_opening_a_store_loads_nothing_heavy() -> None:
    code = "import everlearn.blobs, sys; print({'numpy', 'polars', 'sqlalchemy'} & set(sys.modules))"

    answer = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert answer.stdout.strip() == "set()"
