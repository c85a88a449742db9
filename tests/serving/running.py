"""A gateway behind a real socket, and a client for it."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import httpx
import uvicorn
from tests.serving.models import Keeper, Shelf, plane

from everlearn.core.actor import Actor
from everlearn.core.clock import SystemClock
from everlearn.db import Database
from everlearn.eventlog import Catalogue, EventLog
from everlearn.serving.events import EVENTS
from everlearn.serving.gateway import GatewayParts, build_gateway
from everlearn.serving.model import Deployment, Traffic
from everlearn.serving.service import Deployments

TOKEN = {"authorization": "Bearer good"}
URL = "/v2/models/eta/infer"


@dataclass
class Stage:
    """A gateway in this process and everything around it."""

    db: Database
    folder: Path
    shelf: Shelf = field(default_factory=lambda: Shelf({1: plane(1.0, 0.0), 2: plane(0.0, 1.0)}))
    keeper: Keeper = field(default_factory=Keeper)
    port: int = 0

    @property
    def parts(self) -> GatewayParts:
        """Give what the gateway is made of."""
        return GatewayParts(
            name="gateway-1",
            db=self.db,
            source=self.shelf,
            doorkeeper=self.keeper,
            clock=SystemClock(),
            spool=self.folder / "spool",
            refresh_every_s=0.01,
            ship_every_s=0.01,
        )

    def direct(self, to: Traffic, *, model: str = "eta") -> Deployment:
        """Send the traffic somewhere."""
        clock = SystemClock()
        deployments = Deployments(self.db, EventLog(Catalogue(EVENTS), clock), clock)
        with self.db.write() as tx:
            return deployments.direct(tx, "default", model, to, reason="a test", actor=Actor("user:alice"))

    @contextmanager
    def running(self, **changes: Any) -> Iterator[httpx.Client]:
        """Run the gateway for as long as the block lasts."""
        app = build_gateway(replace(self.parts, **changes))
        with served(app) as port, httpx.Client(base_url=f"http://127.0.0.1:{port}", headers=TOKEN) as client:
            self.port = port
            yield client


@contextmanager
def served(app: Any) -> Iterator[int]:
    """Serve an ASGI application on a free port of this machine."""
    server = uvicorn.Server(uvicorn.Config(app, port=0, log_config=None, lifespan="on"))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    until(lambda: server.started or not thread.is_alive())
    assert server.started, "the server did not start"
    try:
        port: int = server.servers[0].sockets[0].getsockname()[1]
        yield port
    finally:
        server.should_exit = True
        thread.join()


def until(holds: Callable[[], bool], *, within_s: float = 20.0) -> None:
    """Wait for something that happens by itself."""
    deadline = time.monotonic() + within_s
    while not holds():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.005)


def rows(*points: tuple[float, float], **extra: Any) -> dict[str, Any]:
    """Give the body of a request to the two-column model."""
    return {
        "inputs": [
            {"name": name, "shape": [len(points)], "datatype": "FP32", "data": [point[index] for point in points]}
            for index, name in enumerate(("x", "y"))
        ],
        **extra,
    }


def entities(*names: str) -> dict[str, Any]:
    """Give the input that names what each row is about."""
    return {"name": "entity_id", "shape": [len(names)], "datatype": "BYTES", "data": list(names)}
