"""Jobs over JSON. They belong to the platform, not to a project, so roles are needed in `*`."""

from typing import Annotated

from litestar import get, post
from litestar.params import QueryParameter

from everlearn.access import Role
from everlearn.core.actor import Actor
from everlearn.core.page import Page
from everlearn.jobs import JobState
from everlearn.operations.model import JobView, Settlement
from everlearn.operations.service import Operations
from everlearn.web import FromPath, FromQuery, Service, needs

_LOOK = [needs(Role.VIEWER)]
_ACT = [needs(Role.OPERATOR)]


@get("/api/jobs", guards=_LOOK, sync_to_thread=True)
def list_jobs(
    operations: Service[Operations],
    in_state: Annotated[JobState | None, QueryParameter(name="state")] = None,
    kind: FromQuery[str | None] = None,
    after: FromQuery[str | None] = None,
    limit: FromQuery[int] = 100,
) -> Page[JobView]:
    """List jobs, newest first; `state=dead` gives the dead letters."""
    return operations.jobs(state=in_state, kind=kind, after=after, limit=limit)


@get("/api/jobs/{job:str}", guards=_LOOK, sync_to_thread=True)
def show_job(job: FromPath[str], operations: Service[Operations]) -> JobView:
    """Show a job with the error of its last attempt that did not succeed."""
    return operations.job(job)


@post("/api/jobs/{job:str}/redrive", guards=_ACT, status_code=200, sync_to_thread=True)
def redrive_job(job: FromPath[str], operations: Service[Operations], actor: Service[Actor]) -> JobView:
    """Give a dead job a fresh set of attempts, beginning now."""
    return operations.redrive(job, actor=actor)


@post("/api/jobs/{job:str}/cancel", guards=_ACT, status_code=200, sync_to_thread=True)
def cancel_job(job: FromPath[str], operations: Service[Operations], actor: Service[Actor]) -> JobView:
    """End a pending job, or ask a running one to end."""
    return operations.cancel(job, actor=actor)


@get("/api/settled", guards=_LOOK, sync_to_thread=True)
def settled(operations: Service[Operations]) -> Settlement:
    """Tell whether everything that was set off has come to rest: no job to run, no event unseen, nothing on its way."""
    return operations.settlement()


HANDLERS = (list_jobs, show_job, redrive_job, cancel_job, settled)
