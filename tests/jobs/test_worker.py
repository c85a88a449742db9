"""The loop: what runs, in which order, and how it stops. Threads wait for events, never for time."""

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from threading import Event, Thread

import pytest
import sqlalchemy as sa
from tests.jobs.bench import START, Bench

from everlearn.core.clock import SystemClock
from everlearn.core.errors import UnavailableError
from everlearn.db import Database
from everlearn.jobs import (
    JobCancelledError,
    JobContext,
    JobOptions,
    JobPausedError,
    JobQueue,
    JobState,
    Schedule,
    Worker,
)

PATIENCE_S = 30.0  # only a failing test waits so long


@dataclass
class Journal:
    """A handler that writes down what it saw."""

    seen: list[str] = field(default_factory=list)

    def __call__(self, context: JobContext) -> None:
        self.seen.append(str(context.job.arguments.get("name", context.job.arguments.get("due_at"))))


@pytest.fixture
def live(db: Database) -> Bench:
    """A queue on the machine's own clock, for workers that run in threads."""
    return Bench(db, JobQueue(SystemClock(), jitter=lambda: 0.0), clock=None)  # type: ignore[arg-type]  # never asked


@contextmanager
def running(worker: Worker) -> Iterator[Event]:
    stop = Event()
    thread = Thread(target=worker.run, args=(stop,))
    thread.start()
    try:
        yield stop
    finally:
        stop.set()
        thread.join(PATIENCE_S)
        assert not thread.is_alive()


def actions(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [record.action for record in caplog.records if hasattr(record, "action")]


def test_everything_that_is_due_is_worked_off_with_what_comes_of_it(bench: Bench) -> None:
    journal = Journal()

    def parent(context: JobContext) -> None:
        with bench.db.write() as tx:
            bench.queue.enqueue(tx, "t.work", {"name": "child"}, cause=context.cause)
            context.finish(tx)

    bench.add("t.parent")
    bench.add(name="other")
    bench.add(options=JobOptions(run_at=START + timedelta(days=1)), name="tomorrow")

    done = Worker(bench.db, bench.queue, {"t.work": journal, "t.parent": parent}, name="w").work_off()

    assert done == 3
    assert sorted(journal.seen) == ["child", "other"]


def test_an_idle_look_writes_nothing(sqlite_bench: Bench) -> None:
    worker = Worker(sqlite_bench.db, sqlite_bench.queue, {"t.work": Journal()}, name="w")
    worker.work_off()
    statements: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_rest: object) -> None:
        statements.append(statement)

    sa.event.listen(sqlite_bench.db.engine, "before_cursor_execute", note)

    worker._turn(None)

    assert len(statements) == 2
    assert statements[0] == "begin deferred"
    assert statements[1].startswith("SELECT")


def test_a_worker_leaves_kinds_it_does_not_know_to_others(sqlite_bench: Bench) -> None:
    job_id = sqlite_bench.add("t.future")

    Worker(sqlite_bench.db, sqlite_bench.queue, {"t.work": Journal()}, name="w").work_off()

    assert sqlite_bench.job(job_id).state is JobState.PENDING


def test_a_failing_handler_costs_only_its_own_job(sqlite_bench: Bench, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, logger="everlearn.jobs")
    journal = Journal()

    def fail(_context: JobContext) -> None:
        raise RuntimeError("secret details")

    bad = sqlite_bench.add("t.bad", options=JobOptions(max_attempts=1, priority=1))
    sqlite_bench.add(name="good")

    Worker(sqlite_bench.db, sqlite_bench.queue, {"t.work": journal, "t.bad": fail}, name="w").work_off()

    assert journal.seen == ["good"]
    dead = sqlite_bench.job(bad)
    assert dead.state is JobState.DEAD
    assert dead.error is not None
    assert (dead.error.type, dead.error.message) == ("RuntimeError", "secret details")
    assert dead.error.traceback.endswith(" in fail")
    assert actions(caplog) == ["jobs.dead", "jobs.done"]
    assert "secret details" not in caplog.text


def test_a_handler_that_fails_after_its_effect_was_committed_is_done(sqlite_bench: Bench) -> None:
    def finish_then_fail(context: JobContext) -> None:
        with sqlite_bench.db.write() as tx:
            context.finish(tx)
        raise RuntimeError

    job_id = sqlite_bench.add()

    Worker(sqlite_bench.db, sqlite_bench.queue, {"t.work": finish_then_fail}, name="w").work_off()

    assert sqlite_bench.job(job_id).state is JobState.DONE


def test_a_handler_whose_transaction_rolls_back_is_not_done(sqlite_bench: Bench) -> None:
    def roll_back(context: JobContext) -> None:
        with sqlite_bench.db.write() as tx:
            context.finish(tx)
            raise RuntimeError

    job_id = sqlite_bench.add()

    Worker(sqlite_bench.db, sqlite_bench.queue, {"t.work": roll_back}, name="w").work_off()

    assert sqlite_bench.job(job_id).state is JobState.PENDING
    assert sqlite_bench.job(job_id).failures == 1


def test_schedules_fire_and_run(sqlite_bench: Bench) -> None:
    journal = Journal()
    each = Schedule(name="hourly", kind="t.work", cron="0 * * * *")
    worker = Worker(sqlite_bench.db, sqlite_bench.queue, {"t.work": journal}, name="w", schedules=[each])

    worker.work_off()
    sqlite_bench.later(3_600)
    worker.work_off()
    worker.work_off()

    assert journal.seen == ["2024-03-01T13:00:00.000000Z"]


def test_pumps_go_before_jobs_and_again_after_work(sqlite_bench: Bench) -> None:
    order: list[str] = []

    def pump() -> int:
        order.append("pump")
        return 0

    sqlite_bench.add()
    worker = Worker(
        sqlite_bench.db, sqlite_bench.queue, {"t.work": lambda _context: order.append("job")}, name="w", pumps=[pump]
    )

    worker.work_off()

    assert order == ["pump", "job", "pump"]


def test_a_broken_pump_stops_neither_jobs_nor_other_pumps(live: Bench, caplog: pytest.LogCaptureFixture) -> None:
    healthy, worked = Event(), Event()

    def broken() -> int:
        raise RuntimeError("this event cannot be read")

    def pump() -> int:
        healthy.set()
        return 0

    live.add()
    with running(
        Worker(live.db, live.queue, {"t.work": lambda _context: worked.set()}, name="w", pumps=[broken, pump])
    ):
        assert worked.wait(PATIENCE_S)
        assert healthy.wait(PATIENCE_S)

    assert "jobs.pump_failed" in actions(caplog)


def test_a_database_that_is_away_is_waited_for(live: Bench, caplog: pytest.LogCaptureFixture) -> None:
    worked = Event()
    away = iter([True])

    def pump() -> int:
        if next(away, False):
            raise UnavailableError("restarting", retry_after_s=0.01)
        return 0

    live.add()
    with running(Worker(live.db, live.queue, {"t.work": lambda _context: worked.set()}, name="w", pumps=[pump])):
        assert worked.wait(PATIENCE_S)

    assert "jobs.waiting" in actions(caplog)


def test_no_more_jobs_run_at_the_same_time_than_agreed(live: Bench) -> None:
    here, go = [Event(), Event(), Event()], Event()

    def wait(context: JobContext) -> None:
        here[int(str(context.job.arguments["name"]))].set()
        assert go.wait(PATIENCE_S)

    for number in range(3):
        live.add(options=JobOptions(priority=-number), name=str(number))
    with running(Worker(live.db, live.queue, {"t.work": wait}, name="w", concurrency=2)):
        assert here[0].wait(PATIENCE_S)
        assert here[1].wait(PATIENCE_S)
        with live.db.read() as tx:
            at_work = live.queue.jobs(tx, state=JobState.RUNNING).items
        go.set()
        assert here[2].wait(PATIENCE_S)

    assert len(at_work) == 2
    assert live.pending_count() == 0


def test_a_stopping_worker_lets_running_jobs_end_and_takes_no_more(live: Bench) -> None:
    begun, seen = Event(), []

    def until_stopped(context: JobContext) -> None:
        begun.set()
        assert context.draining.wait(PATIENCE_S)
        seen.append(context.stopping)

    first, second = live.add(options=JobOptions(priority=1)), live.add()
    with running(Worker(live.db, live.queue, {"t.work": until_stopped}, name="w")):
        assert begun.wait(PATIENCE_S)

    assert seen == [True]
    assert live.job(first).state is JobState.DONE
    assert live.job(second).state is JobState.PENDING


def test_a_job_that_pauses_when_asked_goes_on_elsewhere(live: Bench) -> None:
    begun, gone_on = Event(), Event()

    def pause(context: JobContext) -> None:
        begun.set()
        assert context.draining.wait(PATIENCE_S)
        raise JobPausedError("will go on")

    job_id = live.add(options=JobOptions(max_attempts=1))
    with running(Worker(live.db, live.queue, {"t.work": pause}, name="w1")):
        assert begun.wait(PATIENCE_S)
    with running(Worker(live.db, live.queue, {"t.work": lambda _context: gone_on.set()}, name="w2")):
        assert gone_on.wait(PATIENCE_S)

    assert live.job(job_id).state is JobState.DONE
    assert live.job(job_id).attempt == 2


def test_a_job_that_does_not_end_in_time_is_given_back_and_can_do_no_harm(live: Bench) -> None:
    begun, released, refused = Event(), Event(), Event()

    def stubborn(context: JobContext) -> None:
        begun.set()
        assert released.wait(PATIENCE_S)
        try:
            with live.db.write() as tx:
                context.finish(tx)
        finally:
            refused.set()

    job_id = live.add()
    with running(Worker(live.db, live.queue, {"t.work": stubborn}, name="w", drain_s=0.0)):
        assert begun.wait(PATIENCE_S)
    given_back = live.job(job_id)
    released.set()
    assert refused.wait(PATIENCE_S)

    assert (given_back.state, given_back.failures, given_back.losses) == (JobState.PENDING, 0, 0)
    assert live.job(job_id).state is JobState.PENDING


def heard(context: JobContext, what: Callable[[], bool]) -> bool:
    """Wait for the worker's own thread to bring news."""
    until = datetime.now(UTC) + timedelta(seconds=PATIENCE_S)
    while not what() and datetime.now(UTC) < until:
        context.draining.wait(0.005)
    return what()


def test_a_running_job_hears_that_it_was_cancelled(live: Bench) -> None:
    def until_cancelled(context: JobContext) -> None:
        live.cancel(context.job.id)
        assert heard(context, lambda: context.stopping)
        with pytest.raises(JobCancelledError):
            context.heartbeat()
        over.set()
        context.heartbeat()

    over = Event()
    job_id = live.add()
    with running(Worker(live.db, live.queue, {"t.work": until_cancelled}, name="w", lease_s=0.5)):
        assert over.wait(PATIENCE_S)

    assert live.job(job_id).state is JobState.CANCELLED


def test_a_long_job_keeps_its_lease(live: Bench) -> None:
    renewed = Event()

    def long(context: JobContext) -> None:
        if heard(context, lambda: live.job(context.job.id).lease_until != context.job.lease_until):
            renewed.set()

    job_id = live.add()
    with running(Worker(live.db, live.queue, {"t.work": long}, name="w", lease_s=3.0)):
        assert renewed.wait(PATIENCE_S)

    assert live.job(job_id).state is JobState.DONE
    assert live.job(job_id).attempt == 1


def test_a_job_whose_lease_was_taken_hears_of_it(live: Bench) -> None:
    told = Event()

    def lose(context: JobContext) -> None:
        with live.db.write() as tx:
            live.queue.release_worker(tx, "w")
            live.queue.claim(tx, worker="another", kinds=["t.work"], lease_s=1_000)
        if heard(context, lambda: context.is_lost):
            told.set()

    job_id = live.add()
    with running(Worker(live.db, live.queue, {"t.work": lose}, name="w", lease_s=0.5)):
        assert told.wait(PATIENCE_S)

    job = live.job(job_id)
    assert (job.state, job.worker, job.attempt) == (JobState.RUNNING, "another", 2)
