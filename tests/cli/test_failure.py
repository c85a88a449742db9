from pathlib import Path

import pytest

from everlearn.cli.failure import guarded
from everlearn.core.errors import (
    ConflictError,
    DamagedError,
    DeniedError,
    EverlearnError,
    InvalidError,
    NotFoundError,
    StorageFullError,
    UnavailableError,
)


def outcome(error: BaseException, folder: Path) -> int:
    def command() -> None:
        raise error

    return guarded(command, crash_file=lambda: folder / "logs" / "crash.log")


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (NotFoundError("no"), 1),
        (InvalidError("no"), 1),
        (ConflictError("no"), 1),
        (DeniedError("no"), 1),
        (DamagedError("no"), 1),
        (UnavailableError("no"), 3),
        (StorageFullError("no"), 3),
        (KeyboardInterrupt(), 130),
        (SystemExit(2), 2),
        (SystemExit(None), 0),
    ],
)
def test_the_exit_code_follows_the_kind(error: BaseException, code: int, tmp_path: Path) -> None:
    assert outcome(error, tmp_path) == code


def test_an_error_is_one_line_with_its_code(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    outcome(EverlearnError("it is so"), tmp_path)

    captured = capsys.readouterr()
    assert captured.err == "error: it is so\n  code: everlearn.error\n"
    assert captured.out == ""


def test_a_hint_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    outcome(ConflictError("taken", hint="choose another name"), tmp_path)

    assert "hint: choose another name" in capsys.readouterr().err


def test_a_defect_says_where_its_report_is_and_nothing_of_the_inside(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code = outcome(ZeroDivisionError("secret inside"), tmp_path)

    said = capsys.readouterr().err
    assert code == 70
    assert "secret inside" not in said
    assert str(tmp_path / "logs" / "crash.log") in said
    assert "secret inside" in (tmp_path / "logs" / "crash.log").read_text()


def test_a_defect_where_nothing_can_be_written_is_told_on_the_terminal(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "logs").write_text("a file where the folder should be")

    code = outcome(ZeroDivisionError("all there is"), tmp_path)

    assert code == 70
    assert "all there is" in capsys.readouterr().err
