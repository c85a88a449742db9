"""`everlearn jobs`: what the workers have to do, did, and could not do."""

from typing import Annotated

import typer

from everlearn.cli import AsJson, Limit, actor, say, service, show

app = typer.Typer(help="Background jobs: list, inspect, drive dead ones again, cancel.", no_args_is_help=True)

JobId = Annotated[str, typer.Argument(metavar="JOB_ID", help="As `everlearn jobs list` shows it.")]
After = Annotated[str | None, typer.Option(help="Continue after this key.")]


@app.command("list")
def list_jobs(
    state: Annotated[str | None, typer.Option(help="pending, running, done, dead or cancelled.")] = None,
    kind: Annotated[str | None, typer.Option(help="Only jobs of this kind.")] = None,
    after: After = None,
    limit: Limit = 100,
    as_json: AsJson = False,
) -> None:
    """List jobs, newest first; `--state dead` shows the dead letters."""
    from everlearn.jobs import JobState
    from everlearn.operations.service import Operations

    if state is not None and state not in set(JobState):
        raise typer.BadParameter(f"{state!r} is not one of {', '.join(JobState)}", param_hint="--state")
    wanted = None if state is None else JobState(state)
    page = service(Operations).jobs(state=wanted, kind=kind, after=after, limit=limit)
    columns = ("id", "kind", "state", "attempt", "worker", "run_at", "finished_at", "error.message")
    show(page, as_json=as_json, columns=columns)


@app.command("show")
def show_job(job_id: JobId, as_json: AsJson = False) -> None:
    """Show a job with its arguments and its last error."""
    from everlearn.operations.service import Operations

    show(service(Operations).job(job_id), as_json=as_json)


@app.command()
def redrive(
    job_id: Annotated[str | None, typer.Argument(metavar="[JOB_ID]", help="A dead job.")] = None,
    everything: Annotated[bool, typer.Option("--all", help="Every job that is dead now.")] = False,
) -> None:
    """Give a dead job, or all of them, a fresh set of attempts."""
    from everlearn.operations.service import Operations

    if (job_id is None) == (not everything):
        raise typer.BadParameter("name a job or say --all", param_hint="JOB_ID")
    operations = service(Operations)
    if job_id is not None:
        job = operations.redrive(job_id, actor=actor())
        say(f"{job.id} ({job.kind}) is pending again")
        return
    outcome = operations.redrive_all(actor=actor())
    say(f"{len(outcome.redriven)} dead jobs are pending again, {len(outcome.refused)} are no longer needed")


@app.command()
def cancel(job_id: JobId) -> None:
    """End a pending job, or ask a running one to end."""
    from everlearn.operations.service import Operations

    job = service(Operations).cancel(job_id, actor=actor())
    say(f"{job.id} ({job.kind}) is cancelled" if job.finished_at else f"{job.id} ({job.kind}) was asked to end")


@app.command()
def settled(as_json: AsJson = False) -> None:
    """Tell whether everything that was set off has come to rest, and if not, what has not."""
    from everlearn.operations.service import Operations

    show(service(Operations).settlement(), as_json=as_json)
