"""`everlearn gates`: judging versions once more."""

from typing import Annotated

import typer

from everlearn.cli import AsJson, Project, actor, service, show

app = typer.Typer(help="Judging versions once more.", no_args_is_help=True)


@app.callback()
def gates() -> None:
    """Judging versions once more; `everlearn decisions list --kind quality.gate` shows what was found so far."""


@app.command("judge")
def judge(
    model: Annotated[str, typer.Argument(metavar="MODEL", help="The model's name.")],
    version: Annotated[int, typer.Argument(metavar="VERSION", help="A version that was rejected.")],
    at: Annotated[str | None, typer.Option(help="The moment it is judged for, as 2013-02-01T00:00:00Z.")] = None,
    project: Project = "default",
    as_json: AsJson = False,
) -> None:
    """Judge a rejected version by the policy and against the champion of now; if it passes, it rolls out."""
    from everlearn.core.clock import parse_instant
    from everlearn.quality.service import Gates

    judging = service(Gates)
    moment = judging.decisions.clock.now() if at is None else parse_instant(at)
    decision = judging.judge_again(project, model, version, effective_at=moment, actor=actor())
    columns = ("id", "finding.verdict", "finding.reason", "effective_at")
    show(decision, as_json=as_json, columns=columns)
