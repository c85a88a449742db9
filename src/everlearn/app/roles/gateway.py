"""The inference gateway. Wires only what answering needs, so that it starts fast and stays small."""

from dataclasses import dataclass, replace
from pathlib import Path

from everlearn.access.events import EVENTS as ACCESS_EVENTS
from everlearn.access.service import Access
from everlearn.app.foundation import opened_database
from everlearn.app.listening import check_address, inherited_or_listen
from everlearn.app.server import AnyASGI, serve
from everlearn.app.settings import Auth, Settings
from everlearn.blobs import BlobStore, open_blobs
from everlearn.core.clock import SystemClock
from everlearn.eventlog import Catalogue, EventLog
from everlearn.registry import Registry
from everlearn.serving.gateway import GatewayParts, build_gateway
from everlearn.serving.ports import LoadedSpec


@dataclass(frozen=True, slots=True)
class RegisteredModels:
    """Gives the gateway model versions from the registry and the blob store."""

    registry: Registry
    blobs: BlobStore

    def load(self, project: str, model: str, version: int) -> LoadedSpec:
        """Give a version's bytes and signature."""
        found = self.registry.version(project, model, version)
        return LoadedSpec(onnx=self.blobs.get(found.model_digest), signature=found.signature)


def run_gateway(settings: Settings, *, inherited_socket: str) -> None:
    """Serve until told to stop."""
    db = opened_database(settings)
    try:
        clock, blobs = SystemClock(), open_blobs(settings.blobs_url)
        log = EventLog(Catalogue(ACCESS_EVENTS), clock)  # it writes no event of its own
        access = Access(db, log, clock)
        check_address(settings.gateway_host, settings.auth, has_admin=access.has_admin())
        parts = GatewayParts(
            name=settings.gateway_name,
            db=db,
            source=RegisteredModels(Registry(db, log, blobs, clock), blobs),
            doorkeeper=access,
            clock=clock,
            spool=Path(settings.spool),
        )
        app = _open_gateway(parts) if settings.auth is Auth.OFF else build_gateway(parts)
        with inherited_or_listen(settings.gateway_host, settings.gateway_port, inherited_socket) as opened:
            serve(app, opened)
    finally:
        db.close()


def _open_gateway(parts: GatewayParts) -> AnyASGI:
    from everlearn.app.open_door import OpenDoorkeeper, without_tokens  # noqa: PLC0415  # loads the web framework

    return without_tokens(build_gateway(replace(parts, doorkeeper=OpenDoorkeeper())))
