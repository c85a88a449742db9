"""`everlearn pipelines`: what is installed, what ran, what it cost."""

import json
from typing import Annotated

import typer

from everlearn.cli import AsJson, Limit, Project, actor, say, service, show
from everlearn.core.json import JSONValue

app = typer.Typer(help="Pipelines, their runs and steps.", no_args_is_help=True)

After = Annotated[str | None, typer.Option(help="Continue after this key.")]


@app.command("list")
def list_pipelines(as_json: AsJson = False) -> None:
    """List the installed pipelines."""
    from everlearn.pipelines.service import Pipelines

    catalogue = service(Pipelines).catalogue
    rows = [
        {
            "name": name,
            "steps": " -> ".join(step.name for step in catalogue[name].steps),
            "parameters": ", ".join(sorted(catalogue[name].declared_parameters())),
        }
        for name in sorted(catalogue)
    ]
    show(rows, as_json=as_json)


@app.command("runs")
def list_runs(
    project: Project = "default",
    pipeline: Annotated[str | None, typer.Option(help="Only runs of this pipeline.")] = None,
    after: After = None,
    limit: Limit = 20,
    as_json: AsJson = False,
) -> None:
    """List runs, newest first."""
    from everlearn.pipelines.service import Pipelines

    page = service(Pipelines).runs(project, pipeline, after=after, limit=limit)
    show(page, as_json=as_json, columns=("id", "pipeline", "state", "effective_at", "submitted_at", "error"))


@app.command("show")
def show_run(
    run_id: Annotated[str, typer.Argument(metavar="RUN_ID", help="As `pipelines runs` gives it.")],
    project: Project = "default",
    as_json: AsJson = False,
) -> None:
    """Show a run and its steps."""
    from everlearn.pipelines.service import Pipelines

    pipelines = service(Pipelines)
    run = pipelines.run_of(project, run_id)
    steps = pipelines.steps(run.id)
    if as_json:
        show({"run": run, "steps": list(steps)}, as_json=True)
        return
    show(run, as_json=False)
    show(steps, as_json=False, columns=("name", "state", "is_reused", "attempt", "wall_s", "cpu_s", "error"))


@app.command("run")
def submit_run(
    pipeline: Annotated[str, typer.Argument(metavar="PIPELINE", help="As `pipelines list` names it.")],
    parameter: Annotated[
        list[str] | None, typer.Option(metavar="NAME=VALUE", help="JSON, or else text. May be given often.")
    ] = None,
    key: Annotated[str | None, typer.Option(help="The same key again is the same run.")] = None,
    project: Project = "default",
    as_json: AsJson = False,
) -> None:
    """Ask for a run; a worker executes it."""
    from everlearn.core.ids import new_id
    from everlearn.pipelines.service import Pipelines

    pipelines = service(Pipelines)
    parameters = dict(_parsed(one) for one in parameter or ())
    with pipelines.db.write() as tx:
        run = pipelines.submit(tx, project, pipeline, parameters, key=key or new_id("key"), actor=actor())
    show(run if as_json else run.id, as_json=as_json)
    say(f"submitted; see how it goes with: everlearn pipelines show {run.id}")


def _parsed(text: str) -> tuple[str, JSONValue]:
    name, separator, value = text.partition("=")
    if not separator or not name:
        raise typer.BadParameter(f"{text!r} is not NAME=VALUE", param_hint="--parameter")
    try:
        return name, json.loads(value)
    except ValueError:
        return name, value
