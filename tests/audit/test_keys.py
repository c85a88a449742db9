"""The file with the key."""

import stat
import subprocess
import sys
from pathlib import Path

import pytest

from everlearn.audit import load_or_make_signer
from everlearn.audit.model import KeyFileError
from everlearn.eventlog.note import Verifier

MAKE = """
import sys
from pathlib import Path
from everlearn.audit import load_or_make_signer
print("ready", flush=True)
sys.stdin.readline()
print(load_or_make_signer(Path(sys.argv[1])).verifier.as_text())
"""


def test_a_key_is_made_once_for_its_owner_alone(tmp_path: Path) -> None:
    path = tmp_path / "new" / "log.key"

    made = load_or_make_signer(path)

    assert load_or_make_signer(path) == made
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert made.name.startswith("everlearn/")
    assert len(bytes.fromhex(made.name.removeprefix("everlearn/"))) == 4
    assert sorted(each.name for each in path.parent.iterdir()) == ["log.key", "log.key.pub"]


def test_the_public_key_stands_beside_it_and_comes_back_when_lost(tmp_path: Path) -> None:
    path, public = tmp_path / "log.key", tmp_path / "log.key.pub"
    made = load_or_make_signer(path)
    assert Verifier.from_text(public.read_text()) == made.verifier

    public.unlink()
    load_or_make_signer(path)

    assert Verifier.from_text(public.read_text()) == made.verifier
    assert stat.S_IMODE(public.stat().st_mode) == 0o644


def test_processes_that_start_at_once_get_one_key(tmp_path: Path) -> None:
    path = tmp_path / "log.key"
    crowd = [
        subprocess.Popen(
            [sys.executable, "-c", MAKE, str(path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        for _ in range(4)
    ]
    for process in crowd:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"

    for process in crowd:
        assert process.stdin is not None
        process.stdin.write("go\n")
        process.stdin.flush()
    told = {process.communicate(timeout=60)[0] for process in crowd}

    assert told == {load_or_make_signer(path).verifier.as_text() + "\n"}
    assert sorted(each.name for each in tmp_path.iterdir()) == ["log.key", "log.key.pub"]


@pytest.mark.parametrize("content", [b"", b"nonsense", b"\xff\xfe", b"PRIVATE+KEY+a+00000000+AAAA\n"])
def test_a_file_that_holds_no_key_is_refused_and_left_alone(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "log.key"
    path.write_bytes(content)

    with pytest.raises(KeyFileError, match=r"log\.key"):
        load_or_make_signer(path)
    assert path.read_bytes() == content


def test_a_place_where_no_file_can_be_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")

    with pytest.raises(KeyFileError, match="cannot be read or made"):
        load_or_make_signer(tmp_path / "file" / "log.key")
