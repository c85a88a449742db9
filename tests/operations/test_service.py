import pytest
from tests.operations.conftest import Yard

from everlearn.core.actor import Actor
from everlearn.jobs import JobNotFoundError, JobOptions, JobState, JobStateError

ADA = Actor("user:ada")


def test_a_redriven_job_is_pending_again_and_it_is_on_record_who_wanted_it(yard: Yard) -> None:
    job_id = yard.jobs["dead"]

    job = yard.operations.redrive(job_id, actor=ADA)

    assert job.state is JobState.PENDING
    assert yard.operations.job(job_id) == job
    assert yard.events() == [("operations.job_redriven", f"job:{job_id}", "user:ada")]


def test_a_cancelled_job_is_over_or_asked_to_end_and_on_record(yard: Yard) -> None:
    pending = yard.operations.cancel(yard.jobs["pending"], actor=ADA)
    running = yard.operations.cancel(yard.jobs["running"], actor=ADA)

    assert pending.state is JobState.CANCELLED
    assert (running.state, running.is_cancel_requested) == (JobState.RUNNING, True)
    assert [name for name, _, _ in yard.events()] == ["operations.job_cancelled"] * 2


def test_what_is_refused_is_not_on_record(sqlite_yard: Yard) -> None:
    with pytest.raises(JobStateError):
        sqlite_yard.operations.redrive(sqlite_yard.jobs["done"], actor=ADA)
    with pytest.raises(JobStateError):
        sqlite_yard.operations.cancel(sqlite_yard.jobs["dead"], actor=ADA)
    with pytest.raises(JobNotFoundError):
        sqlite_yard.operations.cancel("job_nobody", actor=ADA)

    assert sqlite_yard.events() == []


def test_driving_all_again_leaves_those_whose_work_another_does(sqlite_yard: Yard) -> None:
    operations = sqlite_yard.operations
    with operations.db.write() as tx:
        second = operations.queue.enqueue(tx, "t.second", {}, options=JobOptions(max_attempts=1))
        (job,) = operations.queue.claim(tx, worker="w", kinds=["t.second"], lease_s=30)
        operations.queue.fail(tx, job, ValueError("no luck either"))
        operations.queue.enqueue(tx, "t.heir", {}, options=JobOptions(unique_key="dead"))

    outcome = operations.redrive_all(actor=ADA)

    assert list(outcome.redriven) == [second]
    assert list(outcome.refused) == [sqlite_yard.jobs["dead"]]


def test_the_platform_is_settled_when_every_number_is_zero(yard: Yard) -> None:
    operations = yard.operations
    busy = operations.settlement()
    operations.cancel(yard.jobs["pending"], actor=ADA)
    with operations.db.write() as tx:
        operations.queue.release_worker(tx, "w")
        for job in operations.queue.claim(tx, worker="w", kinds=["t.running"], lease_s=30):
            operations.queue.finish(tx, job)
    at_rest = operations.settlement()
    yard.lag["loop"] = 1
    unseen = operations.settlement()
    yard.lag["loop"], yard.on_its_way["unshipped_predictions"] = 0, 3
    unshipped = operations.settlement()

    assert (busy.settled, busy.pending_jobs) == (False, 2)
    assert (at_rest.settled, at_rest.pending_jobs) == (True, 0)
    assert (unseen.settled, unseen.subscription_lag) == (False, {"loop": 1})
    assert (unshipped.settled, unshipped.checks) == (False, {"unshipped_predictions": 3})
