"""What is put aside before it is removed: blobs that nothing seems to refer to.

An entry in `trash/` carries the blob's name and a random part, so it is made once and never again. Whoever removes an
old entry therefore cannot hit a newer one of the same blob.
"""

import re
from dataclasses import dataclass
from datetime import datetime
from uuid import uuid4

TRASH = "trash"
HIDDEN = frozenset({"tmp", "parts", TRASH})  # top folders of a shelf in which no blob is visible

_ENTRY = re.compile(rf"{TRASH}/(.+)~[0-9a-f]{{32}}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """A visible name on a shelf."""

    name: str
    size_bytes: int
    changed_at: datetime  # by the shelf's own clock


@dataclass(frozen=True, slots=True, kw_only=True)
class Aside:
    """Something put aside."""

    entry: str  # where it lies
    name: str  # where it lay
    size_bytes: int
    at: datetime  # since when, by the shelf's own clock


def new_entry(name: str) -> str:
    """Make the name of an entry; no two are the same."""
    return f"{TRASH}/{name}~{uuid4().hex}"


def name_in(entry: str) -> str | None:
    """Give the name that an entry had; None for what was not made by `new_entry`."""
    found = _ENTRY.fullmatch(entry)
    return None if found is None else found[1]
