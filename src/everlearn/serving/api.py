"""Deployments, labels and the prediction log over JSON. Inference itself is the gateway's, on an address of its own."""

from datetime import datetime
from typing import Annotated

import msgspec
from litestar import get, post
from msgspec import Meta

from everlearn.access import Role
from everlearn.core.actor import Actor
from everlearn.core.page import Page
from everlearn.registry import Registry
from everlearn.serving.model import Delivery, Deployment, Label, Phase, Scored, Traffic, TrafficChange
from everlearn.serving.service import Deployments, Labels, PredictionLog
from everlearn.web import FromPath, FromQuery, JSONBody, Service, needs

_VIEWER = [needs(Role.VIEWER)]
_CONTRIBUTOR = [needs(Role.CONTRIBUTOR)]
_OPERATOR = [needs(Role.OPERATOR)]

_Instant = Annotated[datetime, Meta(tz=True)]
_Version = Annotated[int, Meta(ge=1, le=2**31 - 1)]

MOST_LABELS = 10_000


class NewTraffic(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Where an operator sends the traffic, and why."""

    champion: _Version
    reason: Annotated[str, Meta(min_length=1, max_length=1_000)]
    candidate: _Version | None = None
    phase: Phase = Phase.NONE
    weight: Annotated[float, Meta(ge=0.0, le=1.0)] = 0.0


class NewLabel(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What turned out to be true for one prediction."""

    prediction_id: Annotated[str, Meta(min_length=1, max_length=160)]
    value: float
    observed_at: _Instant


class NewLabels(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A batch of labels."""

    items: Annotated[list[NewLabel], Meta(min_length=1, max_length=MOST_LABELS)]


class NewWatermark(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Through when all labels are delivered."""

    through: _Instant


class Watermark(msgspec.Struct, frozen=True):
    """Through when all labels are delivered; null: nothing has been promised yet."""

    through: datetime | None


@get("/api/projects/{project:str}/models/{model:str}/deployment", guards=_VIEWER, sync_to_thread=True)
def deployment(project: FromPath[str], model: FromPath[str], deployments: Service[Deployments]) -> Deployment:
    """Tell where the traffic of a model goes."""
    return deployments.state(project, model)


@post(
    "/api/projects/{project:str}/models/{model:str}/deployment", guards=_OPERATOR, status_code=200, sync_to_thread=True
)
def redirect_traffic(
    project: FromPath[str],
    model: FromPath[str],
    data: JSONBody[NewTraffic],
    deployments: Service[Deployments],
    registry: Service[Registry],
    actor: Service[Actor],
) -> Deployment:
    """Send the traffic of a model elsewhere by hand: another champion, or a candidate in shadow or canary.

    The same traffic again changes nothing. Another candidate or champion than the present one is refused while a
    candidate is being tried out; end that with phase `none` first.
    """
    to = Traffic(champion=data.champion, candidate=data.candidate, phase=data.phase, weight=data.weight)
    return deployments.redirect(project, model, to, versions=registry, reason=data.reason, actor=actor)


@get("/api/projects/{project:str}/models/{model:str}/deployment/history", guards=_VIEWER, sync_to_thread=True)
def deployment_history(
    project: FromPath[str],
    model: FromPath[str],
    deployments: Service[Deployments],
    after: FromQuery[str | None] = None,
    limit: FromQuery[int] = 50,
) -> Page[TrafficChange]:
    """List the changes of a model's traffic, newest first, each with its reason."""
    return deployments.history(project, model, after=after, limit=limit)


@post(
    "/api/projects/{project:str}/models/{model:str}/labels", guards=_CONTRIBUTOR, status_code=200, sync_to_thread=True
)
def deliver_labels(
    project: FromPath[str], model: FromPath[str], data: JSONBody[NewLabels], labels: Service[Labels]
) -> Delivery:
    """Deliver what turned out to be true, at most 10,000 labels at once.

    A prediction is named `<id of the request>:<row>`. Labels may come before their prediction is stored, and again;
    one that contradicts a stored label is refused together with its batch.
    """
    batch = [
        Label(prediction_id=item.prediction_id, value=item.value, observed_at=item.observed_at) for item in data.items
    ]
    return labels.deliver(project, model, batch)


@get("/api/projects/{project:str}/models/{model:str}/watermark", guards=_VIEWER, sync_to_thread=True)
def watermark(project: FromPath[str], model: FromPath[str], labels: Service[Labels]) -> Watermark:
    """Tell through when all labels of a model are delivered."""
    return Watermark(through=labels.state(project, model))


@post(
    "/api/projects/{project:str}/models/{model:str}/watermark",
    guards=_CONTRIBUTOR,
    status_code=200,
    sync_to_thread=True,
)
def advance_watermark(
    project: FromPath[str],
    model: FromPath[str],
    data: JSONBody[NewWatermark],
    labels: Service[Labels],
    actor: Service[Actor],
) -> Watermark:
    """Promise that the labels of all predictions with an event time before `through` have been delivered.

    Windows that end there are evaluated now. The call waits some seconds until everything that live gateways have
    answered is stored; if that takes longer it answers 503 with Retry-After and changes nothing. A watermark moves
    forwards only; the same one again changes nothing.
    """
    return Watermark(through=labels.advance(project, model, through=data.through, actor=actor))


@get("/api/projects/{project:str}/models/{model:str}/predictions", guards=_VIEWER, sync_to_thread=True)
def predictions(
    project: FromPath[str],
    model: FromPath[str],
    prediction_log: Service[PredictionLog],
    start: FromQuery[str | None] = None,
    end: FromQuery[str | None] = None,
    after: FromQuery[str | None] = None,
    limit: FromQuery[int] = 100,
) -> Page[Scored]:
    """List what callers were answered with, by event time from `start` to before `end`, with labels where known."""
    return prediction_log.page(project, model, span=(start, end), after=after, limit=limit)


HANDLERS = (
    deployment,
    redirect_traffic,
    deployment_history,
    deliver_labels,
    watermark,
    advance_watermark,
    predictions,
)
