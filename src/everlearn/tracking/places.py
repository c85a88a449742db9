"""Where data that a run read lies, named as OpenLineage names it: a namespace and a name within it."""

import json
from typing import NamedTuple
from urllib.parse import urlsplit

_KEYS = ("uri", "url", "path")
_SAME_STORE = {"s3a": "s3", "s3n": "s3", "gcs": "gs"}
LONGEST = 1_000  # characters that an index holds


class Place(NamedTuple):
    """A place of data."""

    namespace: str  # "s3://bucket", "file"
    name: str  # "path/within"

    @property
    def address(self) -> str:
        """Give both as one text."""
        return f"{self.namespace}/{self.name}"


def place_of(source: str) -> Place | None:
    """Read a place out of what mlflow's client says of a source; None where it names none.

    `{"uri": "s3://bucket/path"}` is (`s3://bucket`, `path`), `{"uri": "/data/x.csv"}` is (`file`, `/data/x.csv`).
    """
    try:
        said = json.loads(source)
    except ValueError:
        said = source
    if isinstance(said, dict):
        said = next((said[key] for key in _KEYS if isinstance(said.get(key), str)), None)
    if not isinstance(said, str) or not said or "\0" in said:
        return None
    place = _parsed(said)
    return place if place is not None and len(place.address) <= LONGEST else None


def _parsed(address: str) -> Place | None:
    try:
        parts = urlsplit(address)
    except ValueError:
        return None
    scheme, path = _SAME_STORE.get(parts.scheme, parts.scheme), parts.path.rstrip("/")
    if address.startswith("/") or scheme == "file":
        return Place("file", path) if path else None
    if scheme == "dbfs":
        return Place("dbfs", path) if path else None
    host = parts.netloc.rpartition("@")[2] if scheme.startswith("http") else parts.netloc  # no password in a name
    if not scheme or not host or len(scheme) == 1:
        return None
    return Place(f"{scheme}://{host}", path.removeprefix("/") or "/")
