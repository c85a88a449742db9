"""Retraining over JSON."""

from litestar import get

from everlearn.access import Role
from everlearn.core.page import Page
from everlearn.retraining.model import Review
from everlearn.retraining.service import Retraining
from everlearn.web import FromPath, FromQuery, Service, needs


@get(
    "/api/projects/{project:str}/models/{model:str}/retraining-reviews",
    guards=[needs(Role.VIEWER)],
    sync_to_thread=True,
)
def list_reviews(
    project: FromPath[str],
    model: FromPath[str],
    retraining: Service[Retraining],
    after: FromQuery[str | None] = None,
    limit: FromQuery[int] = 100,
) -> Page[Review]:
    """List when retraining was weighed and what came out, newest first."""
    return retraining.reviews(project, model, after=after, limit=limit)


HANDLERS = (list_reviews,)
