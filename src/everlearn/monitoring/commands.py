"""`everlearn monitoring`: windows, alerts and health of models."""

from typing import Annotated

import typer

from everlearn.cli import AsJson, Limit, Project, service, show

app = typer.Typer(help="Windows, alerts and health of models.", no_args_is_help=True)

Model = Annotated[str, typer.Argument(metavar="MODEL", help="The model's name.")]
After = Annotated[str | None, typer.Option(help="Continue after this key.")]


@app.command("health")
def health(model: Model, project: Project = "default", as_json: AsJson = False) -> None:
    """Sum a model up in one word, with the open alerts behind it."""
    from everlearn.monitoring.service import Monitoring

    monitoring = service(Monitoring)
    alerts = list(monitoring.open_alerts(project, model))
    show({"model": model, "health": monitoring.health(project, model), "alerts": alerts}, as_json=as_json)


@app.command("alerts")
def list_alerts(
    model: Model, project: Project = "default", after: After = None, limit: Limit = 100, as_json: AsJson = False
) -> None:
    """List the alerts of a model, open or not, newest first."""
    from everlearn.monitoring.service import Monitoring

    page = service(Monitoring).alerts(project, model, after=after, limit=limit)
    show(page, as_json=as_json, columns=("opened_at", "level", "kind", "message", "resolved_at", "resolution"))


@app.command("windows")
def list_windows(
    model: Model, project: Project = "default", after: After = None, limit: Limit = 30, as_json: AsJson = False
) -> None:
    """List the evaluated windows of a model, newest first."""
    from everlearn.monitoring.service import Monitoring

    page = service(Monitoring).windows(project, model, after=after, limit=limit)
    columns = ("start", "version", "prediction_count", "label_count", "mae", "bias", "failure_count")
    show(page, as_json=as_json, columns=columns)
