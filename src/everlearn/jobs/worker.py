"""The loop that gets work done.

The main thread pumps (event subscriptions, mostly), fires schedules, takes jobs back from lost workers and claims;
each handler runs in a thread of its own; one more thread renews the leases. Killed at any instant, a worker leaves
nothing but leases that end.
"""

import logging
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import KW_ONLY, dataclass
from functools import partial
from threading import Event, Thread

from everlearn.core.errors import UnavailableError
from everlearn.db import Database
from everlearn.jobs import schedule, store
from everlearn.jobs.attempt import caught, perform
from everlearn.jobs.context import JobContext
from everlearn.jobs.errors import JobPausedError, LeaseLostError
from everlearn.jobs.hands import Hands
from everlearn.jobs.model import Job, JobState
from everlearn.jobs.pumping import Pumping
from everlearn.jobs.queue import JobQueue
from everlearn.jobs.schedule import Schedule

logger = logging.getLogger(__name__)

Handler = Callable[[JobContext], None]
Handlers = Mapping[str, Handler]

SQLITE_POLL_S = 0.02
POSTGRESQL_POLL_S = 0.2


@dataclass(frozen=True, slots=True)
class Worker:
    """Runs the jobs of the kinds that it has handlers for; others it leaves to other workers."""

    db: Database
    queue: JobQueue
    handlers: Handlers
    _: KW_ONLY
    name: str  # a restart under the same name frees at once what a killed predecessor had leased
    concurrency: int = 1
    lease_s: float = 30.0
    pumps: Sequence[Callable[[], int]] = ()  # called in turn before claiming; each gives the number of things it did
    schedules: Sequence[Schedule] = ()
    poll_s: float | None = None  # between two looks when there is nothing to do; None: what suits the engine
    drain_s: float = 30.0  # how long running handlers may take when the worker stops

    def run(self, stop: Event) -> None:
        """Work until `stop` is set, then let running handlers end and give back what does not end in time.

        A database that does not answer is waited for. Any other failure of the loop itself is raised.
        """
        hands, pumping = Hands(), Pumping(self.pumps)
        self._when_available(self._open, stop)
        logger.info("worker started", extra={"action": "jobs.worker_started", "worker": self.name})
        Thread(target=self._renew_leases, args=(hands,), name=f"{self.name}-leases", daemon=True).start()
        while not stop.is_set():
            if not self._when_available(lambda: pumping.pump() + self._turn(hands), stop):
                hands.wait_for_change(self._poll_s)
        self._drain(hands)
        logger.info("worker stopped", extra={"action": "jobs.worker_stopped", "worker": self.name})

    def work_off(self) -> int:
        """Do in this thread all that is due now, and what comes of it; give the number of things done.

        Pumps are trusted here: what they raise is raised.
        """
        self._open()
        done = 0
        while turn := sum(pump() for pump in self.pumps) + self._turn(None):
            done += turn
        return done

    def _open(self) -> int:
        with self.db.write() as tx:
            schedule.register(tx, self.schedules, now=self.queue.clock.now())
            released = self.queue.release_worker(tx, self.name)
        _tell_lost(released)
        return 1

    def _turn(self, hands: Hands | None) -> int:
        """Do what there is to do now; without hands, run what is claimed in this thread."""
        with self.db.read() as tx:
            names = [each.name for each in self.schedules]
            waiting = store.waiting(tx, kinds=self.handlers.keys(), schedules=names, now=self.queue.clock.now())
        done = self._take_back() if waiting.expired_leases else 0
        done += self._fire() if waiting.schedules else 0
        free = 1 if hands is None else self.concurrency - len(hands.contexts())
        claimed = self._claim(free) if waiting.jobs and free > 0 else []
        for job in claimed:
            if hands is None:
                self._perform(JobContext(job, self.queue))
            else:
                self._start(hands, job)
        return done + len(claimed)

    def _take_back(self) -> int:
        with self.db.write() as tx:
            released = self.queue.release_expired(tx)
        _tell_lost(released)
        return len(released)

    def _fire(self) -> int:
        declared = {each.name: each for each in self.schedules}
        with self.db.write() as tx:
            fired = schedule.fire(tx, self.queue, declared, now=self.queue.clock.now())
        for job_id in fired:
            logger.info("schedule fired", extra={"action": "jobs.schedule_fired", "job": job_id})
        return len(fired)

    def _claim(self, limit: int) -> list[Job]:
        with self.db.write() as tx:
            return self.queue.claim(tx, worker=self.name, kinds=self.handlers.keys(), lease_s=self.lease_s, limit=limit)

    def _start(self, hands: Hands, job: Job) -> None:
        context = JobContext(job, self.queue, hands.draining)

        def attempt() -> None:
            try:
                self._perform(context)
            finally:
                hands.drop(context)

        hands.take(context)
        # a daemon, so that a handler that does not end cannot keep a drained process alive
        Thread(target=attempt, name=f"{self.name}-{job.kind}", daemon=True).start()

    def _perform(self, context: JobContext) -> None:
        perform(self.db, self.handlers[context.job.kind], context)

    def _renew_leases(self, hands: Hands) -> None:
        while not hands.closed.wait(self.lease_s / 3):
            contexts = hands.contexts()
            error = caught(partial(self._renew, contexts)) if contexts else None
            if error is not None:
                # not yet the end: the lease outlives two missed renewals
                logger.warning("leases not renewed", exc_info=error, extra={"action": "jobs.lease_not_renewed"})

    def _renew(self, contexts: Sequence[JobContext]) -> None:
        with self.db.write() as tx:
            pulses = self.queue.renew(tx, [context.job for context in contexts], lease_s=self.lease_s)
        cancelled = {pulse.job_id: pulse.is_cancel_requested for pulse in pulses}
        for context in contexts:
            context.is_lost = context.job.id not in cancelled
            context.is_cancelled = cancelled.get(context.job.id, False)

    def _drain(self, hands: Hands) -> None:
        hands.draining.set()
        until = time.monotonic() + self.drain_s
        while hands.contexts() and (rest := until - time.monotonic()) > 0:
            hands.wait_for_change(rest)
        for context in hands.contexts():
            error = caught(partial(self._give_back, context))
            if error is not None and not isinstance(error, LeaseLostError):
                logger.warning("job not given back", exc_info=error, extra={"action": "jobs.not_given_back"})
        hands.closed.set()

    def _give_back(self, context: JobContext) -> None:
        with self.db.write() as tx:
            self.queue.fail(tx, context.job, JobPausedError("the worker stopped"))
        context.is_lost = True

    @property
    def _poll_s(self) -> float:
        if self.poll_s is not None:
            return self.poll_s
        return SQLITE_POLL_S if self.db.is_sqlite else POSTGRESQL_POLL_S

    def _when_available(self, action: Callable[[], int], stop: Event) -> int:
        while not stop.is_set():
            try:
                return action()
            except UnavailableError as error:
                logger.warning("waiting for the database", extra={"action": "jobs.waiting", "code": error.code})
                stop.wait(error.retry_after_s)
        return 0


def _tell_lost(jobs: Sequence[Job]) -> None:
    for job in jobs:
        level = logging.ERROR if job.state is JobState.DEAD else logging.WARNING
        facts = {"action": "jobs.worker_lost", "job": job.id, "kind": job.kind, "lost_worker": job.worker}
        logger.log(level, "job taken back from a lost worker", extra=facts)
