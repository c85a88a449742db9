"""Exports: written whole or not at all, and proved right with nothing but the file and a public key."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.audit.conftest import SIGNED_AT, SIGNER, SIZE, Trail, without_key

from everlearn.audit import verify_export
from everlearn.audit.model import NotAnExportError
from everlearn.eventlog.note import NoteError, Signer

KEY = SIGNER.verifier.as_text()


@pytest.fixture
def export(sqlite_trail: Trail, tmp_path: Path) -> Path:
    """An export of which the last 80 entries are not signed, because whoever made it had no key."""
    target = tmp_path / "log.jsonl"
    without_key(sqlite_trail).export(target)
    sqlite_trail.db.close()
    return target


def lines_of(path: Path) -> list[bytes]:
    return path.read_bytes().splitlines(keepends=True)


def places(path: Path) -> list[tuple[int | None, int | None]]:
    return [(fault.position, fault.through) for fault in verify_export(path, KEY).faults]


def test_an_export_is_sound_and_says_how_far_it_is_signed(export: Path) -> None:
    found = verify_export(export, KEY)

    assert found.is_sound
    assert (found.size, found.checkpoints, found.signed_size) == (SIZE, len(SIGNED_AT), SIGNED_AT[-1])


def test_with_a_key_everything_is_signed_before_it_is_exported(trail: Trail, tmp_path: Path) -> None:
    exported = trail.audit.export(tmp_path / "new" / "log.jsonl")

    found = verify_export(Path(exported.path), KEY)
    assert (exported.size, exported.signed_size) == (SIZE, SIZE)
    assert (found.is_sound, found.size, found.signed_size) == (True, SIZE, SIZE)
    assert exported.bytes == (tmp_path / "new" / "log.jsonl").stat().st_size
    assert [path.name for path in (tmp_path / "new").iterdir()] == ["log.jsonl"]


def test_an_export_has_a_header_and_one_exact_leaf_a_line(export: Path, sqlite_trail: Trail) -> None:
    header, *leaves = lines_of(export)

    told = json.loads(header)
    assert (told["format"], told["origin"], told["size"]) == ("everlearn-log-export@1", "everlearn/test", SIZE)
    assert len(told["notes"]) == len(SIGNED_AT)
    assert leaves[41] == sqlite_trail.audit.inclusion(42).leaf.encode() + b"\n"
    assert len(leaves) == SIZE


def test_an_empty_log_is_exported(empty_trail: Trail, tmp_path: Path) -> None:
    empty_trail.audit.export(tmp_path / "log.jsonl")

    assert verify_export(tmp_path / "log.jsonl", KEY).is_sound


def test_a_log_longer_than_a_chunk_is_exported_whole(empty_trail: Trail, tmp_path: Path) -> None:
    empty_trail.append(4_001)
    empty_trail.audit.export(tmp_path / "log.jsonl")

    found = verify_export(tmp_path / "log.jsonl", KEY)
    assert (found.is_sound, found.size, found.signed_size) == (True, 4_001, 4_001)


def test_what_is_appended_meanwhile_is_left_out(empty_trail: Trail, tmp_path: Path) -> None:
    empty_trail.append(2_100)
    lines = empty_trail.audit.export_lines()
    written = next(lines)
    empty_trail.append(10)
    (tmp_path / "log.jsonl").write_bytes(written + b"".join(lines))

    found = verify_export(tmp_path / "log.jsonl", KEY)
    assert (found.is_sound, found.size) == (True, 2_100)


def test_an_export_that_fails_leaves_the_one_before(export: Path, sqlite_trail: Trail) -> None:
    before = export.read_bytes()
    sqlite_trail.db.engine.dispose()
    with sqlite_trail.db.write() as tx:
        tx.connection.exec_driver_sql("drop table log_entries")

    with pytest.raises(Exception, match="log_entries"):
        sqlite_trail.audit.export(export)

    assert export.read_bytes() == before
    assert [path.name for path in export.parent.glob("*log.jsonl*")] == ["log.jsonl"]


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_any_changed_byte_of_a_signed_entry_is_found(export: Path, data: st.DataObject) -> None:
    lines = lines_of(export)
    number = data.draw(st.integers(1, SIGNED_AT[-1]))
    at = data.draw(st.integers(0, len(lines[number]) - 1))
    change = data.draw(st.integers(1, 255))
    forged = export.with_name("forged.jsonl")
    line = bytearray(lines[number])
    line[at] ^= change
    forged.write_bytes(b"".join([*lines[:number], bytes(line), *lines[number + 1 :]]))

    faults = verify_export(forged, KEY).faults

    assert any((fault.position or 0) <= number <= (fault.through or 0) for fault in faults)


Forgery = Callable[[list[bytes]], list[bytes]]
FORGERIES: dict[str, tuple[Forgery, tuple[int, int]]] = {
    "remove": (lambda lines: [*lines[:200], *lines[201:]], (200, 200)),
    "remove several": (lambda lines: [*lines[:200], *lines[210:]], (200, 209)),
    "swap": (lambda lines: [*lines[:200], lines[201], lines[200], *lines[202:]], (200, 200)),
    "insert": (lambda lines: [*lines[:201], lines[200], *lines[201:]], (200, 200)),
    "cut off": (lambda lines: lines[:511], (511, 520)),
    "nonsense": (lambda lines: [*lines[:200], b"nonsense\n", *lines[201:]], (200, 200)),
    "made to exhaust the reader": (lambda lines: [*lines[:200], b"[" * 100_000 + b"\n", *lines[201:]], (200, 200)),
    "empty line": (lambda lines: [*lines[:200], b"\n", *lines[200:]], (200, 200)),
}


@pytest.mark.parametrize("forgery", FORGERIES)
def test_lines_removed_moved_inserted_or_cut_off_are_found(export: Path, forgery: str) -> None:
    forge, place = FORGERIES[forgery]
    export.write_bytes(b"".join(forge(lines_of(export))))

    assert place in places(export)


def test_an_end_cut_off_is_found_also_where_nothing_is_signed(export: Path) -> None:
    content = export.read_bytes()

    export.write_bytes(content[:-5])
    assert "is cut off" in str(verify_export(export, KEY).faults)

    export.write_bytes(b"".join(lines_of(export)[:-10]))
    assert (591, 600) in places(export)


def forged_header(path: Path, **changes: object) -> None:
    first, *rest = lines_of(path)
    path.write_bytes(json.dumps(json.loads(first) | changes).encode() + b"\n" + b"".join(rest))


def test_a_forged_checkpoint_is_found(export: Path) -> None:
    notes = json.loads(lines_of(export)[0])["notes"]
    forged = Signer.generate("everlearn/test").signed(
        "everlearn/test\n300\nAAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=\n"
    )
    forged_header(export, notes=[notes[0], forged, notes[2]])

    found = verify_export(export, KEY)

    assert "checkpoint 2 of 3 (of size 300) does not count" in found.faults[0].message
    assert found.signed_size == SIGNED_AT[-1]


def test_another_key_proves_nothing(export: Path) -> None:
    found = verify_export(export, Signer.generate("everlearn/test").verifier.as_text())

    assert "none of the 3 checkpoints is signed with the key everlearn/test+" in found.faults[0].message
    assert found.signed_size == 0


def test_an_export_without_its_checkpoints_proves_nothing(export: Path) -> None:
    forged_header(export, notes=[])

    assert "nothing in this export is signed" in verify_export(export, KEY).faults[0].message


def test_a_forged_size_is_found(export: Path) -> None:
    forged_header(export, size=605)

    assert places(export) == [(601, 605)]


def test_a_checkpoint_kept_elsewhere_is_checked_too(export: Path, sqlite_trail: Trail) -> None:
    kept = sqlite_trail.audit.checkpoint()
    assert verify_export(export, KEY, notes=[kept]).is_sound

    lines = lines_of(export)
    lines[590] = lines[590].replace(b"nothing special", b"nothing at all!")
    export.write_bytes(b"".join(lines))

    assert verify_export(export, KEY).is_sound
    found = verify_export(export, KEY, notes=[kept])
    assert [(fault.position, fault.through) for fault in found.faults] == [(521, 600)]


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"nonsense\n",
        b"[]\n",
        b"\xff\n",
        b'{"format":"everlearn-log-export@2","origin":"o","size":1,"notes":[]}\n',
        b'{"format":"everlearn-log-export@1","origin":"o","size":"1","notes":[]}\n',
        b'{"format":"everlearn-log-export@1","origin":"o","size":1,"notes":[1]}\n',
    ],
)
def test_another_file_is_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "file").write_bytes(content)

    with pytest.raises(NotAnExportError, match="header"):
        verify_export(tmp_path / "file", KEY)


def test_a_file_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(NotAnExportError, match="No such file"):
        verify_export(tmp_path / "file", KEY)


def test_a_key_that_is_none_is_refused(export: Path) -> None:
    with pytest.raises(NoteError):
        verify_export(export, "nonsense")
