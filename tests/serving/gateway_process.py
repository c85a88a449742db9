"""A gateway in a process of its own: `python -m tests.serving.gateway_process DATABASE_URL SPOOL PORT`."""

import sys
from pathlib import Path

import uvicorn
from tests.serving.models import Keeper, Shelf, plane

from everlearn.core.clock import SystemClock
from everlearn.db import open_database
from everlearn.serving.gateway import GatewayParts, build_gateway


def main(database_url: str, spool: str, port: str) -> None:
    """Serve two versions of a model until killed."""
    parts = GatewayParts(
        name="gateway-1",
        db=open_database(database_url),
        source=Shelf({1: plane(1.0, 0.0), 2: plane(0.0, 1.0)}),
        doorkeeper=Keeper(),
        clock=SystemClock(),
        spool=Path(spool),
        refresh_every_s=0.02,
        ship_every_s=0.02,
    )
    uvicorn.run(build_gateway(parts), host="127.0.0.1", port=int(port), log_level="warning")


if __name__ == "__main__":
    main(*sys.argv[1:])
