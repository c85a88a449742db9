"""A run page that moves: what changed on it is sent as server-sent events for as long as the run is under way."""

import asyncio
import json
import time
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass

from litestar import get
from litestar.response import Stream

from everlearn.access import Role
from everlearn.tracking.curves import Curves
from everlearn.tracking.model import RunStatus
from everlearn.tracking.pages.curves import CurvesQuery, read_query
from everlearn.tracking.pages.run import LiveParts, live_parts
from everlearn.tracking.searching import Search
from everlearn.web import FromPath, PageRenderer, Service, needs

_LOOK_EVERY_S = 1.0
_LASTS_S = 600.0  # then the browser asks again, and shows again that it may
_UNDER_WAY = {RunStatus.RUNNING, RunStatus.SCHEDULED}
_TEMPLATE = "tracking/run_parts.html"


@dataclass(frozen=True, slots=True, kw_only=True)
class Watch:
    """Somebody looking at a run."""

    project: str
    run_id: str
    query: CurvesQuery
    search: Search
    curves: Curves
    page: PageRenderer

    async def events(self) -> AsyncIterator[str]:
        """Send each part of the page that is not as it was; end with the run."""
        deadline, before, sent = time.monotonic() + _LASTS_S, object(), dict[str, str]()
        while time.monotonic() < deadline:
            now = await asyncio.to_thread(self.curves.state, self.project, self.run_id)
            if now != before:
                parts = await asyncio.to_thread(self._parts)
                for event in changed(sent, parts):
                    yield event
                before, sent = now, parts
            else:
                yield ": nothing new\n\n"  # so that a connection that is gone is noticed
            if now[0] not in _UNDER_WAY:
                yield "event: end\ndata: {}\n\n"
                return
            await asyncio.sleep(_LOOK_EVERY_S)

    def _parts(self) -> dict[str, str]:
        record = self.search.records_of(self.project, [self.run_id])[0]
        return rendered(self.page, live_parts(self.project, record, self.search, self.curves, self.query))


@get(
    "/projects/{project:str}/runs/{run_id:str}/live",
    guards=[needs(Role.VIEWER)],
    media_type="text/event-stream",
    sync_to_thread=True,
)
def run_live(
    project: FromPath[str],
    run_id: FromPath[str],
    search: Service[Search],
    curves: Service[Curves],
    page: Service[PageRenderer],
) -> Stream:
    """Send what changes on the page of a run."""
    query = read_query("", page.said)
    curves.state(project, run_id)  # a run that is not there is refused now, not in the middle of an answer
    watch = Watch(project=project, run_id=run_id, query=query, search=search, curves=curves, page=page)
    headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
    return Stream(watch.events(), headers=headers, media_type="text/event-stream")


def rendered(page: PageRenderer, live: LiveParts) -> dict[str, str]:
    """Write each part as it stands on the page, by the id of its element."""
    parts = {
        "run-head": page.part(_TEMPLATE, "head_part", live.head),
        "run-metrics": page.part(_TEMPLATE, "metrics_part", live.metrics),
    }
    for number, curve in enumerate(live.curves, 1):
        parts[f"curve-{number}"] = page.part(_TEMPLATE, "curve_part", curve, number)
    parts["run-curves"] = page.part(_TEMPLATE, "curves_part", live.curves)
    return parts


def changed(before: Mapping[str, str], now: Mapping[str, str]) -> list[str]:
    """Write an event for each part that is not as it was; all curves together when there are more or fewer."""
    is_redrawn = _curves(before) != _curves(now)
    left_out = _curves(now) if is_redrawn else {"run-curves"}
    wanted = [name for name in now if name not in left_out and before.get(name) != now[name]]
    return [f"event: part\ndata: {json.dumps({'id': name, 'html': now[name]})}\n\n" for name in wanted]


def _curves(parts: Mapping[str, str]) -> set[str]:
    return {name for name in parts if name.startswith("curve-")}


PAGES = (run_live,)
