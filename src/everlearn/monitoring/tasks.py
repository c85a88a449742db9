"""What the worker does for monitoring."""

from dataclasses import dataclass

from everlearn.core.clock import parse_instant
from everlearn.jobs import JobContext
from everlearn.monitoring.service import Monitoring


@dataclass(frozen=True, slots=True)
class MonitoringTasks:
    """Handlers of the jobs `monitoring.evaluate` and `monitoring.replaced`."""

    monitoring: Monitoring

    def evaluate(self, context: JobContext) -> None:
        """Evaluate the windows that the labels have passed."""
        asked = context.job.arguments
        since = asked["since"]
        self.monitoring.evaluate(
            str(asked["project"]),
            str(asked["model"]),
            since=None if since is None else parse_instant(str(since)),
            through=parse_instant(str(asked["through"])),
            cause=context.cause,
        )

    def replaced(self, context: JobContext) -> None:
        """Close the alerts of a champion that was replaced."""
        asked = context.job.arguments
        self.monitoring.replaced(
            str(asked["project"]),
            str(asked["model"]),
            by=int(str(asked["version"])),
            at=parse_instant(str(asked["at"])),
            cause=context.cause,
        )
