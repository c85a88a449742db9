"""Options that mean the same in every command."""

from typing import Annotated

import typer

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")]
Project = Annotated[str, typer.Option("--project", "-p", envvar="EVERLEARN_PROJECT", help="The project to work in.")]
Limit = Annotated[int, typer.Option("--limit", min=1, max=1_000, help="At most so many rows.")]
