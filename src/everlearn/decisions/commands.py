"""`everlearn decisions`: what was decided automatically, on what data, and whether the same comes out again."""

from typing import Annotated

import typer

from everlearn.cli import AsJson, Limit, Project, service, show
from everlearn.core.decisions import Finding, Verdict
from everlearn.core.json import canonical_json
from everlearn.decisions.model import Replay, ReplayedLedger

app = typer.Typer(help="Automatic decisions: list, look into, replay.", no_args_is_help=True)

DecisionId = Annotated[str, typer.Argument(metavar="DECISION_ID", help="As `everlearn decisions list` shows it.")]
COLOURS = {"pass": "green", "fail": "red", "not_evaluated": "yellow"}  # beside the word, never instead of it


@app.command("list")
def list_decisions(
    project: Project = "default",
    subject: Annotated[str | None, typer.Option(help="Only those about this, e.g. model:default/eta.")] = None,
    kind: Annotated[str | None, typer.Option(help="Only this kind, e.g. quality.gate.")] = None,
    verdict: Annotated[str | None, typer.Option(help="pass, fail or not_evaluated.")] = None,
    after: Annotated[str | None, typer.Option(help="Continue after this key.")] = None,
    limit: Limit = 100,
    as_json: AsJson = False,
) -> None:
    """List decisions by the moment that they are about, the newest first."""
    from everlearn.decisions.service import Decisions

    if verdict is not None and verdict not in set(Verdict):
        raise typer.BadParameter(f"{verdict!r} is not one of {', '.join(Verdict)}", param_hint="--verdict")
    wanted = None if verdict is None else Verdict(verdict)
    page = service(Decisions).list(project, subject=subject, kind=kind, verdict=wanted, after=after, limit=limit)
    columns = ("id", "effective_at", "kind", "subject", "finding.verdict", "finding.reason")
    show(page, as_json=as_json, columns=columns, colours=COLOURS)


@app.command("show")
def show_decision(decision_id: DecisionId, project: Project = "default", as_json: AsJson = False) -> None:
    """Show a decision with its rule, parameters and evidence."""
    from everlearn.decisions.service import Decisions

    decision = service(Decisions).get(project, decision_id)
    if as_json:
        show(decision, as_json=True)
        return
    columns = ("id", "kind", "subject", "finding.verdict", "finding.reason", "rule", "window", "effective_at")
    show(decision, as_json=False, columns=(*columns, "decided_at"), colours=COLOURS)
    show(decision.parameters, as_json=False, title="parameters")
    show(decision.finding.evidence, as_json=False, title="evidence")


@app.command("window")
def show_window(decision_id: DecisionId, project: Project = "default") -> None:
    """Print the exact data that a decision was made on, as the canonical JSON that its digest is of."""
    from everlearn.decisions.service import Decisions

    decisions = service(Decisions)
    typer.echo(canonical_json(decisions.window(decisions.get(project, decision_id))), nl=False)


@app.command("replay")
def replay_decision(
    decision_id: Annotated[
        str | None, typer.Argument(metavar="[DECISION_ID]", help="The one to compute again.")
    ] = None,
    everything: Annotated[bool, typer.Option("--all", help="Every decision of the project.")] = False,
    project: Project = "default",
    as_json: AsJson = False,
) -> None:
    """Compute a decision, or all of them, again from the recorded data; exit code 1 unless the same comes out."""
    from everlearn.decisions.service import Decisions

    if (decision_id is None) == (not everything):
        raise typer.BadParameter("name a decision or say --all", param_hint="DECISION_ID")
    decisions = service(Decisions)
    if decision_id is not None:
        replay = decisions.replay(project, decision_id)
        _tell_one(replay, as_json=as_json)
        is_sound = replay.reproduced
    else:
        ledger = decisions.replay_all(project)
        _tell_all(ledger, as_json=as_json)
        is_sound = ledger.is_sound
    if not is_sound:
        raise typer.Exit(1)


def _tell_one(replay: Replay, *, as_json: bool) -> None:
    if as_json:
        show(replay, as_json=True)
        return
    if replay.reproduced:
        typer.echo(f"{typer.style('reproduced', fg='green')}: {replay.decision.id}, {replay.finding.reason}")
        return
    typer.echo(f"{typer.style('differs', fg='red')}: {replay.decision.id} in {', '.join(replay.differences)}")
    rows = [
        {"what": name, "recorded": _piece(replay.decision.finding, name), "now": _piece(replay.finding, name)}
        for name in replay.differences
        if name != "id"
    ]
    if rows:
        show(rows, as_json=False, columns=("what", "recorded", "now"), colours=COLOURS)
    if "id" in replay.differences:
        typer.echo("its parameters, window or moment are not those that its id was made of: the record was changed")


def _tell_all(ledger: ReplayedLedger, *, as_json: bool) -> None:
    if as_json:
        show(ledger, as_json=True)
        return
    for one in ledger.differing:
        typer.echo(f"{typer.style('differs', fg='red')}: {one.id} ({one.kind}) in {', '.join(one.differences)}")
    for other in ledger.not_replayed:
        typer.echo(f"{typer.style('not replayed', fg='yellow')}: {other.id} ({other.kind}): {other.message}")
    word = "reproduced" if ledger.is_sound else "not all reproduced"
    typer.echo(f"{typer.style(word, fg='green' if ledger.is_sound else 'red')}: {_counted(ledger)}")


def _counted(ledger: ReplayedLedger) -> str:
    return (
        f"{ledger.reproduced:,} of {ledger.decisions:,} decisions came out the same, {len(ledger.differing):,} differ, "
        f"{len(ledger.not_replayed):,} could not be computed"
    )


def _piece(finding: Finding, name: str) -> str:
    part, _, key = name.partition(".")
    if part != "evidence":
        return str(getattr(finding, part))
    # as JSON, every digit of it: what differs may be the last one
    return canonical_json(finding.evidence[key]) if key in finding.evidence else "-"
