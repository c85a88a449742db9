"""`everlearn policies`: what was decided in advance about a model."""

import json
import sys
from pathlib import Path
from typing import Annotated

import typer

from everlearn.cli import AsJson, Project, actor, say, service, show

app = typer.Typer(help="What was decided in advance about a model.", no_args_is_help=True)

Model = Annotated[str, typer.Argument(metavar="MODEL", help="The model's name; '*' for all models of the project.")]


@app.command("show")
def show_policies(
    model: Model,
    kind: Annotated[str | None, typer.Argument(metavar="[KIND]", help="Only this kind.")] = None,
    project: Project = "default",
    as_json: AsJson = False,
) -> None:
    """Show every policy in force, or one of them, defaults filled in."""
    from everlearn.policies.service import Policies

    policies = service(Policies)
    if kind is not None:
        show(policies.one(project, model, kind), as_json=as_json)
        return
    documents = policies.all(project, model)
    if as_json:
        show(documents, as_json=True)
        return
    for name, document in documents.items():
        show(document, as_json=False, title=name)
        sys.stdout.write("\n")


@app.command("set")
def set_policy(
    model: Model,
    kind: Annotated[str, typer.Argument(metavar="KIND", help="gate, alias, rollout, monitoring or retraining.")],
    file: Annotated[Path, typer.Argument(metavar="FILE", help="The document as JSON; - reads standard input.")],
    project: Project = "default",
) -> None:
    """Put a document in force; fields left out get their defaults."""
    from everlearn.core.errors import InvalidError
    from everlearn.policies.service import Policies

    try:
        document = json.loads(sys.stdin.read() if str(file) == "-" else file.read_text(), parse_constant=_refuse)
    except (OSError, ValueError) as error:
        raise InvalidError(f"cannot read {file}: {error}") from error
    number = service(Policies).set(project, model, kind, document, actor=actor())
    say(f"{kind} policy {number} of {model} is in force")


def _refuse(constant: str) -> None:
    raise ValueError(f"{constant} is no JSON number")
