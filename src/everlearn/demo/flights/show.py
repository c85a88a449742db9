"""What the person in front of the terminal sees: stages, the year as a progress bar, events as they happen, tables."""

import signal
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.table import Table

from everlearn.demo.flights.client import Client
from everlearn.demo.flights.comparison import FROZEN, LOOP, MONTHLY
from everlearn.demo.flights.journey import Plan
from everlearn.demo.flights.platform import Running
from everlearn.demo.flights.setting import PROJECT
from everlearn.demo.flights.story import told
from everlearn.demo.flights.world import World

WIDTH_WHEN_PIPED = 160
MODEL_SUBJECT = f"model:{PROJECT}/eta"


class Screen:
    """One terminal, or one log file."""

    def __init__(self) -> None:
        width = None if sys.stdout.isatty() else WIDTH_WHEN_PIPED
        self._console = Console(highlight=False, emoji=False, width=width)
        self._progress: Progress | None = None
        self._position = 0

    def stage(self, what: str) -> None:
        """Say what is being done now."""
        self._console.print(f"[bold]{what}[/bold]")

    def record(self, world: World, plan: Plan) -> None:
        """Say what the record holds and how much of it is replayed."""
        self._line(f"{world.flights.height:,} flights and {world.weather.height:,} weather observations.")
        if plan.one_in > 1:
            self._line(
                f"Replaying one in {plan.one_in} flights as traffic ({world.departures.height:,}) to keep it short; "
                "training sees them all. --full replays every flight."
            )

    def data(self, client: Client) -> None:
        """Say what came of checking the data."""
        for name in ("flights", "weather"):
            report = client.get(f"/api/projects/{PROJECT}/datasets/{name}/versions/1/report")
            for defect in report["defects"]:
                self._line(f"{name}: {defect}")

    @contextmanager
    def year(self, plan: Plan) -> Iterator[None]:
        """Show a progress bar while the year passes."""
        columns = (SpinnerColumn(), TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn())
        with Progress(*columns, console=self._console, transient=True) as progress:
            progress.add_task("1 February 2013", total=plan.days)
            self._progress = progress
            yield
        self._progress = None

    def follow(self, client: Client) -> Callable[[datetime, str], None]:
        """Give what hears of each day that is over: it moves the bar and tells what happened."""

        def tell(day: datetime, _what: str) -> None:
            if self._progress is not None:
                self._progress.update(self._progress.task_ids[0], advance=1, description=f"{day:%-d %B %Y}")
            self._tell_news(client)

        return tell

    def _tell_news(self, client: Client) -> None:
        for entry in client.news(MODEL_SUBJECT, after=self._position):
            self._position = entry["position"]
            line = told(entry)
            if line:
                self._line(line)

    def result(self, found: dict[str, Any]) -> None:
        """Print the tables of the end."""
        self._versions(found["versions"], found["rollouts"])
        self._decisions(found["decisions"])
        self._alerts(found["alerts"])
        self._errors(found["mean_absolute_error"], found["training"])
        self._proofs(found)

    def farewell(self, platform: Running, *, keep: bool, seconds: float, home: Path) -> None:
        """Say where to look."""
        self._console.print(f"\nDone in {seconds:.0f} s.")
        if keep:
            self._console.print(f"The pages, signed in once: [bold]{platform.login}[/bold]\nCtrl-C stops the platform.")
        else:
            self._console.print(
                f"Look around: [bold]everlearn --home {home} up[/bold] prints the address of the pages."
            )

    def wait(self, platform: Running) -> None:
        """Stay until Ctrl-C, or until the platform ends."""
        previous = signal.getsignal(signal.SIGTERM)
        signal.signal(signal.SIGTERM, signal.default_int_handler)
        try:
            platform.process.wait()
        except KeyboardInterrupt:
            self.stage("Stopping")
        finally:
            signal.signal(signal.SIGTERM, previous)

    def _line(self, text: str) -> None:
        console = self._console if self._progress is None else self._progress.console
        console.print(f"  {text}", markup=False)

    def _versions(self, versions: Sequence[Any], rollouts: Sequence[Any]) -> None:
        ended = {one["candidate"]: one for one in rollouts}
        table = _table("Versions", "version", "trained through", "learned from", "stage", "what came of it")
        for one in versions:
            rollout = ended.get(one["number"])
            table.add_row(
                str(one["number"]),
                one["trained_through"][:10],
                str(one["metrics"].get("history", "by hand")),
                one["stage"],
                _fate(one, rollout),
            )
        self._console.print(table)

    def _decisions(self, decisions: Sequence[Any]) -> None:
        table = _table("Decisions", "kind", "pass", "fail", "not evaluated", "the last one")
        for kind in sorted({one["kind"] for one in decisions}):
            mine = [one for one in decisions if one["kind"] == kind]
            counts = [sum(one["verdict"] == verdict for one in mine) for verdict in ("pass", "fail", "not_evaluated")]
            table.add_row(kind, *map(str, counts), f"{mine[-1]['effective_at'][:10]} {mine[-1]['reason']}")
        self._console.print(table)

    def _alerts(self, alerts: Sequence[Any]) -> None:
        table = _table("Alerts", "opened", "level", "kind", "resolved", "message")
        for one in alerts:
            resolved = f"{one['resolved_at'][:10]} {one['resolution']}" if one["resolved_at"] else "open"
            table.add_row(one["opened_at"][:10], one["level"], one["kind"], resolved, one["message"])
        self._console.print(table)

    def _errors(self, error: dict[str, Any], training: dict[str, Any]) -> None:
        table = _table("Mean absolute error, minutes", "month", "flights", "with the loop", "frozen", "new every month")
        for index, month in enumerate(error["months"]):
            values = [f"{error[name][index]:.1f}" for name in (LOOP, FROZEN, MONTHLY)]
            table.add_row(month, f"{error['flights'][index]:,}", *values)
        overall = [f"{error['overall'][name]:.2f}" for name in (LOOP, FROZEN, MONTHLY)]
        table.add_row("all", f"{sum(error['flights']):,}", *overall, style="bold")
        table.add_row("trainings", "", *(str(training[name]["runs"]) for name in (LOOP, FROZEN, MONTHLY)))
        table.add_row("CPU seconds", "", *(f"{training[name]['cpu_s']:.0f}" for name in (LOOP, FROZEN, MONTHLY)))
        self._console.print(table)

    def _proofs(self, found: dict[str, Any]) -> None:
        audit, replay, requests = found["proofs"]["audit"], found["proofs"]["replay"], found["requests"]
        self._console.print()
        self._line(f"audit verify: {'sound' if audit['sound'] else 'NOT SOUND'}, {audit['size']:,} entries.")
        self._line(f"decisions replay --all: {replay['reproduced']:,} of {replay['decisions']:,} reproduced.")
        self._line(
            f"Failed requests: {requests['failed']}; sent again after a lost connection: {requests['sent_again']}."
        )


def _fate(version: dict[str, Any], rollout: dict[str, Any] | None) -> str:
    if rollout is not None:
        return f"{rollout['state'].replace('_', ' ')}: {rollout['reason']}"
    return "did not pass its gate" if version["stage"] == "rejected" else "the first: deployed at once"


def _table(title: str, *columns: str) -> Table:
    table = Table(title=f"\n{title}", title_justify="left", title_style="bold", box=None, pad_edge=False)
    numbers = {"version", "flights", "with the loop", "frozen", "new every month", "pass", "fail", "not evaluated"}
    for name in columns:
        table.add_column(name, justify="right" if name in numbers else "left", header_style="dim")
    return table
