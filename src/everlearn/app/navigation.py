"""What the rail lists, and where the start is."""

from typing import Any

from litestar import get
from litestar.response import Response

from everlearn.core.names import DEFAULT_PROJECT
from everlearn.web.navigation import Navigation, NavItem

NAVIGATION = Navigation(
    items=(
        NavItem(key="models", title="Models", path="/projects/{project}/models", shortcut="m"),
        NavItem(key="pipelines", title="Pipelines", path="/projects/{project}/pipeline-runs", shortcut="p"),
        NavItem(key="experiments", title="Experiments", path="/projects/{project}/experiments", shortcut="e"),
        NavItem(key="runs", title="Runs", path="/projects/{project}/runs", shortcut="r"),
        NavItem(key="traces", title="Traces", path="/projects/{project}/traces", shortcut="t"),
        NavItem(key="lineage", title="Lineage", path="/projects/{project}/lineage", shortcut="l"),
        NavItem(key="decisions", title="Decisions", path="/projects/{project}/decisions", shortcut="d"),
        NavItem(key="audit", title="Audit", path="/audit", shortcut="a"),
        NavItem(key="platform", title="Platform", path="/platform", shortcut="h"),
        NavItem(key="api", title="API", path="/api", shortcut="i"),
    )
)


@get("/", sync_to_thread=False)
def start() -> Response[Any]:
    """Go to the models of the default project."""
    return Response(None, status_code=303, headers={"Location": NAVIGATION.paths(DEFAULT_PROJECT)[0][1]})


PAGES = (start,)
