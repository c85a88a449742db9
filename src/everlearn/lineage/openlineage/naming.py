"""Names and ids as OpenLineage has them."""

from urllib.parse import urlsplit
from uuid import NAMESPACE_URL, UUID, uuid5

from everlearn.tracking.places import Place, place_of

_HEX = 32  # digits of a UUID


def run_uuid(run_id: str) -> str:
    """Give the UUID of a run: its own id where that is one, else the one that its id always gives."""
    try:
        return str(UUID(run_id)) if len(run_id) == _HEX else str(uuid5(NAMESPACE_URL, f"everlearn:{run_id}"))
    except ValueError:
        return str(uuid5(NAMESPACE_URL, f"everlearn:{run_id}"))


def data_place(namespace: str, name: str, source: str) -> Place:
    """Name data by where it lies; what lies nowhere known, by its name in our own namespace."""
    return place_of(source) or Place(namespace, name)


def repository_url(text: str) -> str | None:
    """Write where a repository is as a URL without a password; None where it is none."""
    if text.startswith("git@") and ":" in text:
        host, _, path = text.removeprefix("git@").partition(":")
        return f"ssh://{host}/{path}"
    try:
        parts = urlsplit(text)
    except ValueError:
        return None
    if not parts.scheme or not parts.hostname:
        return None
    return parts._replace(netloc=parts.netloc.rpartition("@")[2]).geturl()
