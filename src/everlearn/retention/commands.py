"""`everlearn retention`: what is kept, for how long, and what would go."""

import json
import sys
from pathlib import Path
from typing import Annotated

import typer

from everlearn.cli import AsJson, Project, actor, say, service, show

app = typer.Typer(help="What is kept, for how long, and what would go.", no_args_is_help=True)


@app.command()
def plan(project: Project = "default", as_json: AsJson = False) -> None:
    """Tell what would go now, why, and how many bytes; changes nothing."""
    from everlearn.retention.service import Retention

    made = service(Retention).plan(project)
    if as_json:
        show({"id": made.id, "plan": made}, as_json=True)
        return
    columns = ("what", "id", "because", "files", "size_bytes", "freed_bytes")
    show(list(made.items), as_json=False, columns=columns, title=f"plan {made.id}")
    if made.spared:
        show(list(made.spared), as_json=False, columns=("what", "id", "because"), title="spared")
    say(f"{len(made.items)} items, {made.weight.files} files, {made.weight.freed_bytes} bytes would be freed")


@app.command("apply")
def apply_plan(
    plan_id: Annotated[str, typer.Argument(metavar="PLAN", help="As `retention plan` gives it.")],
    project: Project = "default",
    as_json: AsJson = False,
) -> None:
    """Do exactly what a plan says; refused when something else would go now. A worker does the work."""
    from everlearn.retention.service import Retention

    show(service(Retention).apply(project, plan_id, actor=actor()), as_json=as_json)


@app.command()
def policy(
    file: Annotated[
        Path | None, typer.Argument(metavar="[FILE]", help="A new policy as JSON; - reads standard input.")
    ] = None,
    project: Project = "default",
    as_json: AsJson = False,
) -> None:
    """Show the policy in force, or put another in force."""
    from everlearn.core.errors import InvalidError
    from everlearn.retention.service import Retention

    retention = service(Retention)
    if file is not None:
        try:
            document = json.loads(sys.stdin.read() if str(file) == "-" else file.read_text())
        except (OSError, ValueError) as error:
            raise InvalidError(f"cannot read {file}: {error}") from error
        retention.set_policy(project, document, actor=actor())
    show(retention.policy(project), as_json=as_json)


@app.command()
def hold(
    subject: Annotated[str, typer.Argument(help="run:PROJECT/ID, model:PROJECT/NAME or project:PROJECT.")],
    reason: Annotated[str, typer.Option(help="Why it must not go.")],
    project: Project = "default",
) -> None:
    """Place a legal hold: nothing of the subject is removed or purged until it is lifted."""
    from everlearn.storage import Receipts

    service(Receipts).hold(project, subject, reason, actor=actor())
    say(f"{subject} is held")


@app.command()
def lift(
    subject: Annotated[str, typer.Argument(help="As `retention holds` gives it.")],
    reason: Annotated[str, typer.Option(help="Why it may go again.")],
    project: Project = "default",
) -> None:
    """Lift a legal hold."""
    from everlearn.storage import Receipts

    service(Receipts).lift(project, subject, reason, actor=actor())
    say(f"{subject} is no longer held")


@app.command()
def holds(project: Project = "default", as_json: AsJson = False) -> None:
    """List legal holds."""
    from everlearn.storage import Receipts

    show(service(Receipts).holds(project), as_json=as_json, columns=("subject", "reason", "placed_by", "placed_at"))


@app.command()
def receipts(
    subject: Annotated[str | None, typer.Option(help="Only of this, such as run:default/ID.")] = None,
    project: Project = "default",
    as_json: AsJson = False,
) -> None:
    """List receipts of what was deleted, removed or purged, newest first."""
    from everlearn.storage import Receipts

    page = service(Receipts).list(project, subject=subject)
    columns = ("id", "at", "action", "subject", "weight.files", "weight.freed_bytes", "weight.kept_bytes", "actor")
    show(page, as_json=as_json, columns=columns)
