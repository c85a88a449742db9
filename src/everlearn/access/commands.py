"""`everlearn access`: accounts, roles and tokens from the command line."""

from datetime import timedelta
from typing import Annotated

import typer

from everlearn.access.model import EVERY_PROJECT, AccountKind, Role
from everlearn.cli import AsJson, Limit, actor, say, service, show

app = typer.Typer(help="People, service accounts, their roles and tokens.", no_args_is_help=True)

Name = Annotated[str, typer.Argument(metavar="NAME", help="The account's name.")]
Scope = Annotated[str, typer.Option("--project", "-p", help="The project; * is all of them.")]
After = Annotated[str | None, typer.Option(help="Continue after this key.")]


@app.command()
def accounts(after: After = None, limit: Limit = 100, as_json: AsJson = False) -> None:
    """List accounts."""
    from everlearn.access.service import Access

    show(service(Access).accounts(after=after, limit=limit), as_json=as_json, columns=("name", "kind", "created_at"))


@app.command()
def create(
    name: Name,
    service_account: Annotated[bool, typer.Option("--service", help="A program, not a person.")] = False,
    role: Annotated[Role | None, typer.Option(help="Grant this role at once.")] = None,
    project: Scope = EVERY_PROJECT,
    as_json: AsJson = False,
) -> None:
    """Make somebody known, and give them a role if you name one."""
    from everlearn.access.service import Access

    access = service(Access)
    kind = AccountKind.SERVICE if service_account else AccountKind.PERSON
    account = access.create_account(name, kind, actor=actor())
    if role is not None:
        access.grant(name, project, role, actor=actor())
    show(account, as_json=as_json)


@app.command()
def grants(project: Scope = EVERY_PROJECT, after: After = None, limit: Limit = 100, as_json: AsJson = False) -> None:
    """List who has which role in a project."""
    from everlearn.access.service import Access

    page = service(Access).grants(project, after=after, limit=limit)
    show(page, as_json=as_json, columns=("account", "project", "role"))


@app.command()
def grant(
    name: Name,
    role: Annotated[str, typer.Argument(metavar="ROLE", help=f"{', '.join(Role)}; or none to take it away.")],
    project: Scope = EVERY_PROJECT,
) -> None:
    """Give an account a role in a project, or take it away."""
    from everlearn.access.service import Access

    if role not in {*Role, "none"}:
        raise typer.BadParameter(f"{role!r} is not one of {', '.join(Role)}, none", param_hint="ROLE")
    given = None if role == "none" else Role(role)
    service(Access).grant(name, project, given, actor=actor())
    where = "all projects" if project == EVERY_PROJECT else f"project {project}"
    say(f"{name} has the role {given} in {where}" if given else f"{name} has no role of its own in {where} any more")


@app.command()
def token(
    name: Name,
    label: Annotated[str, typer.Option(help="What it is for.")] = "",
    days: Annotated[int | None, typer.Option(min=1, help="Expire after so many days.")] = None,
    as_json: AsJson = False,
) -> None:
    """Make a token for an account and print it this once."""
    from everlearn.access.service import Access

    access = service(Access)
    expires_at = None if days is None else access.clock.now() + timedelta(days=days)
    issued = access.issue_token(name, label=label, expires_at=expires_at, actor=actor())
    show(issued if as_json else issued.secret, as_json=as_json)
    say(f"keep it safe: it is not shown again. Revoke it with: everlearn access revoke {issued.token.id}")


@app.command()
def tokens(name: Name, after: After = None, limit: Limit = 100, as_json: AsJson = False) -> None:
    """List an account's tokens (never their secrets)."""
    from everlearn.access.service import Access

    columns = ("id", "label", "created_at", "expires_at", "revoked_at", "last_used_at")
    show(service(Access).tokens(name, after=after, limit=limit), as_json=as_json, columns=columns)


@app.command()
def revoke(token_id: Annotated[str, typer.Argument(metavar="TOKEN_ID", help="As `access tokens` lists it.")]) -> None:
    """Revoke a token, with the sessions opened with it."""
    from everlearn.access.service import Access

    revoked = service(Access).revoke_token(token_id, actor=actor())
    say(f"revoked {revoked.id} of {revoked.account}; every server notices within 30 seconds")


@app.command()
def ticket(name: Name) -> None:
    """Print a one-time value that signs a browser in at /login?ticket=... within 15 minutes."""
    from everlearn.access.service import Access

    show(service(Access).issue_ticket(name), as_json=False)
