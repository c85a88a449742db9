"""What a gateway is made of, and the threads that run beside its requests."""

import asyncio
import logging
import sys
from dataclasses import dataclass, field
from pathlib import Path

from everlearn.core.clock import Clock
from everlearn.core.errors import EverlearnError, UnavailableError
from everlearn.db import Database
from everlearn.serving.gateway.fleet import Fleet
from everlearn.serving.gateway.metrics import GatewayMetrics
from everlearn.serving.gateway.repeating import Repeating
from everlearn.serving.gateway.shipping import Shipper
from everlearn.serving.model import NotDeployedError
from everlearn.serving.ports import Doorkeeper, ModelSource
from everlearn.serving.protocol import Limits
from everlearn.serving.spool import SpoolFolder, SpoolWriter, open_folder

SWITCH_EVERY_S = 0.0005
"""How long a thread keeps the interpreter when another wants it. With Python's 5 ms, answers wait behind the shipper:
12 ms at the 99th percentile for 50 rows a request on one connection, against 6 ms with this."""

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class GatewayParts:
    """What a gateway needs to run."""

    name: str  # under which it reports; unique among the gateways of a platform, the same after a restart
    db: Database
    source: ModelSource
    doorkeeper: Doorkeeper
    clock: Clock
    spool: Path  # folder on a disk of its own machine that outlives the process
    limits: Limits = field(default_factory=Limits)
    refresh_every_s: float = 0.1
    ship_every_s: float = 0.05


@dataclass(frozen=True, slots=True, kw_only=True)
class Machinery:
    """A gateway in motion: routes that follow the database, a spool that is shipped to it."""

    fleet: Fleet
    writer: SpoolWriter
    shipper: Shipper
    folder: SpoolFolder
    refreshing: Repeating
    shipping: Repeating

    @classmethod
    async def start(cls, parts: GatewayParts) -> "Machinery":
        """Open the spool, ship what an earlier process left, load the models, and keep doing so.

        A database that is away delays this and does not prevent it.

        Raises
        ------
        SpoolInUseError
            When another process writes to the same spool.
        """
        sys.setswitchinterval(SWITCH_EVERY_S)
        folder = open_folder(parts.spool)
        writer = SpoolWriter(folder, asyncio.get_running_loop())
        fleet = Fleet(parts.db, parts.source)
        shipper = Shipper(parts.db, writer, parts.clock, gateway=parts.name, applied=fleet.applied)
        shipping = Repeating("ship", shipper.ship, every_s=parts.ship_every_s)

        def refresh() -> bool:
            if fleet.refresh():
                shipping.wake()
            return False

        machinery = cls(
            fleet=fleet,
            writer=writer,
            shipper=shipper,
            folder=folder,
            refreshing=Repeating("refresh", refresh, every_s=parts.refresh_every_s),
            shipping=shipping,
        )
        await asyncio.to_thread(machinery._begin)
        return machinery

    @property
    def is_ready(self) -> bool:
        """Tell whether requests can be answered: the deployments are known, and others know of this gateway."""
        return self.fleet.is_informed and self.shipper.has_reported

    @property
    def degradation(self) -> str:
        """Say what is not as it should be although requests are answered; empty when nothing is."""
        if self.fleet.is_database_away:
            return "the database does not answer; the last known deployments are served"
        if self.fleet.waiting:
            return f"{len(self.fleet.waiting)} deployments cannot be followed; the log says why"
        return ""

    def missing(self, project: str, model: str) -> EverlearnError:
        """Say why there is no route."""
        if (project, model) in self.fleet.waiting:
            return UnavailableError("this model is deployed and cannot be loaded here; the log of the gateway says why")
        return NotDeployedError("this project has no deployed model of that name")

    def measure(self, metrics: GatewayMetrics) -> None:
        """Bring the gauges up to date."""
        metrics.unshipped_bytes.set(self.writer.unshipped_bytes)
        metrics.skipped_bytes.set(self.shipper.skipped_bytes)
        metrics.database_away.set(self.fleet.is_database_away)
        metrics.failed_loads.set(self.fleet.failed_loads)
        for place, route in self.fleet.routes.items():
            metrics.generation.labels(*place).set(route.deployment.generation)

    async def stop(self) -> None:
        """Write and ship what is left, then take the gateway off the list."""
        await asyncio.to_thread(self._end)

    def _begin(self) -> None:
        try:
            self.shipper.ship()
            self.fleet.refresh()
        except EverlearnError as error:
            logger.warning("starting without the database: %s", error.message, extra={"action": "gateway.alone"})
        self.refreshing.start()
        self.shipping.start()

    def _end(self) -> None:
        self.refreshing.stop()
        self.shipping.stop()
        self.writer.close()
        try:
            self.shipper.leave()
        except EverlearnError as error:
            logger.warning(
                "stopped with predictions unshipped; they are shipped at the next start: %s",
                error.message,
                extra={"action": "gateway.left_unshipped", "bytes": self.writer.unshipped_bytes},
            )
        finally:
            self.folder.release()
