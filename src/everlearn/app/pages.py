"""The first page: is the platform itself all right?"""

from dataclasses import dataclass
from importlib.metadata import version

from litestar import get

from everlearn.access import Role
from everlearn.app.gauges import dead_jobs
from everlearn.app.health import NotReadyError, Probes
from everlearn.app.platform import Platform
from everlearn.web import HTML, PageRenderer, Service, needs
from everlearn.web.formats import number
from everlearn.web.view import Cell, PageHead, Pair, Status, Tile, Tone


@dataclass(frozen=True, slots=True, kw_only=True)
class OverviewPage:
    """Context of the page."""

    head: PageHead
    numbers: tuple[Tile, ...]
    facts: tuple[Pair, ...]


@get("/platform", guards=[needs(Role.VIEWER)], sync_to_thread=True)
def overview_page(platform: Service[Platform], probes: Service[Probes], page: Service[PageRenderer]) -> HTML:
    """Show the state of the platform itself: its parts, its log, its jobs."""
    return page.show("app/overview.html", overview(platform, probes), section="platform")


def overview(platform: Platform, probes: Probes) -> OverviewPage:
    """Look at every part once."""
    with platform.db.read() as tx:
        entries, unsettled = platform.log.size(tx), platform.queue.pending_count(tx)
        dead = dead_jobs(platform, tx)
    return OverviewPage(
        head=PageHead(title="Platform", status=_status(probes, dead)),
        numbers=(
            Tile(label="Log entries", value=number(entries)),
            Tile(label="Jobs under way", value=number(unsettled), note="pending, running or to be retried"),
            Tile(
                label="Dead jobs",
                value=number(dead),
                note="failed for good; drive them again or look why" if dead else "",
                tone=Tone.ACT if dead else Tone.GOOD,
            ),
        ),
        facts=(
            Pair(label="Version", value=Cell(text=version("everlearn"))),
            Pair(label="Database", value=Cell(text="SQLite" if platform.db.is_sqlite else "PostgreSQL")),
            Pair(label="API", value=Cell(text="all operations", href="/api")),
        ),
    )


def _status(probes: Probes, dead: int) -> Status:
    try:
        took = probes.check().parts
    except NotReadyError as error:
        return Status(word="not ready", tone=Tone.STOPPED, why=error.message)
    slowest = max(took.items(), key=lambda part: part[1])
    if dead:
        return Status(word="look here", tone=Tone.ACT, why=f"{dead} jobs failed for good.")
    return Status(word="ready", tone=Tone.GOOD, why=f"Every part answers, {slowest[0]} slowest in {slowest[1]} ms.")


PAGES = (overview_page,)
