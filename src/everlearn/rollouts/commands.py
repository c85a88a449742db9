"""`everlearn rollouts`: how candidates earn their traffic, or lose it."""

from typing import Annotated

import typer

from everlearn.cli import AsJson, Limit, Project, actor, say, service, show

app = typer.Typer(help="How candidates earn their traffic, or lose it.", no_args_is_help=True)

Model = Annotated[str, typer.Argument(metavar="MODEL", help="The model's name.")]
Reason = Annotated[str, typer.Option(help="Why; it goes on the record.")]
At = Annotated[str | None, typer.Option(help="The moment in event time, as 2013-02-01T00:00:00Z; now if left out.")]


@app.command("list")
def list_rollouts(
    model: Model,
    project: Project = "default",
    after: Annotated[str | None, typer.Option(help="Continue after this key.")] = None,
    limit: Limit = 100,
    as_json: AsJson = False,
) -> None:
    """List the rollouts of a model, newest first."""
    from everlearn.rollouts.service import Rollouts

    page = service(Rollouts).list(project, model, after=after, limit=limit)
    columns = ("id", "candidate", "champion", "state", "started_at", "ended_at", "reason")
    show(page, as_json=as_json, columns=columns)


@app.command("show")
def show_rollout(
    rollout: Annotated[str, typer.Argument(metavar="ROLLOUT", help="The rollout's id.")], as_json: AsJson = False
) -> None:
    """Show one rollout with its plan."""
    from everlearn.rollouts.service import Rollouts

    show(service(Rollouts).get(rollout), as_json=as_json)


@app.command("start")
def start(
    model: Model,
    version: Annotated[int, typer.Argument(metavar="VERSION", help="The candidate.")],
    reason: Reason,
    skip_gate: Annotated[bool, typer.Option("--skip-gate", help="Overrule a gate that has not passed.")] = False,
    at: At = None,
    project: Project = "default",
) -> None:
    """Begin rolling a version out by hand, by the steps of the model's policy."""
    from everlearn.core.clock import parse_instant
    from everlearn.rollouts.service import NewRollout, Rollouts

    rollouts = service(Rollouts)
    new = NewRollout(
        project=project,
        model=model,
        candidate=version,
        effective_at=rollouts.clock.now() if at is None else parse_instant(at),
        reason=reason,
        actor=actor(),
    )
    started = rollouts.start_by_hand(new, skip_gate=skip_gate)
    say(f"version {version} answers now" if started is None else f"rollout {started.id} has begun")


@app.command("back")
def back(
    rollout: Annotated[str, typer.Argument(metavar="ROLLOUT", help="The rollout's id.")],
    reason: Reason,
    at: At = None,
) -> None:
    """End a rollout; the champion answers everything again."""
    from everlearn.core.clock import parse_instant
    from everlearn.rollouts.service import Rollouts

    rollouts = service(Rollouts)
    moment = rollouts.clock.now() if at is None else parse_instant(at)
    ended = rollouts.roll_back(rollout, at=moment, reason=reason, actor=actor())
    say(f"version {ended.candidate} is rolled back; version {ended.champion} answers everything")
