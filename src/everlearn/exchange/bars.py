"""How far an exchange is, on a terminal: a line for each kind with its count and rate."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import Progress as Bars
from rich.progress import SpinnerColumn, TaskID, TextColumn, TimeElapsedColumn

from everlearn.exchange.model import Kind, Progress


@contextmanager
def bars(*, is_shown: bool) -> Iterator[Progress]:
    """Give what to tell of progress; nothing is shown where standard error is no terminal."""
    if not is_shown or not sys.stderr.isatty():
        yield lambda _kind, _count: None
        return
    columns = (
        SpinnerColumn(),
        TextColumn("{task.description}"),
        TextColumn("{task.completed:,.0f}", justify="right"),
        TextColumn("{task.fields[rate]} a second", justify="right"),
        TimeElapsedColumn(),
    )
    with Bars(*columns, console=Console(stderr=True), transient=True) as shown:
        lines: dict[Kind, TaskID] = {}

        def tell(kind: Kind, count: int) -> None:
            if kind not in lines:
                lines[kind] = shown.add_task(kind.value, total=None, rate="-")
            task = shown.tasks[lines[kind]]
            elapsed = task.elapsed or 0.0
            rate = f"{task.completed / elapsed:,.0f}" if elapsed > 1.0 else "-"
            shown.update(lines[kind], advance=count, rate=rate)

        yield tell
