"""`everlearn runs`: what was tried, and how it came out."""

from typing import Annotated

import typer

from everlearn.cli import AsJson, Limit, Project, service, show

app = typer.Typer(help="Tracked runs: parameters, metrics, artifacts.", no_args_is_help=True)

RunId = Annotated[str, typer.Argument(metavar="RUN_ID", help="As `runs list` gives it.")]


@app.command("list")
def list_runs(
    project: Project = "default",
    experiment: Annotated[str | None, typer.Option(help="Only runs of this experiment.")] = None,
    after: Annotated[str | None, typer.Option(help="Continue after this key.")] = None,
    limit: Limit = 20,
    as_json: AsJson = False,
) -> None:
    """List runs, newest first."""
    from everlearn.tracking.service import Tracking

    page = service(Tracking).runs(project, experiment, after=after, limit=limit)
    show(page, as_json=as_json, columns=("id", "experiment", "name", "status", "started_at", "ended_at"))


@app.command("show")
def show_run(run_id: RunId, project: Project = "default", as_json: AsJson = False) -> None:
    """Show a run with its parameters, newest metrics and files."""
    from everlearn.tracking.service import Tracking

    tracking = service(Tracking)
    detail = tracking.detail(tracking.run_of(project, run_id).id)
    artifacts = tracking.artifacts(run_id, limit=1_000).items
    if as_json:
        show({"detail": detail, "artifacts": list(artifacts)}, as_json=True)
        return
    show(detail.run, as_json=False)
    show([{"parameter": key, "value": value} for key, value in detail.params.items()], as_json=False)
    show(list(detail.metrics.values()), as_json=False, columns=("key", "value", "step", "at"))
    show(artifacts, as_json=False, columns=("path", "size_bytes", "digest"))
