"""`everlearn models`: what is registered, where it comes from, and which version is the champion."""

from typing import TYPE_CHECKING, Annotated

import typer

from everlearn.cli import AsJson, Limit, Project, actor, say, service, show

if TYPE_CHECKING:
    from everlearn.registry.aliases import Wish

app = typer.Typer(help="Registered models, versions and aliases.", no_args_is_help=True)

Name = Annotated[str, typer.Argument(metavar="MODEL", help="The model's name.")]
Version = Annotated[int, typer.Argument(metavar="VERSION", help="The version's number.")]
AliasName = Annotated[str, typer.Option("--alias", help="Which alias.")]
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
    from everlearn.registry.aliases import Aliases
    from everlearn.registry.model import checked_alias
    from everlearn.registry.service import Registry

    registry = service(Registry)
    if alias is None:
        show(registry.aliases(project, registry.model(project, model).name), as_json=as_json)
    elif version is None:
        page = registry.alias_history(project, registry.model(project, model).name, alias)
        show(page, as_json=as_json, columns=("alias", "before", "after", "reason", "actor", "moved_at"))
    else:
        service(Aliases).set(_wish(project, model, checked_alias(alias), version, reason))
        say(f"{alias} of {model} is version {version} now")


@app.command("check")
def check_move(
    model: Name,
    version: Version,
    alias: AliasName,
    project: Project = "default",
    as_json: AsJson = False,
) -> None:
    """Hold a version against the contracts of an alias: what is met, what is not, what to do. Exit 1: not all is."""
    from everlearn.registry.aliases import Aliases

    conditions = service(Aliases).check(_wish(project, model, alias, version, "a check"))
    allowed = all(one.is_met for one in conditions)
    if as_json:
        show({"allowed": allowed, "conditions": list(conditions)}, as_json=True)
    else:
        show(conditions, as_json=False, columns=("condition", "is_met", "needed", "found", "remedy"))
        say("no contract covers this alias" if not conditions else f"{alias} may {'' if allowed else 'not '}move")
    if not allowed:
        raise typer.Exit(1)


@app.command("approve")
def approve_version(
    model: Name,
    version: Version,
    alias: AliasName,
    comment: Annotated[str, typer.Option(help="What there is to say.")] = "",
    withdraw: Annotated[bool, typer.Option("--withdraw", help="Take your approval back.")] = False,
    project: Project = "default",
    as_json: AsJson = False,
) -> None:
    """Approve a version for an alias, in your name."""
    from everlearn.registry.approving import Approvals, Word

    word = Word(project=project, model=model, number=version, alias=alias, actor=actor(), comment=comment)
    approvals = service(Approvals)
    left = approvals.withdraw(word) if withdraw else approvals.approve(word)
    show(left, as_json=as_json, columns=("alias", "actor", "comment", "approved_at"))


@app.command("resolve")
def resolve_alias(
    address: Annotated[str, typer.Argument(metavar="MODEL@ALIAS", help="For example eta@champion.")],
    as_of: Annotated[str | None, typer.Option(help="An instant such as 2026-01-01T00:00:00Z; none: now.")] = None,
    project: Project = "default",
    as_json: AsJson = False,
) -> None:
    """Tell which version an alias names, or named at an instant, and by which move."""
    from everlearn.core.clock import parse_instant
    from everlearn.core.errors import InvalidError
    from everlearn.registry.aliases import Aliases

    model, at, alias = address.removeprefix("models:/").rpartition("@")
    if not at:
        raise InvalidError(f"not MODEL@ALIAS: {address[:80]!r}")
    instant = None if as_of is None else parse_instant(as_of)
    show(service(Aliases).resolve(project, model, alias, as_of=instant), as_json=as_json)


@app.command("rollback")
def roll_back(
    model: Name,
    alias: Annotated[str, typer.Argument(metavar="ALIAS", help="Which alias to move back.")],
    reason: Annotated[str, typer.Option(help="Why.")],
    as_of: Annotated[str | None, typer.Option(help="To what it named at this instant; none: before its move.")] = None,
    project: Project = "default",
) -> None:
    """Let an alias name what it named before, if its contracts allow it."""
    from everlearn.core.clock import parse_instant
    from everlearn.registry.aliases import Aliases

    instant = None if as_of is None else parse_instant(as_of)
    number = service(Aliases).roll_back(_wish(project, model, alias, None, reason), as_of=instant)
    say(f"{alias} of {model} is version {number} again")


def _wish(project: str, model: str, alias: str, version: int | None, reason: str) -> "Wish":
    """Say what the person at the keyboard wants. Whoever can run a command holds the database's keys: an admin."""
    from everlearn.access import Role
    from everlearn.registry.aliases import Wish

    return Wish(
        project=project, model=model, alias=alias, number=version, reason=reason, actor=actor(), role=Role.ADMIN
    )


@app.command()
def usage(
    model: Annotated[str | None, typer.Argument(metavar="[MODEL]", help="All of the project if you name none.")] = None,
    project: Project = "default",
    after: After = None,
    limit: Limit = 100,
    as_json: AsJson = False,
) -> None:
    """Tell what the versions of models take: full copies against what is stored; the blob store is asked about each."""
    from everlearn.registry.packing import VersionPacking

    packing = service(VersionPacking)
    if model is not None:
        show(packing.usage_of(project, model), as_json=as_json)
        return
    page = packing.usage(project, after=after, limit=limit)
    show(page, as_json=as_json, columns=("model", "versions", "files", "full_bytes", "stored_bytes", "ratio"))
