"""A server that is killed while clients move aliases under contract: state, history, log and decisions agree."""

import signal
import threading
from pathlib import Path
from typing import Any

import httpx
from tests.app.processes import free_port, serving

from everlearn.app.settings import load_settings
from everlearn.app.wiring import build
from everlearn.core.decisions import Verdict
from everlearn.registry.events import AliasMoved

MODEL = "eta"
CONTRACT = {"contracts": [{"description": True}]}


def send(port: int, method: str, path: str, body: dict[str, Any]) -> int:
    return httpx.request(method, f"http://127.0.0.1:{port}/api{path}", json=body, timeout=30).status_code


def move_until_refused(port: int, writer: int, acknowledged: dict[str, list[int]], begun: threading.Event) -> None:
    """Move an alias of one's own and one that all move, forth and back, until the server is gone."""
    for number in range(100_000):
        version = number % 2 + 1
        for alias in (f"mine-{writer}", "shared"):
            asked = {"name": MODEL, "alias": alias, "version": str(version)}
            try:
                status = send(port, "POST", "/2.0/mlflow/registered-models/alias", asked)
            except httpx.HTTPError:
                return
            if status == 200:
                acknowledged[alias].append(version)
        if number == 5:
            begun.set()


def test_acknowledged_moves_are_there_and_state_event_and_decision_agree(tmp_path: Path) -> None:
    port, begun = free_port(), threading.Event()
    acknowledged: dict[str, list[int]] = {alias: [] for alias in ("shared", "mine-0", "mine-1", "mine-2")}
    with serving(tmp_path / "home", port) as server:
        send(port, "POST", "/2.0/mlflow/registered-models/create", {"name": MODEL})
        for _ in range(2):
            version = {"name": MODEL, "source": "s3://bucket/x", "description": "words"}
            assert send(port, "POST", "/2.0/mlflow/model-versions/create", version) == 200
        assert send(port, "PUT", f"/projects/default/models/{MODEL}/policies/alias", CONTRACT) == 200
        writers = [
            threading.Thread(target=move_until_refused, args=(port, writer, acknowledged, begun)) for writer in range(3)
        ]
        for thread in writers:
            thread.start()
        assert begun.wait(60)
        server.send_signal(signal.SIGKILL)
        for thread in writers:
            thread.join()

    platform = build(load_settings({"home": str(tmp_path / "home")}, environ={}).settings)
    try:
        with platform.db.read() as tx:
            entries = platform.log.read(tx, after=0, limit=100_000, names=["registry.alias_moved"])
        events = [entry.event for entry in entries if isinstance(entry.event, AliasMoved)]
        state = {one.alias: one.number for one in platform.registry.aliases("default", MODEL)}
        for alias, told in acknowledged.items():
            moved = [event for event in events if event.alias == alias]
            history = all_moves(platform.registry, alias)

            assert [(one.before, one.after, one.decision_id) for one in history] == [
                (event.before, event.after, event.decision_id) for event in moved
            ]
            assert [one.before for one in history[1:]] == [one.after for one in history[:-1]]
            assert state[alias] == history[-1].after
            if alias != "shared":  # each acknowledged one is there; the last may have been made and not answered
                assert [one.after for one in history][: len(told)] == told
                assert len(told) <= len(history) <= len(told) + 1
        verdicts = [platform.decisions.get("default", event.decision_id or "").finding.verdict for event in events]
        assert set(verdicts) == {Verdict.PASS}
        assert len({event.decision_id for event in events}) == len(events)
        ledger = platform.decisions.replay_all("default")
        assert ledger.is_sound
        assert ledger.decisions >= len(events)
    finally:
        platform.close()


def all_moves(registry: Any, alias: str) -> list[Any]:
    """Give the history of an alias, oldest first."""
    found, after = list[Any](), None
    while True:
        page = registry.alias_history("default", MODEL, alias, after=after, limit=1_000)
        found += page.items
        if page.next is None:
            return found[::-1]
        after = page.next
