"""What only whole processes can show: being killed, and how much memory a large blob takes."""

import random
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from everlearn.blobs import open_blobs
from everlearn.core.digest import Digest, digest_bytes

HERE = Path(__file__).parent
MEGABYTE = 1024 * 1024


def killed_writer(url: str, *, seed: int, largest: int) -> list[str]:
    """Let a writer store a few blobs, kill it at some instant, and give what it said."""
    command = [sys.executable, str(HERE / "writer.py"), url, str(seed), str(largest)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as writer:
        assert writer.stdout is not None
        lines = random.Random(seed).randrange(1, 12)  # test data
        said = [writer.stdout.readline() for _ in range(lines)]
        writer.kill()
        said += writer.stdout.readlines()
    return said


@pytest.mark.parametrize(
    ("place", "kills", "largest"), [("folder_url", 8, 4 * MEGABYTE), ("bucket_url", 3, 12 * MEGABYTE)]
)
def test_whatever_a_killed_writer_leaves_visible_is_whole(
    place: str, kills: int, largest: int, request: pytest.FixtureRequest
) -> None:
    url: str = request.getfixturevalue(place)
    blobs = open_blobs(url)

    said = [line.split() for seed in range(kills) for line in killed_writer(url, seed=seed, largest=largest)]

    acknowledged = {Digest(f"sha256:{digits}") for what, digits in said if what == "stored"}
    begun = {Digest(f"sha256:{digits}") for what, digits in said if what == "storing"}
    visible = {digest for digest in begun if blobs.exists(digest)}
    assert acknowledged <= visible
    assert all(digest_bytes(blobs.get(digest)) == digest for digest in visible)


def test_what_a_killed_writer_left_half_written_is_swept(folder_url: str, tmp_path: Path) -> None:
    for seed in range(4):
        killed_writer(folder_url, seed=seed, largest=8 * MEGABYTE)
    drafts = tmp_path / "a folder" / "tmp"
    left = len(list(drafts.iterdir()))
    blobs = open_blobs(folder_url)

    assert blobs.sweep(datetime.now(UTC) - timedelta(days=1)) == 0
    assert blobs.sweep(datetime.now(UTC) + timedelta(days=1)) == left

    assert list(drafts.iterdir()) == []


@pytest.mark.parametrize(("place", "limit"), [("folder_url", 16 * MEGABYTE), ("bucket_url", 90 * MEGABYTE)])
def test_the_size_of_a_blob_costs_no_memory(place: str, limit: int, request: pytest.FixtureRequest) -> None:
    url: str = request.getfixturevalue(place)

    answer = subprocess.run(
        [sys.executable, str(HERE / "mover.py"), url, "160"], capture_output=True, text=True, check=True
    )

    read, grown = map(int, answer.stdout.split())
    assert read == 160 * MEGABYTE
    assert grown < limit
