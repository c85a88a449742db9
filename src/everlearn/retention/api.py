"""Retention over JSON."""

import msgspec
from litestar import get, post, put

from everlearn.access import Role
from everlearn.core.actor import Actor
from everlearn.core.json import JSONObject
from everlearn.retention.model import Plan, RetentionPolicy
from everlearn.retention.service import Applied, Retention
from everlearn.web import FromPath, JSONBody, Service, needs

_LOOK = [needs(Role.VIEWER)]
_DECIDE = [needs(Role.APPROVER)]
_RETENTION = "/api/projects/{project:str}/retention"


class PlanTaken(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Which plan to apply."""

    plan: str


class PlanView(msgspec.Struct, frozen=True):
    """A plan with its id."""

    id: str
    plan: Plan


@get(f"{_RETENTION}/policy", guards=_LOOK, sync_to_thread=True)
def show_retention_policy(project: FromPath[str], retention: Service[Retention]) -> RetentionPolicy:
    """Show the policy in force."""
    return retention.policy(project)


@put(f"{_RETENTION}/policy", guards=_DECIDE, sync_to_thread=True)
def set_retention_policy(
    project: FromPath[str], data: JSONBody[JSONObject], retention: Service[Retention], actor: Service[Actor]
) -> RetentionPolicy:
    """Put a policy in force."""
    return retention.set_policy(project, data, actor=actor)


@get(f"{_RETENTION}/plan", guards=_LOOK, sync_to_thread=True)
def show_plan(project: FromPath[str], retention: Service[Retention]) -> PlanView:
    """Tell what would go now, why, and how many bytes; changes nothing."""
    plan = retention.plan(project)
    return PlanView(id=plan.id, plan=plan)


@post(f"{_RETENTION}/applications", guards=_DECIDE, status_code=202, sync_to_thread=True)
def apply_plan(
    project: FromPath[str], data: JSONBody[PlanTaken], retention: Service[Retention], actor: Service[Actor]
) -> Applied:
    """Do exactly what a plan says; refused when something else would go now."""
    return retention.apply(project, data.plan, actor=actor)


HANDLERS = (show_retention_policy, set_retention_policy, show_plan, apply_plan)
