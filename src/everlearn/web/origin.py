"""Protection against requests that another site makes a browser send (cross-site request forgery).

Two nets: session cookies are SameSite=Strict, and a state-changing request from a browser must name this very site
as its origin. Programs that send neither header carry a token, which no other site can make a browser add.
"""

from litestar.handlers import BaseRouteHandler

from everlearn.core.errors import DeniedError
from everlearn.web.auth import AnyConnection, gate_of

_SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
_OWN_SITES = frozenset({"same-origin", "none"})  # none: typed or bookmarked by the person


class ForeignOriginError(DeniedError):
    """A browser sent this from another site."""

    code = "web.foreign_origin"


async def same_origin(connection: AnyConnection, _handler: BaseRouteHandler) -> None:
    """Guard every route: refuse hosts that are not ours and changes that come from another site."""
    gate_of(connection).check_host(connection.headers.get("host", ""))
    if connection.scope.get("method") in _SAFE_METHODS:
        return
    check_own_site(
        site=connection.headers.get("sec-fetch-site"),
        origin=connection.headers.get("origin"),
        host=connection.headers.get("host", ""),
    )


def check_own_site(*, site: str | None, origin: str | None, host: str) -> None:
    """Refuse a change that a browser was made to ask for by another site; programs send neither header."""
    if (site is not None and site not in _OWN_SITES) or (origin is not None and origin.partition("://")[2] != host):
        raise ForeignOriginError(
            "a change was asked for from another site and refused; open this server's own pages and try again there"
        )
