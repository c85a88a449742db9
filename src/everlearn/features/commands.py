"""`everlearn features`: what models see, and as of when."""

from typing import Annotated

import typer

from everlearn.cli import AsJson, Limit, Project, service, show

app = typer.Typer(help="What models see, and as of when.", no_args_is_help=True)


@app.command("list")
def list_views(
    project: Project = "default",
    after: Annotated[str | None, typer.Option(help="Continue after this key.")] = None,
    limit: Limit = 100,
    as_json: AsJson = False,
) -> None:
    """List the feature views of a project."""
    from everlearn.features.service import Features

    page = service(Features).list(project, after=after, limit=limit)
    show(page, as_json=as_json, columns=("name", "revision", "entity", "view.source", "digest", "defined_at"))


@app.command("show")
def show_view(
    view: Annotated[str, typer.Argument(metavar="VIEW", help="The view's name.")],
    revision: Annotated[int | None, typer.Argument(metavar="[REVISION]", help="The newest if you name none.")] = None,
    project: Project = "default",
    as_json: AsJson = False,
) -> None:
    """Show a feature view: its entity, its source, and each feature."""
    from everlearn.features.service import Features

    found = service(Features).get(project, view, revision)
    if as_json:
        show(found, as_json=True)
        return
    show(found, as_json=False, columns=("name", "revision", "entity", "digest", "defined_at", "defined_by"))
    show(found.view, as_json=False, columns=("source", "known_at"))
    show(found.view.latest, as_json=False, columns=("columns", "prefix", "max_age"), title="newest fact")
    features = [
        {"feature": each.output, "window": each.window, "min_count": each.min_count} for each in found.view.rolling
    ]
    show(features, as_json=False, title="over a window")
