"""The queue under any sequence of calls, against a model that is a dictionary."""

import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from tests.jobs.bench import LEASE_S, Bench, bench_on

import everlearn.jobs.tables  # noqa: F401  # declares the tables
from everlearn.core.errors import InvalidError, UnavailableError
from everlearn.db import metadata, open_database
from everlearn.jobs import Job, JobOptions, JobPausedError, JobState, JobStateError, LeaseLostError

ERRORS = st.sampled_from(
    [ValueError("again"), InvalidError("never"), UnavailableError("away"), JobPausedError("later")]
)


@dataclass
class Known:
    """What the model knows of a job."""

    state: JobState
    key: str | None
    claims: int = 0


class QueueMachine(RuleBasedStateMachine):
    """Enqueue, claim, finish, fail, lose, cancel and redrive in any order."""

    bench: Bench
    folder: Path

    @initialize()
    def open(self) -> None:
        self.folder = Path(tempfile.mkdtemp())
        database = open_database(f"sqlite:///{self.folder / 'queue.db'}")
        with database.write() as tx:
            metadata.create_all(tx.connection)
        self.bench = bench_on(database)
        self.known: dict[str, Known] = {}
        self.leases: dict[str, Job] = {}  # what each worker believes to hold, rightly or not, by job id
        self.stale: list[Job] = []

    def teardown(self) -> None:
        if hasattr(self, "bench"):
            self.bench.db.close()
            shutil.rmtree(self.folder)

    def release(self, job: Job) -> None:
        self.stale.append(self.leases.pop(job.id))
        self.known[job.id].state = job.state

    @rule(key=st.sampled_from([None, "a", "b"]), priority=st.integers(-1, 1), attempts=st.integers(1, 2))
    def enqueue(self, key: str | None, priority: int, attempts: int) -> None:
        options = JobOptions(unique_key=key, priority=priority, max_attempts=attempts)
        holders = [
            job_id
            for job_id, known in self.known.items()
            if key is not None and known.key == key and known.state in {JobState.PENDING, JobState.RUNNING}
        ]

        job_id = self.bench.add(options=options)

        assert not holders or [job_id] == holders
        self.known.setdefault(job_id, Known(JobState.PENDING, key))

    @rule(limit=st.integers(1, 3))
    def claim(self, limit: int) -> None:
        now = self.bench.clock.now()
        due = [
            job
            for job_id, known in self.known.items()
            if known.state is JobState.PENDING and (job := self.bench.job(job_id)).run_at <= now
        ]
        expected = sorted(due, key=lambda job: (-job.priority, job.run_at, job.id))[:limit]

        claimed = self.bench.claim(limit=limit)

        assert [job.id for job in claimed] == [job.id for job in expected]
        for job in claimed:
            known = self.known[job.id]
            known.state, known.claims = JobState.RUNNING, known.claims + 1
            assert job.attempt == known.claims
            self.leases[job.id] = job

    @precondition(lambda self: self.leases)
    @rule(data=st.data())
    def finish(self, data: st.DataObject) -> None:
        job = self.leases[data.draw(st.sampled_from(sorted(self.leases)))]

        self.bench.finish(job)

        self.release(self.bench.job(job.id))
        assert self.known[job.id].state is JobState.DONE

    @precondition(lambda self: self.leases)
    @rule(data=st.data(), error=ERRORS)
    def fail(self, data: st.DataObject, error: Exception) -> None:
        job = self.leases[data.draw(st.sampled_from(sorted(self.leases)))]

        after = self.bench.fail(job, error)

        assert after.state in {JobState.PENDING, JobState.DEAD, JobState.CANCELLED}
        assert after.failures <= after.max_attempts
        self.release(after)

    @precondition(lambda self: self.stale)
    @rule(data=st.data())
    def act_with_an_old_lease(self, data: st.DataObject) -> None:
        job = data.draw(st.sampled_from(self.stale))

        with pytest.raises(LeaseLostError):
            self.bench.finish(job)
        with pytest.raises(LeaseLostError):
            self.bench.fail(job, ValueError("too late"))

    @rule()
    def lose_all_workers(self) -> None:
        self.bench.later(LEASE_S + 1)

        for job in self.bench.release_expired():
            assert job.state in {JobState.PENDING, JobState.CANCELLED}
            self.release(job)

        assert self.leases == {}

    @rule(seconds=st.sampled_from([1.0, 400.0]))
    def wait(self, seconds: float) -> None:
        self.bench.later(seconds)

    @precondition(lambda self: self.known)
    @rule(data=st.data())
    def cancel(self, data: st.DataObject) -> None:
        job_id = data.draw(st.sampled_from(sorted(self.known)))
        known = self.known[job_id]

        if known.state in {JobState.PENDING, JobState.RUNNING}:
            known.state = self.bench.cancel(job_id).state
        else:
            with pytest.raises(JobStateError):
                self.bench.cancel(job_id)

    @precondition(lambda self: self.known)
    @rule(data=st.data())
    def redrive(self, data: st.DataObject) -> None:
        job_id = data.draw(st.sampled_from(sorted(self.known)))
        known = self.known[job_id]
        active = {each.key for each in self.known.values() if each.state in {JobState.PENDING, JobState.RUNNING}}

        if known.state is JobState.DEAD and (known.key is None or known.key not in active):
            known.state = self.bench.redrive(job_id).state
        else:
            with pytest.raises(JobStateError):
                self.bench.redrive(job_id)

    @invariant()
    def the_queue_and_the_model_agree(self) -> None:
        if not hasattr(self, "bench"):
            return
        for job_id, known in self.known.items():
            job = self.bench.job(job_id)
            assert (job.state, job.attempt) == (known.state, known.claims)
            assert (job.lease_token is not None) == (job_id in self.leases)
        assert self.bench.pending_count() >= len(self.leases)


TestQueueStates = QueueMachine.TestCase
TestQueueStates.settings = settings(
    max_examples=25, stateful_step_count=25, deadline=None, suppress_health_check=list(HealthCheck)
)
