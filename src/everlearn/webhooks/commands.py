"""`everlearn webhooks`: who is told what, and how deliveries went."""

from typing import Annotated

import typer

from everlearn.cli import AsJson, Limit, Project, say, service, show

app = typer.Typer(help="Registry webhooks and their deliveries.", no_args_is_help=True)

Id = Annotated[str, typer.Argument(metavar="WEBHOOK", help="The webhook's id.")]
DeliveryId = Annotated[str, typer.Argument(metavar="DELIVERY", help="The delivery's id.")]
After = Annotated[str | None, typer.Option(help="Continue after this key.")]


@app.command("list")
def list_webhooks(
    project: Project = "default", after: After = None, limit: Limit = 100, as_json: AsJson = False
) -> None:
    """List webhooks, newest first."""
    from everlearn.webhooks.service import Webhooks

    page = service(Webhooks).list(project, after=after, limit=limit)
    show(page, as_json=as_json, columns=("id", "name", "status", "url", "created_at"))


@app.command("deliveries")
def list_deliveries(
    webhook: Id,
    state: Annotated[str | None, typer.Option(help="pending, delivered or dead.")] = None,
    project: Project = "default",
    after: After = None,
    limit: Limit = 100,
    as_json: AsJson = False,
) -> None:
    """List the deliveries of a webhook, newest first."""
    from everlearn.core.errors import InvalidError
    from everlearn.webhooks.delivering import Deliveries
    from everlearn.webhooks.model import DeliveryState

    if state is not None and state not in set(DeliveryState):
        raise InvalidError(f"no state {state[:40]!r}; there are: {', '.join(DeliveryState)}")
    wanted = None if state is None else DeliveryState(state)
    page = service(Deliveries).list(project, webhook, state=wanted, after=after, limit=limit)
    show(
        page, as_json=as_json, columns=("id", "state", "attempts", "last_status", "last_error", "next_at", "created_at")
    )


@app.command("attempts")
def list_attempts(delivery: DeliveryId, project: Project = "default", as_json: AsJson = False) -> None:
    """List every attempt at a delivery: when, what came back, how long it took."""
    from everlearn.webhooks.delivering import Deliveries

    show(service(Deliveries).attempts(project, delivery), as_json=as_json)


@app.command("again")
def send_again(delivery: DeliveryId, project: Project = "default") -> None:
    """Send a delivery again, under its own id."""
    from everlearn.webhooks.delivering import Deliveries

    service(Deliveries).again(project, delivery)
    say(f"delivery {delivery} will be sent again")
