"""Is this process alive, and can it do its work? For load balancers and for `everlearn up`."""

import time
from collections.abc import Callable
from dataclasses import dataclass

import sqlalchemy as sa
from litestar import get

from everlearn.core.errors import EverlearnError, UnavailableError
from everlearn.core.json import JSONObject
from everlearn.db import Database
from everlearn.web import PUBLIC, Service


class NotReadyError(UnavailableError):
    """A part that is needed does not work; `details.parts` says which."""

    code = "app.not_ready"


@dataclass(frozen=True, slots=True, kw_only=True)
class Live:
    """The process answers."""

    status: str = "live"


@dataclass(frozen=True, slots=True, kw_only=True)
class Ready:
    """Every part that is needed works."""

    status: str
    parts: dict[str, float]  # milliseconds each probe took


@dataclass(frozen=True, slots=True, kw_only=True)
class Probes:
    """What is asked whether it works, by name. A probe raises when it does not."""

    parts: tuple[tuple[str, Callable[[], None]], ...]

    def check(self) -> Ready:
        """Ask all parts.

        Raises
        ------
        NotReadyError
            When one does not work; the others are asked all the same.
        """
        took: dict[str, float] = {}
        broken: JSONObject = {}
        for name, probe in self.parts:
            started = time.perf_counter()
            try:
                probe()
            except EverlearnError as error:
                broken[name] = error.message
            took[name] = round((time.perf_counter() - started) * 1000, 2)
        if broken:
            raise NotReadyError(f"not ready: {', '.join(sorted(broken))} does not work", parts=broken)
        return Ready(status="ready", parts=took)


def database_probe(db: Database) -> Callable[[], None]:
    """Make the probe of a database: one trivial question."""

    def probe() -> None:
        with db.read() as tx:
            tx.execute(sa.select(sa.literal(1)))

    return probe


@get("/health/live", opt=PUBLIC, sync_to_thread=False)
def live() -> Live:
    """Tell that the process answers; asks nobody else."""
    return Live()


@get("/health/ready", opt=PUBLIC, sync_to_thread=True)
def ready(probes: Service[Probes]) -> Ready:
    """Tell whether the database and the blob store work; 503 with which part does not."""
    return probes.check()


HANDLERS = (live, ready)
