"""Rollouts over JSON."""

from datetime import datetime
from typing import Annotated

import msgspec
from litestar import get, post
from msgspec import Meta

from everlearn.access import Role
from everlearn.core.actor import Actor
from everlearn.core.page import Page
from everlearn.rollouts.model import MOST_STEPS, Phase, Rollout, RolloutNotFoundError, Step
from everlearn.rollouts.service import NewRollout, Rollouts
from everlearn.web import FromPath, FromQuery, JSONBody, Service, needs

_LOOK = [needs(Role.VIEWER)]
_OPERATE = [needs(Role.OPERATOR)]
_ROLLOUTS = "/api/projects/{project:str}/models/{model:str}/rollouts"

Aware = Annotated[datetime, Meta(tz=True)]
Reason = Annotated[str, Meta(min_length=1, max_length=1_000)]


class NewStep(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One step: shadow, or canary with the share of entities that the candidate answers."""

    phase: Phase
    weight: Annotated[float, Meta(ge=0.0, lt=1.0)] = 0.0


class RolloutRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Which version shall be rolled out, and why by hand."""

    candidate: Annotated[int, Meta(ge=1, le=2**31 - 1)]
    reason: Reason
    effective_at: Aware | None = None  # event time from which pairs are counted; null: now
    skip_gate: bool = False
    steps: Annotated[list[NewStep], Meta(max_length=MOST_STEPS)] = msgspec.field(default_factory=list)


class RollbackRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Why a rollout is ended by hand."""

    reason: Reason
    at: Aware | None = None  # event time; null: now


@get(_ROLLOUTS, guards=_LOOK, sync_to_thread=True)
def list_rollouts(
    project: FromPath[str],
    model: FromPath[str],
    rollouts: Service[Rollouts],
    after: FromQuery[str | None] = None,
    limit: FromQuery[int] = 100,
) -> Page[Rollout]:
    """List the rollouts of a model, newest first."""
    return rollouts.list(project, model, after=after, limit=limit)


@get(f"{_ROLLOUTS}/{{rollout:str}}", guards=_LOOK, sync_to_thread=True)
def show_rollout(
    project: FromPath[str], model: FromPath[str], rollout: FromPath[str], rollouts: Service[Rollouts]
) -> Rollout:
    """Show one rollout."""
    return _of(rollouts, project, model, rollout)


@post(_ROLLOUTS, guards=_OPERATE, sync_to_thread=True)
def start_rollout(
    project: FromPath[str],
    model: FromPath[str],
    data: JSONBody[RolloutRequest],
    rollouts: Service[Rollouts],
    actor: Service[Actor],
) -> Rollout | None:
    """Begin rolling a version out by hand. `skip_gate` overrules a gate that has not passed; the reason is recorded.

    A version that never passed a gate is refused otherwise, and so is a second candidate beside a running one. Where
    the model has no champion to be compared with, the version answers at once, and null comes back.
    """
    new = NewRollout(
        project=project,
        model=model,
        candidate=data.candidate,
        effective_at=data.effective_at or rollouts.clock.now(),
        reason=data.reason,
        actor=actor,
        steps=tuple(Step(phase=step.phase, weight=step.weight) for step in data.steps),
    )
    return rollouts.start_by_hand(new, skip_gate=data.skip_gate)


@post(f"{_ROLLOUTS}/{{rollout:str}}/rollback", guards=_OPERATE, status_code=200, sync_to_thread=True)
def roll_back(
    project: FromPath[str],
    model: FromPath[str],
    rollout: FromPath[str],
    data: JSONBody[RollbackRequest],
    rollouts: Service[Rollouts],
    actor: Service[Actor],
) -> Rollout:
    """End a rollout; the champion answers everything again. Doing so twice changes nothing."""
    found = _of(rollouts, project, model, rollout)
    return rollouts.roll_back(found.id, at=data.at or rollouts.clock.now(), reason=data.reason, actor=actor)


def _of(rollouts: Rollouts, project: str, model: str, rollout_id: str) -> Rollout:
    found = rollouts.get(rollout_id)
    if (found.project, found.model) != (project, model):
        raise RolloutNotFoundError(f"model {model} has no rollout {rollout_id[:80]!r}")
    return found


HANDLERS = (list_rollouts, show_rollout, start_rollout, roll_back)
