"""From a method and a path to a route."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import unquote

from everlearn.web.mlflow.errors import ProtocolError
from everlearn.web.mlflow.routes import Route

# a project other than the default stands before: http://host/projects/eta is a tracking address of its own, and so is
# http://host/projects/eta/as-of/2026-01-01T00:00:00Z, where everything can be read as it was then and nothing changed
_BEFORE = r"(?:/projects/(?P<project>[^/]+))?(?:/as-of/(?P<as_of>[^/]+))?"
_ADDRESS = re.compile(_BEFORE + r"/(?:ajax-)?api/(?P<version>[0-9]\.0)(?P<rest>/.+)")
_OURS = re.compile(_BEFORE + r"/(?:ajax-)?api/[0-9]\.0/")
_BARE = re.compile(r"(?:/projects/(?P<project>[^/]+))?(?P<rest>/.+)")  # other protocols' paths: no version of ours

_WHOLE = {"{path}": ".*", "{rest}": ".*"}  # they take slashes too


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """The route of a request and what its path says."""

    route: Route
    project: str | None
    parameters: Mapping[str, str]
    as_of: str | None = None  # an instant, as it was written


@dataclass(frozen=True, slots=True)
class RouteTable:
    """Routes by exact path, then by pattern."""

    exact: Mapping[tuple[str, str, str], Route]  # by method, version, path
    patterns: Sequence[tuple[re.Pattern[str], Route]]

    @staticmethod
    def of(routes: Sequence[Route]) -> "RouteTable":
        """Index routes."""
        exact = {
            (route.method, version, route.path): route
            for route in routes
            if "{" not in route.path
            for version in route.versions
        }
        patterns = [(_pattern(route.path), route) for route in routes if "{" in route.path]
        return RouteTable(exact, patterns)

    def is_ours(self, path: str) -> bool:
        """Tell whether a path belongs to the protocol, known or not."""
        return _OURS.match(path) is not None or self._bare(path) is not None

    def find(self, method: str, path: str) -> Found:
        """Give the route of a request.

        Raises
        ------
        ProtocolError
            ENDPOINT_NOT_FOUND when there is none.
        """
        address, as_of = _ADDRESS.fullmatch(path), None
        if address is not None:
            project, as_of, version, rest = address.group("project", "as_of", "version", "rest")
        elif (bare := self._bare(path)) is not None:
            version, (project, rest) = "", bare
        else:
            raise _nothing(method, path)
        route = self.exact.get((method, version, rest))
        if route is not None:
            return Found(route=route, project=project, parameters={}, as_of=as_of)
        for pattern, candidate in self.patterns:
            if candidate.method == method and version in candidate.versions and (match := pattern.fullmatch(rest)):
                return Found(route=candidate, project=project, parameters=match.groupdict(), as_of=as_of)
        raise _nothing(method, path)

    def _bare(self, path: str) -> tuple[str | None, str] | None:
        """Give the project and the rest of a path that some route has without a version."""
        found = _BARE.fullmatch(path)
        if found is None or not any(version == "" and rest == found["rest"] for _, version, rest in self.exact):
            return None
        return found["project"], found["rest"]


def _pattern(path: str) -> re.Pattern[str]:
    """Make a pattern of a template; `{path}` and `{rest}` take everything, other names one segment."""
    written = [
        f"(?P<{part[1:-1]}>{_WHOLE.get(part, '[^/]+')})" if part.startswith("{") else re.escape(part)
        for part in re.split(r"(\{[a-z_]+\})", path)
    ]
    return re.compile("".join(written), re.DOTALL)


def _nothing(method: str, path: str) -> ProtocolError:
    return ProtocolError(f"No operation {method} {unquote(path)[:200]} in this server.", "ENDPOINT_NOT_FOUND")
