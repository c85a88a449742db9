"""What `/metrics` and the overview read from the database."""

from collections.abc import Mapping

from everlearn.app.platform import Platform
from everlearn.app.scrape import Gauge
from everlearn.core.page import MAX_PAGE_SIZE
from everlearn.db import Tx
from everlearn.jobs import JobState


def gauges(platform: Platform) -> tuple[Gauge, ...]:
    """Make the measures of one platform."""

    def log_size(tx: Tx) -> Mapping[str, float]:
        return {"": platform.log.size(tx)}

    def jobs(tx: Tx) -> Mapping[str, float]:
        return {"unsettled": platform.queue.pending_count(tx), "dead": dead_jobs(platform, tx)}

    return (
        Gauge(name="everlearn_log_entries", about="Entries in the event log.", label="", read=log_size),
        Gauge(
            name="everlearn_jobs",
            about=f"Jobs that still move (unsettled) and that failed for good (dead, counted up to {MAX_PAGE_SIZE}).",
            label="state",
            read=jobs,
        ),
    )


def dead_jobs(platform: Platform, tx: Tx) -> int:
    """Count the jobs that wait for somebody to drive them again, up to the largest page."""
    return len(platform.queue.jobs(tx, state=JobState.DEAD, limit=MAX_PAGE_SIZE).items)
