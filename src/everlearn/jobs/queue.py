"""The queue as others use it: put work in, and, for workers, take it out under a lease.

Every call works in the caller's transaction. Time is the injected clock's; the machines of one platform must agree on
it to within a small part of the lease, as machines that synchronise their clocks do.
"""

import random
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from everlearn.core.clock import Clock, iso, parse_instant
from everlearn.core.errors import InvalidError, UnavailableError
from everlearn.core.ids import derived_id, new_id
from everlearn.core.json import JSONObject
from everlearn.core.names import checked_name
from everlearn.core.page import Page, checked_limit, page_of
from everlearn.db import Tx
from everlearn.eventlog import Cause
from everlearn.jobs import store
from everlearn.jobs.errors import JobNotFoundError, JobStateError, LeaseLostError
from everlearn.jobs.failure import failure_of
from everlearn.jobs.model import Job, JobOptions, JobState

_DEFAULT = JobOptions()
_ROUNDS = 10  # of asking again who holds a unique key that changes hands meanwhile


@dataclass(frozen=True, slots=True)
class JobQueue:
    """Work that is remembered until it is done."""

    clock: Clock
    jitter: Callable[[], float] = random.random  # spreads retries; uniform in [0, 1)

    def enqueue(
        self,
        tx: Tx,
        kind: str,
        arguments: JSONObject,
        *,
        options: JobOptions = _DEFAULT,
        cause: Cause | None = None,
    ) -> str:
        """Remember some work; it exists exactly if the transaction commits. Give the job's id.

        With `unique_key` the id may be that of the active job that holds the key, whose arguments stay as they are.
        That job may be running and have read its data already: what must not be overlooked gets a `once_key` instead.

        Raises
        ------
        InvalidError
            When the kind is no name, both keys are given, or `max_attempts` is below 1.
        """
        job = self._new(kind, arguments, options, cause)
        for _ in range(_ROUNDS):
            if store.insert(tx, job) or options.unique_key is None:
                return job.id
            holder = store.active_id(tx, options.unique_key)
            if holder is not None:
                return holder
        raise UnavailableError(f"the unique key {options.unique_key!r} changes hands too fast; try again")

    def claim(self, tx: Tx, *, worker: str, kinds: Collection[str], lease_s: float, limit: int = 1) -> list[Job]:
        """Take up to `limit` due jobs, most urgent first; nobody else gets them for `lease_s` seconds."""
        now = self.clock.now()
        found = store.due(tx, kinds=kinds, now=now, limit=limit)
        late = [job for job in found if job.deadline_at is not None and job.deadline_at <= now]
        for job in late:
            store.save(tx, job.missed_deadline(now))
        ids = [job.id for job in found if job not in late]
        if not ids:
            return []
        until = now + timedelta(seconds=lease_s)
        claimed = store.lease(tx, ids, worker=worker, token=new_id("lease"), now=now, until=until)
        return sorted(claimed, key=lambda job: ids.index(job.id))

    def renew(self, tx: Tx, leased: Sequence[Job], *, lease_s: float) -> list[store.Pulse]:
        """Prolong the leases that are still held and tell them; whoever is missing in the answer has lost its own."""
        return store.renew(tx, leased, until=self.clock.now() + timedelta(seconds=lease_s))

    def finish(self, tx: Tx, job: Job) -> None:
        """Complete a claimed job within the transaction of its effect.

        Raises
        ------
        LeaseLostError
            When the lease is no longer this one's: the transaction must not commit.
        """
        if not store.finish(tx, job, self.clock.now()):
            raise lease_lost(job)

    def fail(self, tx: Tx, job: Job, error: Exception) -> Job:
        """Record that an attempt did not succeed and decide how the job goes on; raises LeaseLostError."""
        held = store.locked(tx, job.id)
        if held is None or held.lease_token != job.lease_token:
            raise lease_lost(job)
        after = held.failed(failure_of(error), now=self.clock.now(), jitter=self.jitter())
        store.save(tx, after)
        return after

    def release_expired(self, tx: Tx) -> list[Job]:
        """Take jobs back from workers that have not been heard of for the length of their lease."""
        return self._lose(tx, store.expired(tx, now=self.clock.now()))

    def release_worker(self, tx: Tx, worker: str) -> list[Job]:
        """Take jobs back from a worker that is known to be gone: its successor under the same name says so."""
        return self._lose(tx, store.leased_by(tx, worker))

    def cancel(self, tx: Tx, job_id: str) -> Job:
        """End a pending job, or ask a running one to end.

        Raises
        ------
        JobNotFoundError
            When there is no such job.
        JobStateError
            When it is over already.
        """
        job = self._locked(tx, job_id).cancelled(self.clock.now())
        store.save(tx, job)
        return job

    def redrive(self, tx: Tx, job_id: str) -> Job:
        """Give a dead job a fresh set of attempts, beginning now.

        Raises
        ------
        JobNotFoundError
            When there is no such job.
        JobStateError
            When it is not dead, or its unique key is held by another job meanwhile.
        """
        job = self._locked(tx, job_id).redriven(self.clock.now())
        holder = None if job.unique_key is None else store.active_id(tx, job.unique_key)
        if holder is not None:
            raise JobStateError(f"job {job_id} is not needed: {holder} holds its unique key {job.unique_key!r} now")
        store.save(tx, job)
        return job

    def job(self, tx: Tx, job_id: str) -> Job:
        """Give a job; raises JobNotFoundError."""
        job = store.get(tx, job_id)
        if job is None:
            raise _not_found(job_id)
        return job

    def jobs(
        self,
        tx: Tx,
        *,
        state: JobState | None = None,
        kind: str | None = None,
        after: str | None = None,
        limit: int = 100,
    ) -> Page[Job]:
        """List jobs, newest first."""
        before = None if after is None else _position(after)
        found = store.list_jobs(tx, state=state, kind=kind, before=before, limit=checked_limit(limit) + 1)
        return page_of(found, limit=limit, key=lambda job: f"{iso(job.created_at)},{job.id}")

    def pending_count(self, tx: Tx) -> int:
        """Count what still moves: running, due, or waiting to be retried. Work planned for later does not count."""
        return store.unsettled(tx, now=self.clock.now())

    def _new(self, kind: str, arguments: JSONObject, options: JobOptions, cause: Cause | None) -> Job:
        if options.unique_key is not None and options.once_key is not None:
            raise InvalidError("a job has a unique_key or a once_key, not both")
        if options.max_attempts < 1:
            raise InvalidError(f"max_attempts must be at least 1, not {options.max_attempts}")
        now = self.clock.now()
        job_id = new_id("job") if options.once_key is None else derived_id("job", options.once_key)
        return Job(
            id=job_id,
            kind=checked_name(kind, kind="job kind"),
            arguments=arguments,
            priority=options.priority,
            unique_key=options.unique_key,
            run_at=options.run_at or now,
            deadline_at=options.deadline_at,
            max_attempts=options.max_attempts,
            cause_id=None if cause is None else cause.id,
            correlation_id=job_id if cause is None else cause.correlation_id,
            created_at=now,
        )

    def _lose(self, tx: Tx, lost: Sequence[Job]) -> list[Job]:
        after = [job.lost(now=self.clock.now(), jitter=self.jitter()) for job in lost]
        for job in after:
            store.save(tx, job)
        return after

    def _locked(self, tx: Tx, job_id: str) -> Job:
        job = store.locked(tx, job_id)
        if job is None:
            raise _not_found(job_id)
        return job


def lease_lost(job: Job) -> LeaseLostError:
    """Say that a job has gone on without this worker."""
    return LeaseLostError(
        f"job {job.id} is no longer leased to {job.worker} for attempt {job.attempt}; nothing of it may be kept",
        job=job.id,
        attempt=job.attempt,
    )


def _not_found(job_id: str) -> JobNotFoundError:
    return JobNotFoundError(f"there is no job {job_id!r}; `everlearn jobs list` shows those there are", job=job_id)


def _position(after: str) -> tuple[datetime, str]:
    at, _, job_id = after.partition(",")
    try:
        return parse_instant(at), job_id
    except InvalidError as error:
        raise InvalidError("not a key to continue after; take `next` from the page before") from error
