"""The root of the command line: `everlearn NOUN VERB`. Nothing heavy is imported until a command runs."""

import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer
from typer.main import get_command

import everlearn
from everlearn.app.commands import app as own_commands
from everlearn.app.session import CommandSession
from everlearn.cli.failure import guarded
from everlearn.cli.lazy import LazyCommands, lazy_group
from everlearn.cli.services import provided
from everlearn.core.errors import EverlearnError

COMMANDS: dict[str, LazyCommands] = {
    "datasets": LazyCommands("everlearn.datasets.commands:app", "Versioned, validated data."),
    "features": LazyCommands("everlearn.features.commands:app", "What models see, and as of when."),
    "pipelines": LazyCommands("everlearn.pipelines.commands:app", "Pipelines, their runs and steps."),
    "experiments": LazyCommands("everlearn.tracking.commands:experiments", "What runs try to answer."),
    "runs": LazyCommands("everlearn.tracking.commands:app", "Tracked runs: parameters, metrics, artifacts."),
    "models": LazyCommands("everlearn.registry.commands:app", "Registered models, versions and aliases."),
    "webhooks": LazyCommands("everlearn.webhooks.commands:app", "Registry webhooks and their deliveries."),
    "deployments": LazyCommands("everlearn.serving.commands:app", "Which versions answer, and in what share."),
    "monitoring": LazyCommands("everlearn.monitoring.commands:app", "Windows, alerts and health of models."),
    "rollouts": LazyCommands("everlearn.rollouts.commands:app", "How candidates earn their traffic, or lose it."),
    "retraining": LazyCommands("everlearn.retraining.commands:app", "When retraining was weighed, and what came out."),
    "decisions": LazyCommands("everlearn.decisions.commands:app", "Automatic decisions: list, look into, replay."),
    "policies": LazyCommands("everlearn.policies.commands:app", "What was decided in advance about a model."),
    "lineage": LazyCommands("everlearn.lineage.commands:app", "Where things come from, and what came of them."),
    "cards": LazyCommands("everlearn.governance.commands:app", "Model cards."),
    "audit": LazyCommands("everlearn.audit.commands:app", "The sealed log: read, prove, verify, export."),
    "retention": LazyCommands("everlearn.retention.commands:app", "What is kept, for how long, and what would go."),
    "blobs": LazyCommands("everlearn.storage.commands:app", "Stored content: collecting what nothing refers to."),
    "jobs": LazyCommands("everlearn.operations.commands:app", "Background jobs."),
    "import": LazyCommands("everlearn.exchange.commands:imports", "Take over what was tracked elsewhere."),
    "export": LazyCommands("everlearn.exchange.commands:exports", "Write everything out, to go elsewhere."),
    "access": LazyCommands("everlearn.access.commands:app", "People, service accounts, their roles and tokens."),
}

root = typer.Typer(
    name="everlearn",
    cls=lazy_group(COMMANDS),
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,  # plain help: loading Rich for it would take twice as long as everything else
)
root.add_typer(own_commands)


def _version(asked: bool) -> None:  # noqa: FBT001  # Typer's callback
    if asked:
        sys.stdout.write(f"everlearn {everlearn.__version__}\n")
        raise typer.Exit


@root.callback()
def everlearn_root(
    ctx: typer.Context,
    home: Annotated[str | None, typer.Option(help="The folder of the embedded platform.")] = None,
    database_url: Annotated[str | None, typer.Option(help="sqlite:///file or postgresql://user@host/name")] = None,
    blobs_url: Annotated[str | None, typer.Option(help="file:///folder or s3://bucket/prefix")] = None,
    _show_version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """Keeps machine-learning models good in production, and proves every step."""
    session: CommandSession = ctx.obj
    session.override({"home": home, "database_url": database_url, "blobs_url": blobs_url})


def main() -> None:
    """Run the command line of this process and exit with its code."""
    sys.exit(run(sys.argv[1:]))


def run(arguments: list[str]) -> int:
    """Run one command line; give its exit code."""
    session = CommandSession()
    try:
        with provided(session):
            command = get_command(root)
            return guarded(
                lambda: command.main(arguments, prog_name="everlearn", obj=session),
                crash_file=lambda: _crash_file(session),
            )
    finally:
        session.close()


def _crash_file(session: CommandSession) -> Path:
    try:
        folder = session.loaded.settings.home / "logs"
    except EverlearnError:  # the settings themselves cannot be read
        import tempfile

        folder = Path(tempfile.gettempdir())
    return folder / f"crash-{datetime.now(UTC):%Y%m%dT%H%M%S%f}.log"
