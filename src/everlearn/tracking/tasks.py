"""What tracking does in the background."""

from dataclasses import dataclass

from everlearn.jobs import JobContext
from everlearn.tracking.packing import ModelPacking
from everlearn.tracking.uploads import ABANDONED_AFTER, Uploads


@dataclass(frozen=True, slots=True)
class UploadTasks:
    """Jobs around files that arrive."""

    uploads: Uploads

    def sweep(self, _context: JobContext) -> None:
        """Remove uploads that nobody has touched for a day, and what killed writers left half-written."""
        self.uploads.sweep()
        self.uploads.blobs.sweep(self.uploads.clock.now() - ABANDONED_AFTER)


@dataclass(frozen=True, slots=True)
class TrackingTasks:
    """Handler of the job `tracking.pack`."""

    packing: ModelPacking

    def pack(self, context: JobContext) -> None:
        """Pack the model that one just logged follows on."""
        asked = context.job.arguments
        self.packing.pack_predecessor(str(asked["project"]), str(asked["model_id"]), heartbeat=context.heartbeat)
