"""`everlearn deployments`: where the traffic of models goes."""

from typing import Annotated

import typer

from everlearn.cli import AsJson, Limit, Project, actor, say, service, show

app = typer.Typer(help="Which versions answer, and in what share.", no_args_is_help=True)

Model = Annotated[str, typer.Argument(metavar="MODEL", help="The model's name.")]

_COLUMNS = ("model", "generation", "traffic.champion", "traffic.candidate", "traffic.phase", "traffic.weight", "since")


@app.command("show")
def show_deployment(model: Model, project: Project = "default", as_json: AsJson = False) -> None:
    """Show where the traffic of a model goes."""
    from everlearn.serving.service import Deployments

    show(service(Deployments).state(project, model), as_json=as_json, columns=_COLUMNS)


@app.command("set")
def set_traffic(
    model: Model,
    champion: Annotated[int, typer.Option(min=1, help="The version that answers.")],
    reason: Annotated[str, typer.Option(help="Why, for the record.")],
    candidate: Annotated[int | None, typer.Option(min=1, help="A version to try out beside it.")] = None,
    weight: Annotated[float, typer.Option(min=0, max=1, help="Share the candidate answers; 0: shadow.")] = 0.0,
    project: Project = "default",
    as_json: AsJson = False,
) -> None:
    """Send the traffic of a model elsewhere by hand."""
    from everlearn.registry import Registry
    from everlearn.serving.model import Phase, Traffic
    from everlearn.serving.service import Deployments

    phase = Phase.NONE if candidate is None else Phase.CANARY if weight else Phase.SHADOW
    deployment = service(Deployments).redirect(
        project,
        model,
        Traffic(champion=champion, candidate=candidate, phase=phase, weight=weight),
        versions=service(Registry),
        reason=reason,
        actor=actor(),
    )
    show(deployment, as_json=as_json, columns=_COLUMNS)
    say(f"{model} is at generation {deployment.generation}; gateways follow within a second")


@app.command()
def history(
    model: Model,
    project: Project = "default",
    after: Annotated[str | None, typer.Option(help="Continue after this key.")] = None,
    limit: Limit = 50,
    as_json: AsJson = False,
) -> None:
    """List the changes of a model's traffic, newest first."""
    from everlearn.serving.service import Deployments

    columns = (
        "deployment.generation",
        "deployment.traffic.champion",
        "deployment.traffic.candidate",
        "deployment.traffic.phase",
        "deployment.traffic.weight",
        "actor",
        "reason",
        "recorded_at",
    )
    show(service(Deployments).history(project, model, after=after, limit=limit), as_json=as_json, columns=columns)
