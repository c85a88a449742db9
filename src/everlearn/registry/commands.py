"""`everlearn models`: what is registered, where it comes from, and which version is the champion."""

from typing import Annotated

import typer

from everlearn.cli import AsJson, Limit, Project, actor, say, service, show

app = typer.Typer(help="Registered models, versions and aliases.", no_args_is_help=True)

Name = Annotated[str, typer.Argument(metavar="MODEL", help="The model's name.")]
After = Annotated[str | None, typer.Option(help="Continue after this key.")]


@app.command("list")
def list_models(project: Project = "default", after: After = None, limit: Limit = 100, as_json: AsJson = False) -> None:
    """List the models of a project."""
    from everlearn.registry.service import Registry

    page = service(Registry).models(project, after=after, limit=limit)
    show(page, as_json=as_json, columns=("name", "newest", "champion", "created_at"))


@app.command("versions")
def list_versions(
    model: Name, project: Project = "default", after: After = None, limit: Limit = 20, as_json: AsJson = False
) -> None:
    """List the versions of a model, newest first."""
    from everlearn.registry.service import Registry

    page = service(Registry).versions(project, model, after=after, limit=limit)
    show(page, as_json=as_json, columns=("number", "stage", "trained_through", "run_id", "registered_at"))


@app.command("show")
def show_version(
    model: Name,
    version: Annotated[int | None, typer.Argument(metavar="[VERSION]", help="The newest if you name none.")] = None,
    project: Project = "default",
    as_json: AsJson = False,
) -> None:
    """Show a version: signature, lineage, metrics, and how its stage moved."""
    from everlearn.registry.service import Registry

    registry = service(Registry)
    known = registry.model(project, model)
    found = registry.version(project, model, known.newest if version is None else version)
    moves = registry.stage_history(project, model, found.number)
    if as_json:
        show({"version": found, "stages": list(moves)}, as_json=True)
        return
    show(found, as_json=False)
    show(moves, as_json=False, columns=("before", "after", "reason", "actor", "moved_at"))


@app.command("alias")
def set_alias(
    model: Name,
    alias: Annotated[str | None, typer.Argument(metavar="[ALIAS]", help="Which alias to move.")] = None,
    version: Annotated[int | None, typer.Argument(metavar="[VERSION]", help="The version that it shall name.")] = None,
    reason: Annotated[str, typer.Option(help="Why; needed to move it.")] = "",
    project: Project = "default",
    as_json: AsJson = False,
) -> None:
    """List a model's aliases, or the moves of one, or move one (which moves no traffic: rollouts do)."""
    from everlearn.registry.service import Registry

    registry = service(Registry)
    if alias is None:
        show(registry.aliases(project, registry.model(project, model).name), as_json=as_json)
    elif version is None:
        page = registry.alias_history(project, registry.model(project, model).name, alias)
        show(page, as_json=as_json, columns=("alias", "before", "after", "reason", "actor", "moved_at"))
    else:
        with registry.db.write() as tx:
            registry.set_alias(tx, project, model, alias, version, reason=reason, actor=actor())
        say(f"{alias} of {model} is version {version} now")
