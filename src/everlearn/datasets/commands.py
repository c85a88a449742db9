"""`everlearn datasets`: versioned, validated data."""

from pathlib import Path
from typing import Annotated

import typer

from everlearn.cli import AsJson, Limit, Project, actor, say, service, show

app = typer.Typer(help="Versioned, validated data.", no_args_is_help=True)

Name = Annotated[str, typer.Argument(metavar="DATASET", help="The data set's name.")]
Number = Annotated[int | None, typer.Argument(metavar="[VERSION]", help="The newest if you name none.")]
After = Annotated[str | None, typer.Option(help="Continue after this key.")]


@app.command("list")
def list_datasets(
    project: Project = "default", after: After = None, limit: Limit = 100, as_json: AsJson = False
) -> None:
    """List the data sets of a project."""
    from everlearn.datasets.service import Datasets

    page = service(Datasets).list(project, after=after, limit=limit)
    show(page, as_json=as_json, columns=("name", "newest", "contract_revision", "contract.event_time", "created_at"))


@app.command("versions")
def list_versions(
    dataset: Name, project: Project = "default", after: After = None, limit: Limit = 20, as_json: AsJson = False
) -> None:
    """List the versions of a data set, newest first."""
    from everlearn.datasets.service import Datasets

    page = service(Datasets).versions(project, dataset, after=after, limit=limit)
    show(page, as_json=as_json, columns=("number", "rows", "defects", "added.key", "added.rows", "effective_at"))


@app.command("show")
def show_dataset(dataset: Name, version: Number = None, project: Project = "default", as_json: AsJson = False) -> None:
    """Show a data set: its contract, and the partitions of a version."""
    from everlearn.datasets.service import Datasets

    datasets = service(Datasets)
    known = datasets.dataset(project, dataset)
    number = known.newest if version is None else version
    found = datasets.version(project, dataset, number) if number or version is not None else None
    if as_json:
        show({"dataset": known, "version": found}, as_json=True)
        return
    show(known, as_json=False, columns=("name", "newest", "contract_revision", "contract.event_time", "created_at"))
    show(known.contract.columns, as_json=False, columns=("name", "dtype", "nulls.max_share", "range"))
    if found is not None:
        show(found, as_json=False, columns=("number", "digest", "rows", "created_at", "created_by", "effective_at"))
        columns = ("number", "key", "rows", "size_bytes", "first_at", "last_at", "digest")
        show(found.partitions, as_json=False, columns=columns)


@app.command("define")
def define_dataset(
    dataset: Name,
    contract: Annotated[Path, typer.Argument(metavar="CONTRACT", help="A file of JSON.")],
    project: Project = "default",
    as_json: AsJson = False,
) -> None:
    """Put a contract in force, making the data set if need be."""
    from everlearn.datasets.document import read_contract
    from everlearn.datasets.service import Datasets

    known = service(Datasets).define(project, dataset, read_contract(contract), actor=actor())
    say(f"contract {known.contract_revision} of {known.name} is in force")
    if as_json:
        show(known, as_json=True)


@app.command("append")
def append_partition(
    dataset: Name,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A Parquet file.")],
    key: Annotated[str, typer.Option(help="What to call the partition; the same again changes nothing.")],
    effective_at: Annotated[str | None, typer.Option(help="As of when; the last event time if you say none.")] = None,
    project: Project = "default",
    as_json: AsJson = False,
) -> None:
    """Append a Parquet file as the next version, if it keeps the contract."""
    from everlearn.core.clock import parse_instant
    from everlearn.core.errors import InvalidError
    from everlearn.datasets.service import Datasets

    at = None if effective_at is None else parse_instant(effective_at)
    try:
        content = file.read_bytes()
    except OSError as error:
        raise InvalidError(f"cannot read {str(file)!r}: {error.strerror}") from error
    made = service(Datasets).append(project, dataset, content, key=key, effective_at=at, actor=actor())
    say(f"{dataset} version {made.number}: {made.rows} rows, known defects: {len(made.report.defects)}")
    if as_json:
        show(made, as_json=True)


@app.command("report")
def show_report(dataset: Name, version: Number = None, project: Project = "default", as_json: AsJson = False) -> None:
    """Show what came of every expectation of the contract, with rows to look at."""
    from everlearn.datasets.service import Datasets

    report = service(Datasets).report(project, dataset, version)
    if as_json:
        show(report, as_json=True)
        return
    show(report.checks, as_json=False, columns=("expectation", "severity", "verdict", "found", "checked", "examples"))
