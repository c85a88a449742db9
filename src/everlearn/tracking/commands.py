"""`everlearn runs` and `everlearn experiments`: what was tried, and how it came out."""

from typing import Annotated

import typer

from everlearn.cli import AsJson, Limit, Project, say, service, show

app = typer.Typer(help="Tracked runs: parameters, metrics, artifacts.", no_args_is_help=True)

experiments = typer.Typer(help="Experiments, and what their metrics are.", no_args_is_help=True)

RunId = Annotated[str, typer.Argument(metavar="RUN_ID", help="As `runs list` gives it.")]


@app.command("list")
def list_runs(
    project: Project = "default",
    experiment: Annotated[str | None, typer.Option(help="Only runs of this experiment.")] = None,
    after: Annotated[str | None, typer.Option(help="Continue after this key.")] = None,
    limit: Limit = 20,
    as_json: AsJson = False,
) -> None:
    """List runs, newest first."""
    from everlearn.tracking.service import Tracking

    page = service(Tracking).runs(project, experiment, after=after, limit=limit)
    show(page, as_json=as_json, columns=("id", "experiment", "name", "status", "started_at", "ended_at"))


@app.command("compare")
def compare_runs(
    run_ids: Annotated[list[str], typer.Argument(metavar="RUN_ID...", help="Two or more runs.")],
    project: Project = "default",
    by: Annotated[
        list[str] | None, typer.Option(help="The parameter or tag that makes pairs; again for more. Default: the seed.")
    ] = None,
    metric: Annotated[list[str] | None, typer.Option(help="Compare by this metric; again for more.")] = None,
    correction: Annotated[str, typer.Option(help="For many comparisons: holm or bh.")] = "holm",
    as_json: AsJson = False,
) -> None:
    """Test whether settings differ: runs grouped by all parameters but the seed, paired by it."""
    from everlearn.core.errors import InvalidError
    from everlearn.tracking.comparison import Comparisons, Correction

    if correction not in {*Correction}:
        raise InvalidError(f"a correction is holm or bh, not {correction[:40]!r}")
    found = service(Comparisons).compare(
        project, run_ids, by=by or (), metrics=metric or (), correction=Correction(correction)
    )
    if as_json:
        show(found, as_json=True)
        return
    summaries = [{"group": one.label, "runs": len(one.run_ids), **one.means} for one in found.groups]
    show(summaries, as_json=False, title=f"paired by {' and '.join(found.by) or 'nothing'}")
    for line in (found.reason, *(one.reason for one in found.omnibus)):
        if line:
            say(line)
    show(
        list(found.pairs),
        as_json=False,
        columns=("verdict", "metric", "pair_count", "mean_difference", "lower", "upper", "adjusted_p_value", "reason"),
        colours={"different": "green", "not_evaluated": "yellow"},
    )


@app.command("show")
def show_run(run_id: RunId, project: Project = "default", as_json: AsJson = False) -> None:
    """Show a run with its parameters, newest metrics and files."""
    from everlearn.tracking.service import Tracking

    tracking = service(Tracking)
    detail = tracking.detail(tracking.run_of(project, run_id).id)
    artifacts = tracking.artifacts(run_id, limit=1_000).items
    if as_json:
        show({"detail": detail, "artifacts": list(artifacts)}, as_json=True)
        return
    show(detail.run, as_json=False)
    show([{"parameter": key, "value": value} for key, value in detail.params.items()], as_json=False)
    show(list(detail.metrics.values()), as_json=False, columns=("key", "value", "step", "at"))
    show(artifacts, as_json=False, columns=("path", "size_bytes", "digest"))


ExperimentName = Annotated[str, typer.Argument(metavar="EXPERIMENT", help="Its name.")]


@experiments.command("list")
def list_experiments(
    project: Project = "default",
    after: Annotated[str | None, typer.Option(help="Continue after this key.")] = None,
    limit: Limit = 20,
    as_json: AsJson = False,
) -> None:
    """List experiments by name."""
    from everlearn.tracking.service import Tracking

    page = service(Tracking).experiments(project, after=after, limit=limit)
    show(page, as_json=as_json, columns=("id", "name", "created_at", "updated_at"))


@experiments.command("metrics")
def list_metrics(experiment: ExperimentName, project: Project = "default", as_json: AsJson = False) -> None:
    """List what an experiment declares of its metrics."""
    from everlearn.tracking.experiments import Experiments

    known = service(Experiments)
    number = int(known.get_by_name(project, experiment).id)
    found = known.metric_schemas(project, number)
    rows = [
        {"metric": name, "unit": one.unit, "direction": one.direction, "low": one.low, "high": one.high}
        for name, one in found.items()
    ]
    show(rows, as_json=as_json)


@experiments.command("declare-metric")
def declare_metric(
    experiment: ExperimentName,
    metric: Annotated[str, typer.Argument(metavar="METRIC", help="As runs log it.")],
    unit: Annotated[str, typer.Option(help="Such as min or %.")] = "",
    direction: Annotated[str | None, typer.Option(help="Which way is better: higher or lower.")] = None,
    low: Annotated[float | None, typer.Option(help="Values below are flagged.")] = None,
    high: Annotated[float | None, typer.Option(help="Values above are flagged.")] = None,
    project: Project = "default",
) -> None:
    """Declare a metric: its unit, which way is better, its range. The newest word counts."""
    from everlearn.core.errors import InvalidError
    from everlearn.tracking.experiments import Experiments
    from everlearn.tracking.metric_schema import Direction, MetricSchema

    if direction not in {None, *Direction}:
        raise InvalidError(f"a direction is higher or lower, not {str(direction)[:40]!r}")
    schema = MetricSchema(unit=unit, direction=None if direction is None else Direction(direction), low=low, high=high)
    known = service(Experiments)
    known.declare_metric(project, int(known.get_by_name(project, experiment).id), metric, schema)
    say(f"declared {metric} of {experiment}")
