"""Reading back what an access service has put on the record."""

import msgspec

from everlearn.access import Access
from everlearn.db import Database


def events_of(db: Database, access: Access) -> list[tuple[str, object]]:
    """Give every event as its name and payload."""
    with db.read() as tx:
        entries = access.log.read(tx, after=0, limit=1_000)
    return [(entry.name, msgspec.to_builtins(entry.event)) for entry in entries]
