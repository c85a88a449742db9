"""The worker: reacts to what is in the log and does the jobs."""

import signal
from threading import Event

from everlearn.app.loop import SCHEDULES, handlers, subscribers
from everlearn.app.settings import Settings
from everlearn.app.wiring import build
from everlearn.audit import Checkpointer
from everlearn.eventlog import Subscriptions
from everlearn.jobs import Worker


def run_worker(settings: Settings) -> None:
    """Work until told to stop; running jobs may end, the rest is left to others."""
    stop = Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda _number, _frame: stop.set())
    platform = build(settings)
    try:
        subscribed = subscribers(settings, platform.queue, platform.clock)
        reactions = Subscriptions(platform.db, platform.log, subscribed)
        worker = Worker(
            platform.db,
            platform.queue,
            handlers(platform),
            name=settings.worker_name,
            concurrency=settings.worker_threads,
            lease_s=settings.lease_s,
            schedules=SCHEDULES,
            pumps=(reactions.pump, Checkpointer(platform.db, platform.audit.checkpoints).pump),
        )
        worker.run(stop)
    finally:
        platform.close()
