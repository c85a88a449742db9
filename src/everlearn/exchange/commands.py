"""`everlearn import` and `everlearn export`: coming from MLflow and leaving to it, each with one command."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from everlearn.cli import AsJson, Project, actor, say, service, show

if TYPE_CHECKING:
    from everlearn.exchange.model import Outcome, Progress

_MOST_TOLD = 5  # examples of each kind

imports = typer.Typer(help="Take over what was tracked elsewhere.", no_args_is_help=True)
exports = typer.Typer(help="Write everything out, to go elsewhere.", no_args_is_help=True)


@imports.callback()
@exports.callback()
def _group() -> None:
    """Keep `mlflow` a command of its own, for others will come."""


@imports.command("mlflow")
def import_mlflow(
    source: Annotated[str, typer.Option("--from", metavar="URI", help="sqlite:////FILE or postgresql://HOST/NAME")],
    artifacts: Annotated[
        list[str] | None,
        typer.Option(metavar="FOLDER", help="Where files may be read: FOLDER, or OLD=FOLDER if it has moved; repeat."),
    ] = None,
    without_files: Annotated[bool, typer.Option(help="Leave the files where they are.")] = False,
    plan: Annotated[bool, typer.Option(help="Tell what would be taken over; change nothing.")] = False,
    workspace: Annotated[str, typer.Option(help="The workspace to take over.")] = "default",
    project: Project = "default",
    as_json: AsJson = False,
) -> None:
    """Take over an MLflow server's database and files; its database is only read. Exits with 1 if anything is missing.

    The same command again goes on where it was killed, and changes nothing once everything is here.
    """
    from everlearn.exchange.service import Exchange, Wanted

    if bool(artifacts) == without_files:
        raise typer.BadParameter("name the folder of the files, or say --without-files", param_hint="--artifacts")
    wanted = Wanted(uri=source, artifacts=artifacts, workspace=workspace, project=project)
    with _told(as_json) as progress:
        if plan:
            planned = service(Exchange).plan(wanted, progress=progress)
        else:
            outcome = service(Exchange).take_over(wanted, actor=actor(), progress=progress)
    if plan:
        show(planned, as_json=as_json)
    else:
        _show_outcome(outcome, as_json=as_json)


@exports.command("mlflow")
def export_mlflow(
    target: Annotated[
        str, typer.Option("--to", metavar="URI", help="An empty database with the schema of MLflow 3.17.")
    ],
    artifacts: Annotated[
        Path | None, typer.Option(metavar="FOLDER", help="Where the files are written, for mlflow server to serve.")
    ] = None,
    without_files: Annotated[bool, typer.Option(help="Write the database only.")] = False,
    project: Project = "default",
    as_json: AsJson = False,
) -> None:
    """Write a project into a database that `mlflow server` serves. Exits with 1 if anything is missing there.

    The same command again goes on where it was killed.
    """
    from everlearn.exchange.service import Exchange

    if (artifacts is None) != without_files:
        raise typer.BadParameter("name a folder for the files, or say --without-files", param_hint="--artifacts")
    with _told(as_json) as progress:
        outcome = service(Exchange).hand_over(project, target, artifacts=artifacts, actor=actor(), progress=progress)
    if artifacts is not None:
        say(f"serve it with: mlflow server --backend-store-uri {target} --artifacts-destination {artifacts}")
    _show_outcome(outcome, as_json=as_json)


def _show_outcome(outcome: "Outcome", *, as_json: bool) -> None:
    if as_json:
        show(outcome, as_json=True)
    else:
        verdict = "the same on both sides" if outcome.comparison.is_equal else "NOT the same on both sides"
        show(outcome.comparison.lines, as_json=False, columns=("kind", "source", "target", "differing"))
        say(f"{outcome.database}, revision {outcome.revision}: {verdict}, after {outcome.seconds:.1f} s")
        if not outcome.comparison.is_equal:
            say("a server that is still written to moves on while it is read: stop it, then give the command again")
        for line in outcome.comparison.lines:
            _tell(f"{line.kind} that differ", line.examples, line.differing)
        _tell("to know", outcome.conflicts, len(outcome.conflicts))
        _tell("files not found", outcome.not_found, len(outcome.not_found))
        _tell_left_out(outcome.left_out)
    if not outcome.is_complete:
        raise typer.Exit(1)


def _tell(what: str, named: Sequence[str], count: int) -> None:
    for one in named[:_MOST_TOLD]:
        say(f"{what}: {one}")
    if count > _MOST_TOLD:
        say(f"{what}: ... and {count - _MOST_TOLD:,} more; --json names more of them")


def _tell_left_out(left_out: Mapping[str, int]) -> None:
    for words, count in left_out.items():
        say(f"left out: {count:,} {words}")


@contextmanager
def _told(as_json: bool) -> "Iterator[Progress]":
    """Show how many of each kind went by, with their rates, on a terminal."""
    from everlearn.exchange.bars import bars

    with bars(is_shown=not as_json) as progress:
        yield progress
