"""`everlearn audit`: reading the log, proving it right, taking it elsewhere."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from everlearn.cli import AsJson, Limit, say, service, show

if TYPE_CHECKING:
    from everlearn.eventlog.verification import Fault, Verification

app = typer.Typer(help="The sealed log: read, prove, verify, export.", no_args_is_help=True)

_MOST_FAULTS_TOLD = 20

Kept = Annotated[
    list[Path] | None,
    typer.Option("--checkpoint", help="A file with a checkpoint that you kept earlier; the log must fit it too."),
]


@app.command("log")
def list_entries(
    subject: Annotated[str | None, typer.Option(help="Only what happened to this, such as model:default/eta.")] = None,
    name: Annotated[str | None, typer.Option(help="Only events of this name.")] = None,
    correlation: Annotated[str | None, typer.Option(help="Only what this entry (an id) set off.")] = None,
    after: Annotated[str | None, typer.Option(help="Continue after this key.")] = None,
    limit: Limit = 100,
    as_json: AsJson = False,
) -> None:
    """List entries, newest first."""
    from everlearn.audit.service import Audit

    page = service(Audit).entries(subject=subject, name=name, correlation=correlation, after=after, limit=limit)
    show(page, as_json=as_json, columns=("position", "at", "name", "subject", "actor", "id"))


@app.command("show")
def show_entry(
    entry: Annotated[str, typer.Argument(metavar="ENTRY", help="An id or a position.")], as_json: AsJson = False
) -> None:
    """Show an entry with everything that was written."""
    from everlearn.audit.service import Audit

    show(service(Audit).entry(entry), as_json=as_json)


@app.command()
def verify(
    export: Annotated[Path | None, typer.Option(help="Verify this export instead; touches no database.")] = None,
    key: Annotated[str | None, typer.Option(help="The public key that the export is verified with.")] = None,
    key_file: Annotated[Path | None, typer.Option(help="A file with that key.")] = None,
    checkpoints: Kept = None,
    as_json: AsJson = False,
) -> None:
    """Look at every entry and compare it with what was sealed and signed. Exits with 1 if anything is wrong."""
    kept = [_text_of(path) for path in checkpoints or ()]
    if export is not None:
        from everlearn.audit.export import verify_export

        found = verify_export(export, _key(key, key_file), notes=kept)
    else:
        if key is not None or key_file is not None:
            raise typer.BadParameter("a key is only needed with --export", param_hint="--key")
        from everlearn.audit.service import Audit

        found = service(Audit).verify(kept=kept)
    if as_json:
        show(found.as_json(), as_json=True)
    else:
        show(_summary(found), as_json=False, title=_verdict(found))
        _tell_faults(found.faults)
    if not found.is_sound:
        raise typer.Exit(1)


@app.command("export")
def export_log(
    target: Annotated[Path, typer.Argument(metavar="FILE", help="Where to write it; replaced when it is complete.")],
    as_json: AsJson = False,
) -> None:
    """Write the whole log with its checkpoints to a file that can be verified without a database."""
    from everlearn.audit.service import Audit

    audit = service(Audit)
    exported = audit.export(target)
    show(exported, as_json=as_json)
    say(f"verify it with: everlearn audit verify --export {target} --key {audit.verifier.as_text()}")


@app.command()
def checkpoint(as_json: AsJson = False) -> None:
    """Print the newest signed checkpoint. Keep it elsewhere: then nobody can rewrite the log unnoticed."""
    from everlearn.audit.service import Audit

    note = service(Audit).checkpoint()
    if as_json:
        show({"checkpoint": note}, as_json=True)
    else:
        typer.echo(note, nl=False)


@app.command()
def proof(
    position: Annotated[int | None, typer.Argument(min=1, help="An entry that shall be proved to be there.")] = None,
    size: Annotated[int | None, typer.Option(min=1, help="The size of the log that the proof is for.")] = None,
    since: Annotated[int | None, typer.Option(min=1, help="Prove that a log of this size is the beginning.")] = None,
    as_json: AsJson = False,
) -> None:
    """Prove that an entry is in the log (POSITION), or that the log has only grown (--since OLD --size NEW)."""
    from everlearn.audit.service import Audit

    if (position is None) == (since is None):
        raise typer.BadParameter("give a position, or --since", param_hint="POSITION")
    audit = service(Audit)
    if position is not None:
        show(audit.inclusion(position, size), as_json=as_json)
    elif since is not None:
        show(audit.consistency(since, audit.size() if size is None else size), as_json=as_json)


@app.command("key")
def print_key(as_json: AsJson = False) -> None:
    """Print the public key that checkpoints are verified with."""
    from everlearn.audit.service import Audit

    key = service(Audit).verifier.as_text()
    if as_json:
        show({"key": key}, as_json=True)
    else:
        typer.echo(key)


def _key(text: str | None, file: Path | None) -> str:
    if (text is None) == (file is None):
        raise typer.BadParameter("give the public key: --key TEXT or --key-file FILE", param_hint="--key")
    return text if text is not None else _text_of(file or Path())


def _text_of(path: Path) -> str:
    try:
        return path.read_text()
    except (OSError, UnicodeDecodeError) as error:
        raise typer.BadParameter(f"{path} cannot be read: {error}") from error


def _verdict(found: "Verification") -> str:
    if found.is_sound:
        return f"sound: all {found.size:,} entries are what was sealed"
    return f"NOT SOUND: {len(found.faults):,} faults in {found.size:,} entries"


def _summary(found: "Verification") -> dict[str, str]:
    unsigned = found.size - found.signed_size
    return {
        "entries": f"{found.size:,}",
        "checkpoints": f"{found.checkpoints:,} checked",
        "signed": f"the first {found.signed_size:,} entries" if found.signed_size else "nothing",
        "not yet signed": f"{unsigned:,} entries, which only the database vouches for" if unsigned > 0 else "nothing",
        "root": found.root.hex(),
    }


def _tell_faults(faults: "tuple[Fault, ...]") -> None:
    for fault in faults[:_MOST_FAULTS_TOLD]:
        say(f"fault: {fault.message}")
    if len(faults) > _MOST_FAULTS_TOLD:
        say(f"... and {len(faults) - _MOST_FAULTS_TOLD:,} more; --json has all of them")
