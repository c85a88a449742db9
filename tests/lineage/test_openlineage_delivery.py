"""Events on their way to a receiver: tried again while it is away, given up when it refuses, complete in the end."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import msgspec
import pytest
from tests.lineage.history import ADA
from tests.lineage.rebuilt import check
from tests.serving.running import served

from everlearn.app.loop import LOOP, handlers, reactions_for
from everlearn.app.reactions import subscriptions
from everlearn.app.settings import load_settings
from everlearn.app.wiring import build
from everlearn.core.errors import UnavailableError
from everlearn.eventlog import Subscriptions
from everlearn.jobs import Worker
from everlearn.lineage.openlineage import Receiver
from everlearn.lineage.openlineage.delivery import NotTakenError
from everlearn.tracking import RunStatus


@dataclass
class Marquez:
    """Somebody who takes events: answers with these statuses first, then takes everything."""

    statuses: list[int] = field(default_factory=list)
    taken: list[Any] = field(default_factory=list)
    tokens: set[bytes] = field(default_factory=set)

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "lifespan":
            await receive()
            await send({"type": "lifespan.startup.complete"})
            await receive()
            await send({"type": "lifespan.shutdown.complete"})
            return
        body, more = b"", True
        while more:
            message = await receive()
            body, more = body + message.get("body", b""), message.get("more_body", False)
        status = self.statuses.pop(0) if self.statuses else 201
        if status == 201:
            self.taken.append(msgspec.json.decode(body))
            self.tokens.add(dict(scope["headers"])[b"authorization"])
        headers = [(b"location", b"/elsewhere")] if status == 307 else []
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": b""})


@contextmanager
def receiving(*statuses: int) -> Iterator[tuple[Marquez, Receiver]]:
    marquez = Marquez([*statuses])
    with served(marquez) as port:
        yield marquez, Receiver(f"http://127.0.0.1:{port}/api/v1/lineage", "secret")


@pytest.mark.parametrize("status", [500, 503, 429])
def test_a_receiver_that_is_away_is_waited_for(status: int) -> None:
    with receiving(status) as (marquez, receiver):
        with pytest.raises(UnavailableError):
            receiver.send({"eventType": "START"})
        receiver.send({"eventType": "START"})

    assert marquez.taken == [{"eventType": "START"}]
    with pytest.raises(UnavailableError):
        receiver.send({"eventType": "START"})  # nobody listens there any more


@pytest.mark.parametrize("status", [400, 401, 307])
def test_a_refusal_is_final_and_no_redirect_gets_the_token(status: int) -> None:
    with receiving(status) as (marquez, receiver), pytest.raises(NotTakenError):
        receiver.send({"eventType": "START"})

    assert marquez.taken == []


def test_what_runs_is_sent_only_where_a_setting_says_so(tmp_path: Path) -> None:
    settings = load_settings({"home": str(tmp_path)}, environ={}).settings
    assert reactions_for(settings) == LOOP

    with receiving() as (marquez, receiver):
        told = replace(settings, openlineage_url=receiver.url, openlineage_token="secret")
        platform = build(told)
        run = platform.tracking.start_run("default", "first", actor=ADA)
        platform.tracking.end_run(run.id, RunStatus.FAILED)
        reactions = Subscriptions(platform.db, platform.log, subscriptions(reactions_for(told), platform.queue))
        Worker(platform.db, platform.queue, handlers(platform), name="w", pumps=(reactions.pump,)).work_off()
        platform.close()

    assert sorted(str(check(event).eventType) for event in marquez.taken) == ["EventType.FAIL", "EventType.START"]
    assert marquez.tokens == {b"Bearer secret"}
