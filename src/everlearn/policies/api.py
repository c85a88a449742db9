"""Policies over JSON."""

from litestar import get, put

from everlearn.access import Role
from everlearn.core.actor import Actor
from everlearn.core.json import JSONObject
from everlearn.policies.service import Policies
from everlearn.web import FromPath, JSONBody, Service, needs

_LOOK = [needs(Role.VIEWER)]
_DECIDE = [needs(Role.APPROVER)]
_POLICIES = "/api/projects/{project:str}/models/{model:str}/policies"


@get(_POLICIES, guards=_LOOK, sync_to_thread=True)
def list_policies(project: FromPath[str], model: FromPath[str], policies: Service[Policies]) -> dict[str, JSONObject]:
    """Give every kind's document in force, defaults filled in."""
    return policies.all(project, model)


@get(f"{_POLICIES}/{{kind:str}}", guards=_LOOK, sync_to_thread=True)
def show_policy(
    project: FromPath[str], model: FromPath[str], kind: FromPath[str], policies: Service[Policies]
) -> JSONObject:
    """Give one kind's document in force, defaults filled in."""
    return policies.one(project, model, kind)


@put(f"{_POLICIES}/{{kind:str}}", guards=_DECIDE, sync_to_thread=True)
def set_policy(
    project: FromPath[str],
    model: FromPath[str],
    kind: FromPath[str],
    data: JSONBody[JSONObject],
    policies: Service[Policies],
    actor: Service[Actor],
) -> JSONObject:
    """Put a document in force; fields left out get their defaults. The same document again changes nothing."""
    policies.set(project, model, kind, data, actor=actor)
    return policies.one(project, model, kind)


HANDLERS = (list_policies, show_policy, set_policy)
