"""What the worker does for lineage."""

from dataclasses import dataclass

from everlearn.jobs import JobContext
from everlearn.lineage.openlineage import Emission, Receiver


@dataclass(frozen=True, slots=True)
class LineageTasks:
    """Handler of the job `lineage.emit`."""

    emission: Emission
    receiver: Receiver

    def emit(self, context: JobContext) -> None:
        """Send the OpenLineage event of an entry of the log."""
        event = self.emission.of_entry(context.cause.id)
        if event is not None and self.receiver.url:
            self.receiver.send(event)
