"""What serving needs from others: model bytes, a check of versions, and someone who knows who may ask."""

from dataclasses import dataclass
from typing import Protocol

from everlearn.access import Principal, Role
from everlearn.registry.model import Signature


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadedSpec:
    """A model version as the gateway runs it."""

    onnx: bytes
    signature: Signature


class ModelSource(Protocol):
    """Where model versions come from; `app` binds registry and blobs."""

    def load(self, project: str, model: str, version: int) -> LoadedSpec:
        """Give a version's bytes and signature.

        Raises
        ------
        UnavailableError
            When trying again can help; every other error of ours means that the version cannot be run.
        """
        ...


class KnownVersions(Protocol):
    """Whoever can tell whether a version exists; the registry does."""

    def version(self, project: str, model: str, number: int) -> object:
        """Give the version.

        Raises
        ------
        NotFoundError
            When there is none.
        """
        ...


class Doorkeeper(Protocol):
    """Whoever knows tokens and grants; `access.Access` does."""

    def authenticate(self, secret: str) -> Principal:
        """Tell whose token this is.

        Raises
        ------
        UnauthenticatedError
            When it is nobody's, or was revoked.
        """
        ...

    def require(self, principal: Principal, project: str, role: Role) -> None:
        """Let the principal pass.

        Raises
        ------
        DeniedError
            When it may not do this in the project; the message names the role that may.
        """
        ...
