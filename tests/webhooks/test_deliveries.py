"""Deliveries from the registry's events to a real receiver, on both engines."""

import base64
import hashlib
import hmac
import json
from datetime import timedelta

import pytest
import sqlalchemy as sa
from tests.egress.receiver import Receiver
from tests.webhooks.bench import MODELS, VERSIONS, Bench

from everlearn.core.actor import Actor
from everlearn.egress import AddressRefusedError
from everlearn.jobs import JobContext
from everlearn.jobs.errors import LeaseLostError
from everlearn.webhooks.model import (
    Action,
    DeliveryPendingError,
    DeliveryState,
    Entity,
    Outcome,
    Status,
    Topic,
    wait_s,
)
from everlearn.webhooks.service import Changes
from everlearn.webhooks.tables import webhooks

ADA = Actor("user:ada")
VERSION, MODEL = Topic(Entity.MODEL_VERSION, Action.CREATED), Topic(Entity.REGISTERED_MODEL, Action.CREATED)
EVERYTHING = (
    MODEL,
    VERSION,
    *(Topic(Entity.MODEL_VERSION_TAG, action) for action in (Action.SET, Action.DELETED)),
    *(Topic(Entity.MODEL_VERSION_ALIAS, action) for action in (Action.CREATED, Action.DELETED)),
    Topic(Entity.PROMPT, Action.CREATED),
    Topic(Entity.PROMPT_VERSION, Action.CREATED),
    *(Topic(Entity.PROMPT_TAG, action) for action in (Action.SET, Action.DELETED)),
    *(Topic(Entity.PROMPT_VERSION_TAG, action) for action in (Action.SET, Action.DELETED)),
    *(Topic(Entity.PROMPT_ALIAS, action) for action in (Action.CREATED, Action.DELETED)),
)


def told(receiver: Receiver) -> list[tuple[str, object]]:
    bodies = [json.loads(one.body) for one in receiver.received]
    return [(f"{body['entity']}.{body['action']}", body["data"]) for body in bodies]


def live(bench: Bench, name: str, *, is_prompt: bool) -> None:
    """Let a model, or a prompt, go through all that webhooks know of."""
    mark = [{"key": "mlflow.prompt.is_prompt", "value": "true"}] if is_prompt else []
    text = [{"key": "mlflow.prompt.text", "value": "Hello {{you}}"}] if is_prompt else []
    registry, one = bench.registry, {"name": name, "version": "1"}
    bench.model(name, tags=[{"key": "team", "value": "rides"}, *mark], description="words")
    bench.version(name, tags=[{"key": "size", "value": "small"}, *text, *mark], run_id="r1")
    registry.post(f"{MODELS}/set-tag", name=name, key="city", value="NYC")
    registry.send("DELETE", f"{MODELS}/delete-tag", json={"name": name, "key": "city"})
    registry.send("DELETE", f"{MODELS}/delete-tag", json={"name": name, "key": "never there"})
    registry.post(f"{VERSIONS}/set-tag", **one, key="k", value="v")
    registry.send("DELETE", f"{VERSIONS}/delete-tag", json=one | {"key": "k"})
    registry.post(f"{MODELS}/alias", **one, alias="best")
    registry.send("DELETE", f"{MODELS}/alias", json={"name": name, "alias": "best"})
    bench.work()


def test_all_that_happens_to_a_model_is_told_in_the_protocols_shapes(bench: Bench, receiver: Receiver) -> None:
    bench.listen(receiver, *EVERYTHING)
    live(bench, "eta", is_prompt=False)

    assert sorted(told(receiver), key=lambda one: one[0]) == [
        ("model_version.created", told_version("eta", source="s3://b/x", run_id="r1")),
        ("model_version_alias.created", {"name": "eta", "alias": "best", "version": "1"}),
        ("model_version_alias.deleted", {"name": "eta", "alias": "best"}),
        ("model_version_tag.deleted", {"name": "eta", "version": "1", "key": "k"}),
        ("model_version_tag.set", {"name": "eta", "version": "1", "key": "k", "value": "v"}),
        ("registered_model.created", {"name": "eta", "tags": {"team": "rides"}, "description": "words"}),
    ]


def test_all_that_happens_to_a_prompt_is_told_as_a_prompts(bench: Bench, receiver: Receiver) -> None:
    bench.listen(receiver, *EVERYTHING)
    live(bench, "hello", is_prompt=True)

    assert sorted(told(receiver), key=lambda one: one[0]) == [
        ("prompt.created", {"name": "hello", "tags": {"team": "rides"}, "description": "words"}),
        ("prompt_alias.created", {"name": "hello", "alias": "best", "version": "1"}),
        ("prompt_alias.deleted", {"name": "hello", "alias": "best"}),
        ("prompt_tag.deleted", {"name": "hello", "key": "city"}),
        ("prompt_tag.set", {"name": "hello", "key": "city", "value": "NYC"}),
        ("prompt_version.created", told_version("hello", template="Hello {{you}}")),
        ("prompt_version_tag.deleted", {"name": "hello", "version": "1", "key": "k"}),
        ("prompt_version_tag.set", {"name": "hello", "version": "1", "key": "k", "value": "v"}),
    ]


def told_version(name: str, **own: str) -> dict[str, object]:
    return {"name": name, "version": "1", "tags": {"size": "small"}, "description": None, **own}


def test_only_what_was_asked_for_since_and_in_ones_own_project_is_told(bench: Bench, receiver: Receiver) -> None:
    bench.model("before")
    bench.clock.at += timedelta(seconds=1)
    bench.listen(receiver, MODEL)
    disabled = bench.listen(receiver, MODEL)
    bench.webhooks.change("default", disabled.id, Changes(status=Status.DISABLED), actor=ADA)
    bench.registry.project("other").post(f"{MODELS}/create", name="theirs")
    bench.model("after")
    bench.version("after")
    bench.work()

    assert [data for _, data in told(receiver)] == [{"name": "after", "tags": {}, "description": None}]


def test_a_receiver_can_check_who_sent_it_and_when(sqlite_bench: Bench, receiver: Receiver) -> None:
    webhook = sqlite_bench.listen(receiver, MODEL, secret="s3cret")
    sqlite_bench.model()
    sqlite_bench.work()

    (request,) = receiver.received
    delivery, at = request.headers["x-mlflow-delivery-id"], request.headers["x-mlflow-timestamp"]
    code = hmac.new(b"s3cret", f"{delivery}.{at}.{request.body}".encode(), hashlib.sha256).digest()
    assert request.headers["x-mlflow-signature"] == f"v1,{base64.b64encode(code).decode()}"
    assert (delivery, int(at)) == (sqlite_bench.of(webhook)[0].id, int(sqlite_bench.clock.at.timestamp()))
    assert json.loads(request.body)["timestamp"] == "2026-01-01T00:00:00+00:00"


def test_a_secret_is_neither_stored_nor_shown_as_it_is(sqlite_bench: Bench, receiver: Receiver) -> None:
    webhook = sqlite_bench.listen(receiver, MODEL, secret="s3cret")
    with sqlite_bench.webhooks.db.read() as tx:
        stored = tx.execute(sa.select(webhooks.c.secret)).scalar_one()

    assert "s3cret" not in stored
    assert "s3cret" not in repr(sqlite_bench.webhooks.get("default", webhook.id))
    assert "s3cret" not in sqlite_bench.door.get("/mlflow/webhooks").content.decode()
    assert sqlite_bench.webhooks.seal.path.stat().st_mode & 0o777 == 0o600
    unsigned = sqlite_bench.webhooks.change("default", webhook.id, Changes(secret=""), actor=ADA)
    assert (webhook.has_secret, unsigned.has_secret, sqlite_bench.webhooks.secret(webhook.id)) == (True, False, "")


def test_what_fails_for_a_while_is_tried_again_and_arrives_once(bench: Bench, receiver: Receiver) -> None:
    webhook = bench.listen(receiver, MODEL)
    receiver.answers += [(500, {}, b""), (429, {"Retry-After": "100"}, b"")]
    bench.model()
    bench.work()
    assert (bench.of(webhook)[0].state, len(receiver.received)) == (DeliveryState.PENDING, 1)
    bench.wait(4.9)
    assert len(receiver.received) == 1
    bench.wait(0.1)  # five seconds after the first attempt, give or take a fifth: the chance here is the middle
    assert len(receiver.received) == 2
    bench.wait(99)
    assert len(receiver.received) == 2
    bench.wait(1)  # as the receiver asked

    (delivery,) = bench.of(webhook)
    assert (delivery.state, delivery.attempts, delivery.last_status) == (DeliveryState.DELIVERED, 3, 200)
    assert len({one.headers["x-mlflow-delivery-id"] for one in receiver.received}) == 1
    log = bench.deliveries.attempts("default", delivery.id)
    assert [(one.number, one.status, one.error) for one in log] == [
        (1, 500, "answered 500"),
        (2, 429, "answered 429"),
        (3, 200, ""),
    ]


@pytest.mark.parametrize("status", [301, 307, 400, 401, 404, 410])
def test_what_no_repetition_helps_is_a_dead_letter_at_once_and_can_be_sent_again(
    sqlite_bench: Bench, receiver: Receiver, status: int
) -> None:
    webhook = sqlite_bench.listen(receiver, MODEL)
    receiver.answers.append((status, {"Location": receiver.url}, b""))
    sqlite_bench.model()
    sqlite_bench.work()
    (dead,) = sqlite_bench.of(webhook)
    assert (dead.state, dead.attempts, dead.last_status, dead.next_at) == (DeliveryState.DEAD, 1, status, None)
    assert sqlite_bench.deliveries.list("default", webhook.id, state=DeliveryState.DEAD).items == [dead]

    sqlite_bench.deliveries.again("default", dead.id)
    with pytest.raises(DeliveryPendingError):
        sqlite_bench.deliveries.again("default", dead.id)
    sqlite_bench.work()
    assert sqlite_bench.of(webhook)[0].state is DeliveryState.DELIVERED
    assert len(sqlite_bench.deliveries.attempts("default", dead.id)) == 2


def test_a_receiver_that_stays_away_makes_a_dead_letter_with_an_event(sqlite_bench: Bench, receiver: Receiver) -> None:
    webhook = sqlite_bench.listen(receiver, MODEL)
    receiver.answers += [(503, {}, b"")] * 10
    sqlite_bench.model()
    sqlite_bench.work()
    for _ in range(12):
        sqlite_bench.wait(86_400)

    (dead,) = sqlite_bench.of(webhook)
    assert (dead.state, dead.attempts, len(receiver.received)) == (DeliveryState.DEAD, 10, 10)
    with sqlite_bench.webhooks.db.read() as tx:
        (entry,) = sqlite_bench.webhooks.log.read(tx, after=0, limit=10, names=["webhooks.delivery_died"])
    assert getattr(entry.event, "delivery_id", None) == dead.id


def test_an_attempt_whose_worker_is_lost_is_made_again_under_the_same_id(bench: Bench, receiver: Receiver) -> None:
    webhook = bench.listen(receiver, MODEL)
    bench.model()
    queue, db = bench.deliveries.queue, bench.webhooks.db
    for pump in bench.worker.pumps:
        pump()
    with db.write() as tx:
        (job,) = queue.claim(tx, worker="lost", kinds=["webhooks.deliver"], lease_s=30)
    with db.write() as tx:
        queue.release_worker(tx, "lost")  # it is taken for dead while it sends
    with pytest.raises(LeaseLostError):
        bench.deliveries.attempt(str(job.arguments["delivery_id"]), JobContext(job, queue))
    assert (len(receiver.received), bench.of(webhook)[0].state) == (1, DeliveryState.PENDING)
    bench.work()

    assert [one.headers["x-mlflow-delivery-id"] for one in receiver.received] == [bench.of(webhook)[0].id] * 2
    assert bench.of(webhook)[0].state is DeliveryState.DELIVERED


def test_a_webhook_that_goes_takes_its_deliveries_with_it(bench: Bench, receiver: Receiver) -> None:
    webhook = bench.listen(receiver, MODEL)
    receiver.answers.append((500, {}, b""))
    bench.model()
    bench.work()
    bench.webhooks.delete("default", webhook.id, actor=ADA)
    bench.wait(86_400)

    assert len(receiver.received) == 1


def test_an_address_that_is_not_public_is_refused_when_it_is_given_and_when_it_is_sent_to(
    sqlite_bench: Bench, receiver: Receiver
) -> None:
    webhook = sqlite_bench.listen(receiver, MODEL)
    for url in ("https://10.0.0.1/", "https://169.254.169.254/latest/meta-data", "https://[::1]/"):
        with pytest.raises(AddressRefusedError):
            sqlite_bench.webhooks.change("default", webhook.id, Changes(url=url), actor=ADA)
    with sqlite_bench.webhooks.db.write() as tx:  # as if its name led elsewhere by now
        tx.execute(sa.update(webhooks).values(url="https://10.0.0.1/"))
    sqlite_bench.model()
    sqlite_bench.work()

    (dead,) = sqlite_bench.of(webhook)
    assert (dead.state, dead.last_status) == (DeliveryState.DEAD, None)
    assert "non-public" in dead.last_error


@pytest.mark.parametrize(("attempts", "least", "most"), [(1, 4, 6), (2, 24, 36), (9, 34_560, 51_840)])
def test_waits_grow_and_are_spread_by_a_fifth_each_way(attempts: int, least: float, most: float) -> None:
    assert wait_s(attempts, 0, 0.0) == pytest.approx(least)
    assert wait_s(attempts, 0, 1.0) == pytest.approx(most)
    assert wait_s(attempts, 1e12, 0.0) == 86_400


@pytest.mark.parametrize(
    ("outcome", "again"),
    [
        (Outcome(status=None, error="closed"), True),
        (Outcome(status=408), True),
        (Outcome(status=425), True),
        (Outcome(status=429), True),
        (Outcome(status=599), True),
        (Outcome(status=302), False),
        (Outcome(status=403), False),
        (Outcome(status=None, error="refused", is_final=True), False),
    ],
)
def test_only_what_may_pass_is_tried_again(outcome: Outcome, *, again: bool) -> None:
    assert outcome.may_be_retried is again
