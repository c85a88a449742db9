"""The addresses of the protocol, and the gateway's own beside them."""

from dataclasses import dataclass
from enum import StrEnum


class Endpoint(StrEnum):
    """What an address asks for."""

    SERVER = "server"
    LIVE = "live"
    READY = "ready"
    MODEL = "model"
    MODEL_READY = "model_ready"
    INFER = "infer"
    SPOOL = "spool"
    METRICS = "metrics"


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """An address understood."""

    endpoint: Endpoint
    model: str = ""
    version: str | None = None  # as written; None: the gateway chooses

    @property
    def method(self) -> str:
        """Give the one verb that the endpoint answers (HEAD goes with GET)."""
        return "POST" if self.endpoint is Endpoint.INFER else "GET"


_FIXED = {
    "/v2": Target(endpoint=Endpoint.SERVER),
    "/v2/": Target(endpoint=Endpoint.SERVER),
    "/v2/health/live": Target(endpoint=Endpoint.LIVE),
    "/v2/health/ready": Target(endpoint=Endpoint.READY),
    "/health/spool": Target(endpoint=Endpoint.SPOOL),
    "/metrics": Target(endpoint=Endpoint.METRICS),
}
_OF_MODEL = {(): Endpoint.MODEL, ("ready",): Endpoint.MODEL_READY, ("infer",): Endpoint.INFER}


def target_of(path: str) -> Target | None:
    """Understand a path, percent-decoded; None: there is nothing there."""
    fixed = _FIXED.get(path)
    if fixed is not None:
        return fixed
    parts = path.split("/")
    if len(parts) < 4 or parts[:3] != ["", "v2", "models"] or not parts[3]:
        return None
    model, rest = parts[3], parts[4:]
    version = None
    if len(rest) >= 2 and rest[0] == "versions" and rest[1]:
        version, rest = rest[1], rest[2:]
    endpoint = _OF_MODEL.get(tuple(rest))
    return None if endpoint is None else Target(endpoint=endpoint, model=model, version=version)
