"""Showing results: a table for people, JSON for programs. Results go to stdout, everything else to stderr.

Piped output has no colour and is never cut to a terminal's width; numbers stand to the right.
"""

import json
import sys
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, TypeGuard

from everlearn.core.page import Page

_UNLIMITED = 100_000  # columns: wider than any row, so that nothing is cut when piped


def show(
    value: object,
    *,
    as_json: bool,
    columns: Sequence[str] = (),
    title: str = "",
    colours: Mapping[str, str] | None = None,
) -> None:
    """Print one value or many.

    `value` is a `Page`, a sequence of values, a mapping or one value (a frozen dataclass or a Struct). `columns` names
    what the table shows, in order (`a.b` reaches inside); JSON always has everything. Lists print as
    `{"items": [...], "next": ...}` like the API. `colours` names the colour of cells that say exactly this word, on a
    terminal.
    """
    if as_json:
        sys.stdout.write(_json(value) + "\n")
        return
    rows = _rows(value)
    if rows is None:
        _print_pairs(_plain(value), columns, title, colours or {})
    else:
        _print_table(rows, columns, title, colours or {})
    if isinstance(value, Page) and value.next is not None:
        sys.stderr.write(f"there is more: --after {value.next}\n")


def say(message: str) -> None:
    """Tell the person something that is not the result (what was changed, what to do next)."""
    sys.stderr.write(message + "\n")


def _json(value: object) -> str:
    if isinstance(value, Page):
        built: object = {"items": [_plain(item) for item in value.items], "next": value.next}
    elif _is_list(value):
        built = {"items": [_plain(item) for item in value], "next": None}
    else:
        built = _plain(value)
    return json.dumps(built, indent=2, ensure_ascii=False)


def _plain(value: object) -> Any:
    import msgspec  # noqa: PLC0415  # not needed for --help

    return msgspec.to_builtins(value, str_keys=True, enc_hook=str)


def _is_list(value: object) -> TypeGuard[Iterable[object]]:
    return isinstance(value, Iterable) and not isinstance(value, str | bytes | Mapping)


def _rows(value: object) -> list[Mapping[str, object]] | None:
    items = value.items if isinstance(value, Page) else value
    if not _is_list(items):
        return None
    return [_plain(item) for item in items]


def _print_table(
    rows: Sequence[Mapping[str, object]], columns: Sequence[str], title: str, colours: Mapping[str, str]
) -> None:
    from rich.table import Table  # noqa: PLC0415  # not needed for --help or --json

    names = list(columns) or list(rows[0] if rows else ())
    table = Table(title=title or None, title_justify="left", box=None, pad_edge=False, header_style="bold")
    for name in names:
        numeric = bool(rows) and all(_is_number(_reach(row, name)) for row in rows)
        table.add_column(name.replace("_", " "), justify="right" if numeric else "left", no_wrap=not _on_terminal())
    for row in rows:
        table.add_row(*(_cell(_reach(row, name), colours) for name in names))
    _console().print(table if rows else "nothing to show")


def _print_pairs(value: object, columns: Sequence[str], title: str, colours: Mapping[str, str]) -> None:
    if not isinstance(value, Mapping):
        sys.stdout.write(f"{_text(value)}\n")
        return
    from rich.table import Table  # noqa: PLC0415  # not needed for --help or --json

    table = Table(title=title or None, title_justify="left", box=None, pad_edge=False, show_header=False)
    table.add_column(style="bold")
    table.add_column(no_wrap=not _on_terminal())
    for name in columns or value:
        table.add_row(name.replace("_", " "), _cell(_reach(value, name), colours))
    _console().print(table)


def _console() -> Any:
    from rich.console import Console  # noqa: PLC0415  # not needed for --help or --json

    return Console(width=None if _on_terminal() else _UNLIMITED, highlight=False, markup=False, emoji=False)


def _on_terminal() -> bool:
    return sys.stdout.isatty()


def _reach(row: Mapping[str, object], path: str) -> object:
    value: object = row
    for part in path.split("."):
        value = value.get(part) if isinstance(value, Mapping) else None
    return value


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _cell(value: object, colours: Mapping[str, str]) -> Any:
    from rich.text import Text  # noqa: PLC0415  # not needed for --help or --json

    return Text(_text(value), style=colours.get(value, "") if isinstance(value, str) else "")


def _text(value: object) -> str:
    match value:
        case None:
            return "-"
        case bool():
            return "yes" if value else "no"
        case float():
            return f"{value:.6g}"
        case datetime():
            return value.isoformat()
        case dict() | list():
            return json.dumps(value, ensure_ascii=False)
        case _:
            return str(value)
