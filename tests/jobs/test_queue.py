"""The queue's promises, each on SQLite and on PostgreSQL."""

from datetime import timedelta

import pytest
import sqlalchemy as sa
from tests.jobs.bench import LEASE_S, START, Bench

from everlearn.core.errors import DamagedError, DeniedError, InvalidError, NotFoundError, UnavailableError
from everlearn.db import Database
from everlearn.eventlog import Cause
from everlearn.jobs import (
    DeadlinePassedError,
    JobCancelledError,
    JobContext,
    JobNotFoundError,
    JobOptions,
    JobPausedError,
    JobState,
    JobStateError,
    LeaseLostError,
    store,
)
from everlearn.jobs.model import MOST_LOSSES


def make_effects(db: Database) -> None:
    with db.write() as tx:
        tx.execute(sa.text("create table effects (worker text not null)"))


def effects(db: Database) -> list[str]:
    with db.read() as tx:
        return list(tx.execute(sa.text("select worker from effects order by worker")).scalars())


def test_a_job_is_remembered_as_it_was_given(bench: Bench) -> None:
    job_id = bench.add(options=JobOptions(priority=3, max_attempts=2), name="ünïcode\x00", other="")

    job = bench.job(job_id)
    assert (job.kind, job.arguments) == ("t.work", {"name": "ünïcode\x00", "other": ""})
    assert (job.state, job.priority, job.max_attempts, job.attempt) == (JobState.PENDING, 3, 2, 0)
    assert (job.created_at, job.run_at) == (START, START)


def test_a_job_exists_exactly_if_its_transaction_commits(bench: Bench) -> None:
    def change_our_mind() -> None:
        with bench.db.write() as tx:
            bench.queue.enqueue(tx, "t.work", {})
            raise RuntimeError

    with pytest.raises(RuntimeError):
        change_our_mind()

    assert bench.claim() == []


def test_jobs_are_claimed_by_priority_then_by_time(bench: Bench) -> None:
    late = bench.add(options=JobOptions(run_at=START - timedelta(seconds=1)))
    early = bench.add(options=JobOptions(run_at=START - timedelta(seconds=2)))
    low = bench.add(options=JobOptions(priority=-1, run_at=START - timedelta(hours=1)))
    high = bench.add(options=JobOptions(priority=1))

    claimed = bench.claim(limit=10)

    assert [job.id for job in claimed] == [high, early, late, low]


def test_a_claimed_job_is_nobody_elses(bench: Bench) -> None:
    job_id = bench.add()

    first, second = bench.claim("w1"), bench.claim("w2")

    assert [job.id for job in first] == [job_id]
    assert second == []
    assert bench.job(job_id).worker == "w1"
    assert bench.job(job_id).lease_until == START + timedelta(seconds=LEASE_S)


def test_only_kinds_that_were_asked_for_are_claimed(sqlite_bench: Bench) -> None:
    sqlite_bench.add("t.other")

    assert sqlite_bench.claim(kinds=("t.work",)) == []
    assert len(sqlite_bench.claim(kinds=("t.work", "t.other"))) == 1


def test_a_job_planned_for_later_waits(sqlite_bench: Bench) -> None:
    sqlite_bench.add(options=JobOptions(run_at=START + timedelta(seconds=10)))

    assert sqlite_bench.claim() == []
    assert sqlite_bench.pending_count() == 0
    sqlite_bench.later(10)
    assert sqlite_bench.pending_count() == 1
    assert len(sqlite_bench.claim()) == 1


def test_a_finished_job_is_over(bench: Bench) -> None:
    job_id = bench.add()

    bench.finish(bench.claim()[0])

    assert bench.job(job_id).state is JobState.DONE
    assert bench.job(job_id).finished_at == START
    assert bench.pending_count() == 0
    assert bench.claim() == []


def test_a_worker_whose_lease_went_to_another_cannot_commit_its_effect(bench: Bench) -> None:
    make_effects(bench.db)
    job_id = bench.add()
    stale = JobContext(bench.claim("slow")[0], bench.queue)
    bench.later(LEASE_S + 1)
    bench.release_expired()
    fresh = JobContext(bench.claim("quick")[0], bench.queue)

    def commit(context: JobContext) -> None:
        with bench.db.write() as tx:
            tx.execute(sa.text("insert into effects values (:worker)"), {"worker": context.job.worker})
            context.finish(tx)

    with pytest.raises(LeaseLostError, match=job_id):
        commit(stale)
    assert effects(bench.db) == []
    commit(fresh)
    with pytest.raises(LeaseLostError):
        commit(stale)

    assert effects(bench.db) == ["quick"]
    assert bench.job(job_id).state is JobState.DONE


def test_a_lease_that_ended_unnoticed_is_still_good(sqlite_bench: Bench) -> None:
    sqlite_bench.add()
    job = sqlite_bench.claim()[0]
    sqlite_bench.later(LEASE_S + 1)

    sqlite_bench.finish(job)

    assert sqlite_bench.release_expired() == []


def test_a_renewed_lease_does_not_expire(bench: Bench) -> None:
    bench.add()
    job = bench.claim()[0]
    bench.later(LEASE_S - 1)
    with bench.db.write() as tx:
        held = bench.queue.renew(tx, [job], lease_s=LEASE_S)
    bench.later(2)

    assert [pulse.job_id for pulse in held] == [job.id]
    assert bench.release_expired() == []


def test_renewing_tells_what_was_lost_and_what_was_cancelled(bench: Bench) -> None:
    for _ in range(3):
        bench.add()
    lost, cancelled, held = bench.claim("w1", limit=3)
    bench.fail(lost, JobPausedError("given back"))
    bench.claim("w2")
    bench.cancel(cancelled.id)

    with bench.db.write() as tx:
        pulses = bench.queue.renew(tx, [lost, cancelled, held], lease_s=LEASE_S)

    assert {pulse.job_id: pulse.is_cancel_requested for pulse in pulses} == {cancelled.id: True, held.id: False}


def test_a_failed_job_is_retried_ever_later_and_then_dead_with_its_error(sqlite_bench: Bench) -> None:
    job_id = sqlite_bench.add(options=JobOptions(max_attempts=4))
    waits = []

    for _ in range(3):
        job = sqlite_bench.fail(sqlite_bench.claim()[0], ValueError("no luck"))
        waits.append((job.run_at - sqlite_bench.clock.now()).total_seconds())
        assert sqlite_bench.pending_count() == 1
        assert sqlite_bench.claim() == []
        sqlite_bench.clock.at = job.run_at
    sqlite_bench.fail(sqlite_bench.claim()[0], ValueError("no luck at all"))

    assert waits == [0.5, 1.0, 2.0]  # half (the fixed jitter) of 1, 2 and 4 seconds
    dead = sqlite_bench.job(job_id)
    assert dead.state is JobState.DEAD
    assert dead.error is not None
    assert (dead.error.type, dead.error.message) == ("ValueError", "no luck at all")
    assert sqlite_bench.pending_count() == 0


@pytest.mark.parametrize(
    "error",
    [InvalidError("never"), NotFoundError("gone"), DamagedError("broken"), DeniedError("no"), DeadlinePassedError("")],
)
def test_what_repeating_cannot_mend_is_dead_at_once(sqlite_bench: Bench, error: Exception) -> None:
    sqlite_bench.add()

    job = sqlite_bench.fail(sqlite_bench.claim()[0], error)

    assert job.state is JobState.DEAD


def test_what_is_unavailable_is_waited_for_as_long_as_it_asks_and_never_counted(sqlite_bench: Bench) -> None:
    job_id = sqlite_bench.add(options=JobOptions(max_attempts=1))

    for _ in range(5):
        job = sqlite_bench.fail(sqlite_bench.claim()[0], UnavailableError("away", retry_after_s=60.0))
        assert job.run_at - sqlite_bench.clock.now() >= timedelta(seconds=60)
        sqlite_bench.clock.at = job.run_at

    assert sqlite_bench.job(job_id).state is JobState.PENDING
    assert sqlite_bench.job(job_id).failures == 0
    assert sqlite_bench.job(job_id).attempt == 5


def test_a_paused_job_goes_on_at_once_and_nothing_is_counted(sqlite_bench: Bench) -> None:
    sqlite_bench.add(options=JobOptions(max_attempts=1))

    job = sqlite_bench.fail(sqlite_bench.claim("w1")[0], JobPausedError("the worker stops"))

    assert (job.failures, job.losses) == (0, 0)
    assert len(sqlite_bench.claim("w2")) == 1


def test_a_lost_worker_costs_a_job_nothing_at_first(sqlite_bench: Bench) -> None:
    sqlite_bench.add(options=JobOptions(max_attempts=1))
    sqlite_bench.claim("w1")
    sqlite_bench.later(LEASE_S + 1)

    (taken_back,) = sqlite_bench.release_expired()

    assert (taken_back.state, taken_back.failures, taken_back.losses) == (JobState.PENDING, 0, 1)
    assert len(sqlite_bench.claim("w2")) == 1


def test_a_job_that_outlives_too_many_workers_is_dead(sqlite_bench: Bench) -> None:
    job_id = sqlite_bench.add()

    for _ in range(MOST_LOSSES):
        sqlite_bench.later(1_000)
        sqlite_bench.claim()
        sqlite_bench.release_worker("w1")

    assert sqlite_bench.job(job_id).state is JobState.DEAD


def test_a_successor_frees_what_its_namesake_had_leased_and_nothing_else(bench: Bench) -> None:
    bench.add()
    bench.add()
    (mine,), (other,) = bench.claim("w1"), bench.claim("w2")

    released = bench.release_worker("w1")

    assert [job.id for job in released] == [mine.id]
    assert bench.job(other.id).state is JobState.RUNNING


def test_a_unique_key_admits_one_active_job(bench: Bench) -> None:
    options = JobOptions(unique_key="evaluate:eta")

    first = bench.add(options=options)
    while_pending = bench.add(options=options)
    job = bench.claim()[0]
    while_running = bench.add(options=options)
    bench.finish(job)
    afterwards = bench.add(options=options)

    assert first == while_pending == while_running
    assert afterwards != first


def test_a_once_key_admits_one_job_for_ever(sqlite_bench: Bench) -> None:
    options = JobOptions(once_key="evt_1:registry.register")

    first = sqlite_bench.add(options=options)
    sqlite_bench.finish(sqlite_bench.claim()[0])
    again = sqlite_bench.add(options=options)

    assert again == first
    assert sqlite_bench.claim() == []


def test_a_job_is_not_begun_after_its_deadline(sqlite_bench: Bench) -> None:
    job_id = sqlite_bench.add(options=JobOptions(deadline_at=START + timedelta(seconds=5)))
    sqlite_bench.later(5)

    assert sqlite_bench.claim() == []

    dead = sqlite_bench.job(job_id)
    assert dead.state is JobState.DEAD
    assert dead.error is not None
    assert dead.error.code == "jobs.deadline_passed"


def test_a_retry_that_would_come_after_the_deadline_is_not_waited_for(sqlite_bench: Bench) -> None:
    sqlite_bench.add(options=JobOptions(deadline_at=START + timedelta(seconds=5)))

    job = sqlite_bench.fail(sqlite_bench.claim()[0], UnavailableError("away", retry_after_s=10))

    assert job.state is JobState.DEAD
    assert job.error is not None
    assert job.error.message == "away"


def test_a_running_job_learns_of_its_deadline(sqlite_bench: Bench) -> None:
    sqlite_bench.add(options=JobOptions(deadline_at=START + timedelta(seconds=5)))
    context = JobContext(sqlite_bench.claim()[0], sqlite_bench.queue)

    context.heartbeat()
    sqlite_bench.later(5)

    with pytest.raises(DeadlinePassedError):
        context.heartbeat()


def test_a_pending_job_is_cancelled_at_once(sqlite_bench: Bench) -> None:
    job_id = sqlite_bench.add()

    sqlite_bench.cancel(job_id)

    assert sqlite_bench.job(job_id).state is JobState.CANCELLED
    assert sqlite_bench.claim() == []


def test_a_running_job_that_was_cancelled_ends_when_it_can(sqlite_bench: Bench) -> None:
    job_id = sqlite_bench.add()
    job = sqlite_bench.claim()[0]

    assert sqlite_bench.cancel(job_id).state is JobState.RUNNING
    sqlite_bench.fail(job, JobCancelledError("as asked"))

    assert sqlite_bench.job(job_id).state is JobState.CANCELLED


def test_a_cancelled_job_is_not_retried_whatever_ends_it(sqlite_bench: Bench) -> None:
    failed_id, lost_id = sqlite_bench.add(), sqlite_bench.add()
    failed = next(job for job in sqlite_bench.claim("w1", limit=2) if job.id == failed_id)
    sqlite_bench.cancel(failed_id)
    sqlite_bench.cancel(lost_id)

    sqlite_bench.fail(failed, ValueError("stumbled on the way out"))
    sqlite_bench.release_worker("w1")

    assert [sqlite_bench.job(job_id).state for job_id in (failed_id, lost_id)] == [JobState.CANCELLED] * 2


def test_a_job_that_was_cancelled_too_late_is_done(sqlite_bench: Bench) -> None:
    job_id = sqlite_bench.add()
    job = sqlite_bench.claim()[0]
    sqlite_bench.cancel(job_id)

    sqlite_bench.finish(job)

    assert sqlite_bench.job(job_id).state is JobState.DONE


def test_a_dead_job_can_be_driven_again(sqlite_bench: Bench) -> None:
    job_id = sqlite_bench.add(options=JobOptions(max_attempts=1, deadline_at=START + timedelta(seconds=5)))
    sqlite_bench.fail(sqlite_bench.claim()[0], ValueError("first life"))
    sqlite_bench.later(100)

    sqlite_bench.redrive(job_id)
    sqlite_bench.finish(sqlite_bench.claim()[0])

    assert sqlite_bench.job(job_id).state is JobState.DONE


def test_a_dead_job_whose_key_is_taken_stays_dead(bench: Bench) -> None:
    options = JobOptions(unique_key="k", max_attempts=1)
    dead = bench.add(options=options)
    bench.fail(bench.claim()[0], ValueError("dead"))
    holder = bench.add(options=options)

    with pytest.raises(JobStateError, match=holder):
        bench.redrive(dead)

    assert bench.job(dead).state is JobState.DEAD


def test_what_is_over_cannot_be_cancelled_and_what_lives_not_driven_again(sqlite_bench: Bench) -> None:
    job_id = sqlite_bench.add()
    with pytest.raises(JobStateError, match="pending"):
        sqlite_bench.redrive(job_id)
    sqlite_bench.finish(sqlite_bench.claim()[0])

    with pytest.raises(JobStateError, match="done"):
        sqlite_bench.cancel(job_id)


def test_an_unknown_job_is_said_to_be(sqlite_bench: Bench) -> None:
    for act in (sqlite_bench.job, sqlite_bench.cancel, sqlite_bench.redrive):
        with pytest.raises(JobNotFoundError, match="job_nobody"):
            act("job_nobody")


def test_the_cause_is_passed_along(bench: Bench) -> None:
    with bench.db.write() as tx:
        caused = bench.queue.enqueue(tx, "t.work", {}, cause=Cause(id="evt_7", correlation_id="evt_1"))
        uncaused = bench.queue.enqueue(tx, "t.work", {})

    by_id = {job.id: JobContext(job, bench.queue).cause for job in bench.claim(limit=2)}

    assert by_id[caused] == Cause(id="evt_7", correlation_id="evt_1")
    assert by_id[uncaused] == Cause(id=uncaused, correlation_id=uncaused)


def test_jobs_are_listed_newest_first_page_by_page(bench: Bench) -> None:
    added = []
    for number in range(5):
        bench.later(number % 2)  # some share an instant
        added.append(bench.add("t.work" if number < 4 else "t.other"))
    bench.fail(next(iter(bench.claim())), InvalidError("dead"))

    with bench.db.read() as tx:
        first = bench.queue.jobs(tx, limit=3)
        rest = bench.queue.jobs(tx, limit=3, after=first.next)
        dead = bench.queue.jobs(tx, state=JobState.DEAD)
        other = bench.queue.jobs(tx, kind="t.other")

    seen = [*first.items, *rest.items]
    assert {job.id for job in seen} == set(added)
    assert len(seen) == 5
    assert [job.created_at for job in seen] == sorted((job.created_at for job in seen), reverse=True)
    assert rest.next is None
    assert len(dead.items) == 1
    assert [job.id for job in other.items] == [added[4]]


@pytest.mark.parametrize(
    "options", [JobOptions(unique_key="a", once_key="b"), JobOptions(max_attempts=0)], ids=["both keys", "no attempt"]
)
def test_options_that_contradict_themselves_are_refused(sqlite_bench: Bench, options: JobOptions) -> None:
    with pytest.raises(InvalidError):
        sqlite_bench.add(options=options)


def test_a_message_that_no_database_keeps_is_kept_without_the_odd_parts(bench: Bench) -> None:
    bench.add(options=JobOptions(max_attempts=1))

    job = bench.fail(bench.claim()[0], ValueError("nul \x00 and half a pair \ud800"))

    stored = bench.job(job.id).error
    assert stored is not None
    assert stored.message == "nul  and half a pair ?"


def test_looking_for_work_reads_only_indexes(sqlite_bench: Bench) -> None:
    looks: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_rest: object) -> None:
        looks.append(statement)

    sa.event.listen(sqlite_bench.db.engine, "before_cursor_execute", note)

    with sqlite_bench.db.read() as tx:
        waiting = store.waiting(tx, kinds=["t.work"], schedules=["nightly"], now=START)
        values = ("t.work",) * looks[-1].count("?")
        plan = [row[3] for row in tx.connection.exec_driver_sql(f"explain query plan {looks[-1]}", values)]

    assert (waiting.jobs, waiting.expired_leases, waiting.schedules) == (False, False, False)
    assert any("ix_jobs_due" in step for step in plan)
    assert any("ix_jobs_lease" in step for step in plan)
    assert not any(step.startswith("SCAN jobs") for step in plan)
