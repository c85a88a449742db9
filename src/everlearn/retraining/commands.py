"""`everlearn retraining`: when retraining was weighed, and what came out."""

from typing import Annotated

import typer

from everlearn.cli import AsJson, Limit, Project, service, show

app = typer.Typer(help="When retraining was weighed, and what came out.", no_args_is_help=True)


@app.callback()
def retraining() -> None:
    """When retraining was weighed, and what came out."""


@app.command("reviews")
def list_reviews(
    model: Annotated[str, typer.Argument(metavar="MODEL", help="The model's name.")],
    project: Project = "default",
    after: Annotated[str | None, typer.Option(help="Continue after this key.")] = None,
    limit: Limit = 100,
    as_json: AsJson = False,
) -> None:
    """List the reviews of a model, newest first; money is in the currency of its policy."""
    from everlearn.retraining.service import Retraining

    page = service(Retraining).reviews(project, model, after=after, limit=limit)
    columns = ("effective_at", "version", "verdict", "expected_gain", "expected_cost", "pipeline_run_id", "decision_id")
    show(page, as_json=as_json, columns=columns)
