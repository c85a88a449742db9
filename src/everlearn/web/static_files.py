"""Style sheet, script and icon: read once, named by their digest, kept by browsers for a year."""

from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from litestar import get
from litestar.params import FromPath
from litestar.response import Response

from everlearn.core.digest import digest_bytes, hex_of
from everlearn.core.errors import NotFoundError
from everlearn.web.auth import PUBLIC

_MEDIA_TYPES = {"css": "text/css", "js": "text/javascript", "svg": "image/svg+xml"}


@dataclass(frozen=True, slots=True, kw_only=True)
class StaticFile:
    """One file as it is served."""

    content: bytes
    media_type: str


@cache
def _known() -> tuple[dict[str, str], dict[str, StaticFile]]:
    """Give served names by plain name, and files by served name."""
    names: dict[str, str] = {}
    served: dict[str, StaticFile] = {}
    for place in files("everlearn.web").joinpath("static").iterdir():
        stem, _, ending = place.name.rpartition(".")
        if ending in _MEDIA_TYPES:
            content = place.read_bytes()
            name = f"{stem}.{hex_of(digest_bytes(content))[:12]}.{ending}"
            names[place.name] = name
            served[name] = StaticFile(content=content, media_type=_MEDIA_TYPES[ending])
    return names, served


def static_path(name: str) -> str:
    """Give the address of a file, with its digest in it."""
    return f"/static/{_known()[0][name]}"


@get("/static/{name:str}", opt=PUBLIC, include_in_schema=False, sync_to_thread=False)
def static_file(name: FromPath[str]) -> Response[bytes]:
    """Serve one file; only names that exist are known, so no address reaches the disk."""
    found = _known()[1].get(name)
    if found is None:
        raise NotFoundError("no such file; reload the page to get the names of this version")
    headers = {"Cache-Control": "public, max-age=31536000, immutable"}
    return Response(found.content, media_type=found.media_type, headers=headers)


HANDLERS = (static_file,)
