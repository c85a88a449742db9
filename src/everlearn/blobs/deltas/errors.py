"""What can be wrong with packed bytes."""

from everlearn.core.errors import DamagedError


class BadContainerError(DamagedError):
    """These bytes are no container that we wrote, or no longer."""

    code = "blobs.bad_container"
