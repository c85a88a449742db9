"""`everlearn cards`: model cards."""

import sys
from typing import Annotated

import typer

from everlearn.cli import AsJson, Project, service, show

app = typer.Typer(help="Model cards.", no_args_is_help=True)


@app.callback()
def cards() -> None:
    """Model cards."""


@app.command("show")
def show_card(
    model: Annotated[str, typer.Argument(metavar="MODEL", help="The model's name.")],
    version: Annotated[int, typer.Argument(metavar="VERSION", help="The version's number.")],
    project: Project = "default",
    as_json: AsJson = False,
) -> None:
    """Print the newest edition of a version's card as Markdown, or its facts as JSON."""
    from everlearn.governance.service import Cards

    if as_json:
        show(service(Cards).card(project, model, version), as_json=True)
        return
    sys.stdout.write(service(Cards).read(project, model, version))
