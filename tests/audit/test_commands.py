"""`everlearn audit` from the command line, over a finder that knows one service."""

import json
from pathlib import Path
from typing import Any

import pytest
from tests.audit.conftest import SIGNER, SIZE, Trail, without_key
from typer.testing import CliRunner

from everlearn.audit.commands import app
from everlearn.cli.services import provided
from everlearn.eventlog.checkpoint import Checkpoint
from everlearn.eventlog.note import Signer

KEY = SIGNER.verifier.as_text()


def run(trail: Trail | None, *arguments: str) -> tuple[int, str, str]:
    def find(_of: type[Any]) -> Any:
        assert trail is not None, "the database was asked for"
        return trail.audit

    with provided(find):
        answer = CliRunner().invoke(app, list(arguments))
    assert answer.exception is None or isinstance(answer.exception, SystemExit), answer.exception
    return answer.exit_code, answer.stdout, answer.stderr


@pytest.fixture
def export(sqlite_trail: Trail, tmp_path: Path) -> Path:
    without_key(sqlite_trail).export(tmp_path / "log.jsonl")
    return tmp_path / "log.jsonl"


def test_entries_are_listed_narrowed_and_shown(sqlite_trail: Trail) -> None:
    code, out, err = run(sqlite_trail, "log", "--limit", "2")
    assert code == 0
    assert [line.split()[0] for line in out.splitlines()] == ["position", "600", "599"]
    assert "--after 599" in err

    _, out, _ = run(sqlite_trail, "log", "--subject", "gauge:1", "--limit", "1", "--json")
    (entry,) = json.loads(out)["items"]
    assert entry["subject"] == "gauge:1"

    _, out, _ = run(sqlite_trail, "show", entry["id"], "--json")
    assert json.loads(out) == entry


def test_a_sound_log_is_called_so_with_what_is_not_yet_signed(sqlite_trail: Trail) -> None:
    code, out, _ = run(sqlite_trail, "verify")

    assert code == 0
    assert "sound: all 600 entries are what was sealed" in out
    assert "the first 520 entries" in out
    assert "80 entries, which only the database vouches for" in out


def test_a_changed_log_is_not_sound_and_the_exit_code_says_so(sqlite_trail: Trail) -> None:
    sqlite_trail.change(200, subject="gauge:9")

    code, out, err = run(sqlite_trail, "verify")
    assert code == 1
    assert "NOT SOUND" in out
    assert "fault: entry 200 is not what was written" in err

    code, out, _ = run(sqlite_trail, "verify", "--json")
    told = json.loads(out)
    assert (code, told["sound"], told["unsigned"]) == (1, False, 500)  # sealed up to 100 for sure
    assert {"position": 200, "through": 200, "message": "entry 200 is not what was written"} in told["faults"]


def test_many_faults_are_cut_short_for_people(sqlite_trail: Trail) -> None:
    for position in range(100, 140):
        sqlite_trail.change(position, subject="gauge:9")

    _, _, err = run(sqlite_trail, "verify")

    assert len(err.splitlines()) == 21
    assert "more; --json has all of them" in err.splitlines()[-1]


def test_an_export_is_verified_without_a_database(export: Path, tmp_path: Path) -> None:
    (tmp_path / "key.pub").write_text(KEY + "\n")

    for key in (("--key", KEY), ("--key-file", str(tmp_path / "key.pub"))):
        code, out, _ = run(None, "verify", "--export", str(export), *key)
        assert code == 0
        assert "sound: all 600 entries are what was sealed" in out


def test_a_changed_export_is_not_sound(export: Path) -> None:
    lines = export.read_bytes().splitlines(keepends=True)
    export.write_bytes(b"".join([*lines[:42], *lines[43:]]))

    code, out, err = run(None, "verify", "--export", str(export), "--key", KEY, "--json")

    assert code == 1
    assert json.loads(out)["faults"][1] == {"position": 42, "through": 42, "message": "entry 42 is missing"}
    assert err == ""


def test_another_key_is_not_the_log_s(export: Path) -> None:
    stranger = Signer.generate("everlearn/stranger").verifier.as_text()

    code, _, err = run(None, "verify", "--export", str(export), "--key", stranger)

    assert code == 1
    assert "none of the 3 checkpoints is signed with the key everlearn/stranger" in err


def test_a_checkpoint_kept_in_a_file_is_checked(sqlite_trail: Trail, export: Path, tmp_path: Path) -> None:
    _, note, _ = run(sqlite_trail, "checkpoint")
    (tmp_path / "kept.txt").write_text(note)
    kept = ("--checkpoint", str(tmp_path / "kept.txt"))
    assert run(sqlite_trail, "verify", *kept)[0] == 0
    assert run(None, "verify", "--export", str(export), "--key", KEY, *kept)[0] == 0

    sqlite_trail.change(590, subject="gauge:9")
    sqlite_trail.reseal()
    sqlite_trail.forget_checkpoints(above=520)

    assert run(sqlite_trail, "verify")[0] == 0
    assert run(sqlite_trail, "verify", *kept)[0] == 1


def test_an_export_is_written_and_the_way_to_verify_it_told(sqlite_trail: Trail, tmp_path: Path) -> None:
    target = tmp_path / "out.jsonl"

    code, out, err = run(sqlite_trail, "export", str(target), "--json")

    assert code == 0
    assert json.loads(out)["size"] == json.loads(out)["signed_size"] == SIZE
    told = err.strip().rpartition("everlearn audit ")[2].split()
    assert run(None, *told)[0] == 0


def test_the_checkpoint_and_the_key_are_printed_as_they_are(sqlite_trail: Trail) -> None:
    _, note, _ = run(sqlite_trail, "checkpoint")
    _, key, _ = run(sqlite_trail, "key")

    assert Checkpoint.from_note(note, SIGNER.verifier).size == SIZE
    assert key == KEY + "\n"
    assert json.loads(run(sqlite_trail, "checkpoint", "--json")[1]) == {"checkpoint": note}
    assert json.loads(run(sqlite_trail, "key", "--json")[1]) == {"key": KEY}


def test_proofs_are_printed(sqlite_trail: Trail) -> None:
    inclusion = json.loads(run(sqlite_trail, "proof", "42", "--size", "300", "--json")[1])
    growth = json.loads(run(sqlite_trail, "proof", "--since", "300", "--json")[1])

    assert (inclusion["position"], inclusion["size"]) == (42, 300)
    assert inclusion["checkpoint"] is not None
    assert (growth["old_size"], growth["size"]) == (300, SIZE)


@pytest.mark.parametrize(
    "arguments",
    [
        ["proof"],
        ["proof", "1", "--since", "2"],
        ["proof", "0"],
        ["verify", "--key", KEY],
        ["verify", "--export", "log.jsonl"],
        ["verify", "--export", "log.jsonl", "--key", KEY, "--key-file", "key.pub"],
        ["verify", "--export", "log.jsonl", "--key-file", "there-is-no-such-file"],
        ["verify", "--checkpoint", "there-is-no-such-file"],
    ],
)
def test_a_command_line_that_says_too_little_or_too_much_is_a_usage_error(
    sqlite_trail: Trail, arguments: list[str]
) -> None:
    assert run(sqlite_trail, *arguments)[0] == 2
