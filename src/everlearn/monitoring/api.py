"""Monitoring over JSON."""

from dataclasses import dataclass

from litestar import get

from everlearn.access import Role
from everlearn.core.page import Page
from everlearn.monitoring.model import Alert, Health, WindowReport
from everlearn.monitoring.service import Monitoring
from everlearn.web import FromPath, FromQuery, Service, needs

_LOOK = [needs(Role.VIEWER)]
_MODEL = "/api/projects/{project:str}/models/{model:str}"


@dataclass(frozen=True, slots=True, kw_only=True)
class HealthView:
    """One word for a model, and the open alerts behind it."""

    health: Health
    alerts: list[Alert]


@get(f"{_MODEL}/health", guards=_LOOK, sync_to_thread=True)
def show_health(project: FromPath[str], model: FromPath[str], monitoring: Service[Monitoring]) -> HealthView:
    """Sum a model up in one word."""
    return HealthView(health=monitoring.health(project, model), alerts=list(monitoring.open_alerts(project, model)))


@get(f"{_MODEL}/alerts", guards=_LOOK, sync_to_thread=True)
def list_alerts(
    project: FromPath[str],
    model: FromPath[str],
    monitoring: Service[Monitoring],
    after: FromQuery[str | None] = None,
    limit: FromQuery[int] = 100,
) -> Page[Alert]:
    """List the alerts of a model, open or not, newest first."""
    return monitoring.alerts(project, model, after=after, limit=limit)


@get(f"{_MODEL}/windows", guards=_LOOK, sync_to_thread=True)
def list_windows(
    project: FromPath[str],
    model: FromPath[str],
    monitoring: Service[Monitoring],
    after: FromQuery[str | None] = None,
    limit: FromQuery[int] = 100,
) -> Page[WindowReport]:
    """List the evaluated windows of a model, newest first."""
    return monitoring.windows(project, model, after=after, limit=limit)


HANDLERS = (show_health, list_alerts, list_windows)
