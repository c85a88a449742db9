"""What the worker does for the registry."""

from dataclasses import dataclass

from everlearn.jobs import JobContext
from everlearn.registry.packing import VersionPacking


@dataclass(frozen=True, slots=True)
class RegistryTasks:
    """Handler of the job `registry.pack`."""

    packing: VersionPacking

    def pack(self, context: JobContext) -> None:
        """Pack the version that one just registered follows on."""
        asked = context.job.arguments
        project, model, version = str(asked["project"]), str(asked["model"]), int(str(asked["version"]))
        self.packing.pack_predecessor(project, model, version, heartbeat=context.heartbeat)
