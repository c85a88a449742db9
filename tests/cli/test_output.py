import json
from dataclasses import dataclass
from datetime import UTC, datetime

import pytest

from everlearn.cli import show
from everlearn.core.page import Page


@dataclass(frozen=True)
class Fruit:
    name: str
    weight_g: float | None
    picked_at: datetime


APPLE = Fruit("apple", 182.5, datetime(2013, 9, 1, tzinfo=UTC))
PLUM = Fruit("plum", None, datetime(2013, 9, 2, tzinfo=UTC))


def test_a_page_prints_as_json_like_the_api_answers(capsys: pytest.CaptureFixture[str]) -> None:
    show(Page(items=[APPLE], next="apple"), as_json=True)

    assert json.loads(capsys.readouterr().out) == {
        "items": [{"name": "apple", "weight_g": 182.5, "picked_at": "2013-09-01T00:00:00Z"}],
        "next": "apple",
    }


def test_a_plain_list_prints_as_an_object_too(capsys: pytest.CaptureFixture[str]) -> None:
    show([APPLE, PLUM], as_json=True)

    assert [item["name"] for item in json.loads(capsys.readouterr().out)["items"]] == ["apple", "plum"]


def test_one_value_prints_as_its_own_json(capsys: pytest.CaptureFixture[str]) -> None:
    show(PLUM, as_json=True)

    assert json.loads(capsys.readouterr().out)["weight_g"] is None


def test_a_table_has_the_columns_that_were_asked_for(capsys: pytest.CaptureFixture[str]) -> None:
    show([APPLE, PLUM], as_json=False, columns=("name", "weight_g"))

    lines = capsys.readouterr().out.splitlines()
    assert [line.split() for line in lines] == [["name", "weight", "g"], ["apple", "182.5"], ["plum", "-"]]


def test_piped_rows_are_never_cut_and_carry_no_colour(capsys: pytest.CaptureFixture[str]) -> None:
    long = "x" * 500

    show([{"name": long, "other": "[bold]y[/bold]"}], as_json=False)

    out = capsys.readouterr().out
    assert long in out
    assert "[bold]y[/bold]" in out
    assert "\x1b" not in out


def test_the_way_to_the_next_page_goes_to_stderr(capsys: pytest.CaptureFixture[str]) -> None:
    show(Page(items=[APPLE], next="apple"), as_json=False)

    captured = capsys.readouterr()
    assert "--after apple" in captured.err
    assert "--after" not in captured.out


def test_nothing_says_so(capsys: pytest.CaptureFixture[str]) -> None:
    show([], as_json=False)

    assert capsys.readouterr().out == "nothing to show\n"


def test_a_dotted_column_reaches_inside(capsys: pytest.CaptureFixture[str]) -> None:
    show([{"a": {"b": 3}}], as_json=False, columns=("a.b",))

    assert capsys.readouterr().out.split() == ["a.b", "3"]


@pytest.mark.parametrize("is_terminal", [True, False])
def test_words_have_their_colour_on_a_terminal_only(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, is_terminal: bool
) -> None:
    monkeypatch.setattr("sys.stdout.isatty", lambda: is_terminal)
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.delenv("NO_COLOR", raising=False)

    show([{"name": "a", "verdict": "fail"}], as_json=False, colours={"fail": "red"})
    show({"name": "a", "verdict": "fail"}, as_json=False, colours={"fail": "red"})

    out = capsys.readouterr().out
    assert out.count("fail") == 2
    assert out.count("\x1b[31mfail") == (2 if is_terminal else 0)
