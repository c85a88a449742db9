"""What every way of writing to a run shares, inside the caller's transaction."""

from collections.abc import Mapping, Sequence

from everlearn.core.actor import Actor
from everlearn.db import Tx
from everlearn.eventlog import Cause, EventLog
from everlearn.tracking.events import RunEnded, RunStarted
from everlearn.tracking.model import DeletedError, Lifecycle, Run, RunNotFoundError, check_unchanged, run_subject
from everlearn.tracking.store import points as point_store
from everlearn.tracking.store import runs as run_store
from everlearn.tracking.store.keys import number_keys
from everlearn.tracking.store.labels import PARAMS, TAGS
from everlearn.tracking.store.points import Point
from everlearn.tracking.store.runs import RunKey, RunRow, run_of


def begin_run(
    tx: Tx, log: EventLog, row: RunRow, tags: Mapping[str, str], *, actor: Actor, cause: Cause | None = None
) -> Run | None:
    """Add a run with its first tags and announce it; None when the id is taken."""
    number = run_store.insert(tx, row)
    if number is None:
        return None
    if tags:
        numbers = number_keys(tx, tags)
        TAGS.put(tx, number, row.experiment_no, {numbers[key]: value for key, value in tags.items()})
    run = run_of(row._replace(no=number))
    event = RunStarted(
        project=run.project,
        experiment=run.experiment,
        run_id=run.id,
        run_name=run.name,
        effective_at=run.effective_at,
    )
    log.append(tx, event, actor=actor, subject=run_subject(run), cause=cause)
    return run


def announce_end(tx: Tx, log: EventLog, run: Run, *, actor: Actor, cause: Cause | None = None) -> None:
    """Write into the log that a run has ended."""
    event = RunEnded(
        project=run.project,
        experiment=run.experiment,
        run_id=run.id,
        status=run.status,
        effective_at=run.effective_at,
    )
    log.append(tx, event, actor=actor, subject=run_subject(run), cause=cause)


def record(
    tx: Tx,
    run: RunKey,
    *,
    params: Mapping[str, str],
    tags: Mapping[str, str],
    metrics: Sequence[tuple[str, Point]],
) -> None:
    """Add to a run; what is there already is not added again.

    Raises
    ------
    ParamChangedError
        When a parameter has another value already.
    DeletedError
        When the run is deleted.
    """
    numbers = number_keys(tx, {*params, *tags, *(key for key, _ in metrics)})
    if params:
        wanted = {numbers[key]: value for key, value in params.items()}
        PARAMS.insert(tx, run.no, run.experiment_no, wanted)
        known = PARAMS.read_keys(tx, run.no, [*wanted])
        check_unchanged(params, {key: known[numbers[key]] for key in params})
    if tags:
        TAGS.put(tx, run.no, run.experiment_no, {numbers[key]: value for key, value in tags.items()})
    if metrics:
        point_store.insert(tx, run.no, run.experiment_no, [(numbers[key], point) for key, point in metrics])


def check_active(run: RunKey, run_id: str) -> RunKey:
    """Give the run back if it is not deleted."""
    if run.lifecycle != Lifecycle.ACTIVE:
        raise DeletedError(f"The run {run_id} must be in the 'active' state. Current state is {run.lifecycle}.")
    return run


def run_not_found(run_id: str) -> RunNotFoundError:
    """Say that there is no such run, to whoever may not know of others' too."""
    return RunNotFoundError(f"Run with id={run_id[:80]} not found in this project; `everlearn runs list` names them")
