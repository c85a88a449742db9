"""`everlearn blobs`: what is stored, and collecting what nothing refers to."""

from typing import Annotated

import typer

from everlearn.cli import AsJson, actor, service, show

app = typer.Typer(help="Stored content: collecting what nothing refers to.", no_args_is_help=True)


@app.callback()
def blobs() -> None:
    """Stored content."""


@app.command()
def gc(
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only tell what would be done.")] = False,
    as_json: AsJson = False,
) -> None:
    """Put aside what nothing refers to; remove what was put aside before the grace period. Others may go on working."""
    from everlearn.storage.collector import Collector

    show(service(Collector).collect(actor=actor(), is_dry_run=dry_run), as_json=as_json)
