"""What the partials show, as values. A page's context is made of these; the templates only lay them out.

    from everlearn.web.view import Cell, Column, EmptyState, Status, Table, Tile, Tone

    Status(word="degraded", tone=Tone.ACT, why="MAE 9.1 min, 18 % above its objective since Tuesday")
    Tile(label="Error", value="9.1", unit="min", note="objective 7.7", tone=Tone.ACT, spark=sparkline(values))

and in the template

    {% from "web/partials/status.html" import status_pill %}
    {{ status_pill(status) }}

Partials below `web/partials/`: `status.html` (pill, status_pill, page_head), `tiles.html` (tiles), `table.html`
(table), `cell.html` (cell), `pairs.html` (pairs), `moments.html` (moments: what happened, as a list), `evidence.html`
(evidence), `empty.html` (empty), `filters.html` (filter_bar), `diff.html` (diff), `spark.html` (spark). Lay a page out
with the classes `columns` (two side by side), `stack`, `narrow` and `<section>`s with an `<h2>`. Plots:
`everlearn.web.plots`.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from everlearn.web.plots.spark import SparkDrawing


class Tone(StrEnum):
    """How urgent a thing is. Each has a hue and a shape, the same on all pages."""

    GOOD = "good"  # as it should be
    WATCH = "watch"  # look again later
    ACT = "act"  # somebody should do something
    STOPPED = "stopped"  # broken, refused, rolled back
    IDLE = "idle"  # nothing is happening, nothing is known


@dataclass(frozen=True, slots=True, kw_only=True)
class Status:
    """One word on how a thing is, and one sentence why."""

    word: str
    tone: Tone
    why: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """Somewhere to go."""

    text: str
    href: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PageHead:
    """The top of a page: where we are, its name, its state in words."""

    title: str
    status: Status | None = None
    crumbs: tuple[Link, ...] = ()
    kind: str = ""  # "model", "pipeline run": said before the title
    links: tuple[Link, ...] = ()  # on the right: raw data, other views


@dataclass(frozen=True, slots=True, kw_only=True)
class Tile:
    """One number that matters, already written (see `formats`)."""

    label: str
    value: str
    unit: str = ""
    note: str = ""
    tone: Tone | None = None
    href: str = ""
    spark: SparkDrawing | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """One field of a table or of a key-value list."""

    text: str
    href: str = ""
    tone: Tone | None = None  # shows the text as a status pill
    title: str = ""  # the whole of what the text shortens
    is_code: bool = False
    spark: SparkDrawing | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """The head of a table's column; the unit belongs here and not into the cells."""

    title: str
    unit: str = ""
    is_number: bool = False  # to the right, figures aligned
    is_prose: bool = False  # sentences: lines may break


@dataclass(frozen=True, slots=True, kw_only=True)
class EmptyState:
    """What to say where nothing is yet, and what to do next."""

    title: str
    text: str = ""
    command: str = ""
    link: Link | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """Rows under a caption, worst first, paged by key."""

    caption: str
    columns: tuple[Column, ...]
    rows: tuple[tuple[Cell, ...], ...]
    empty: EmptyState
    next_href: str = ""  # empty: this was the last page
    first_href: str = ""  # empty: this is the first page
    is_caption_shown: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """One line of a key-value list."""

    label: str
    value: Cell


@dataclass(frozen=True, slots=True, kw_only=True)
class Moment:
    """Something that happened, as a line of a list by time."""

    at: datetime
    title: str
    tone: Tone
    text: str = ""
    href: str = ""
    who: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """A decision on a card: what was decided, by which rule, on which numbers."""

    title: str  # "Gate of version 4"
    verdict: Status
    rule: str  # name@revision
    rule_in_words: str
    reason: str
    numbers: tuple[Pair, ...]
    window: Cell  # the digest of the data that the rule saw
    decided_at: datetime
    effective_at: datetime
    href: str = ""
    replay: str = ""  # the command that computes it again
    what_would_change_it: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """One value of a filter; a link that keeps the other filters."""

    text: str
    href: str
    is_chosen: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Filter:
    """A row of choices."""

    label: str
    choices: tuple[Choice, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class DiffLine:
    """One setting before and after."""

    label: str
    before: str
    after: str


def cells(*texts: str) -> tuple[Cell, ...]:
    """Make a row of plain cells."""
    return tuple(Cell(text=text) for text in texts)


def worst(tones: Sequence[Tone]) -> Tone:
    """Give the most urgent tone; `idle` when there is none."""
    order = (Tone.STOPPED, Tone.ACT, Tone.WATCH, Tone.GOOD, Tone.IDLE)
    return min(tones, key=order.index, default=Tone.IDLE)
