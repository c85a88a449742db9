"""A process that appends: `scribe.py DATABASE_URL NAME COUNT`. Writes what position each of its entries got."""

import sys
from dataclasses import dataclass
from typing import ClassVar

from everlearn.core.actor import Actor
from everlearn.core.clock import SystemClock
from everlearn.db import open_database
from everlearn.eventlog import Catalogue, Event, EventLog


@dataclass(frozen=True, slots=True, kw_only=True)
class Said(Event):
    """Somebody said a number."""

    name: ClassVar[str] = "t.said"
    revision: ClassVar[int] = 1

    number: int


def main(url: str, name: str, count: str) -> None:
    db, log = open_database(url), EventLog(Catalogue([Said]), SystemClock())
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    sys.stdin.readline()
    for number in range(int(count)):
        with db.write() as tx:
            entry = log.append(tx, Said(number=number), actor=Actor(f"user:{name}"), subject=name)
        sys.stdout.write(f"{entry.position}\n")
    db.close()


if __name__ == "__main__":
    main(*sys.argv[1:])
