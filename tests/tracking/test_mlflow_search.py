"""Searching runs: what comes out is compared with the same question put to plain Python lists."""

import math
import random
from collections.abc import Callable, Sequence
from functools import cmp_to_key
from typing import Any

import pytest
from tests.tracking.protocol import Server, server_of

from everlearn.blobs import BlobStore
from everlearn.core.clock import ManualClock
from everlearn.db import Database
from everlearn.eventlog import EventLog

Run = dict[str, Any]
N_RUNS = 60


@pytest.fixture
def server(db: Database, log: EventLog, blobs: BlobStore, clock: ManualClock) -> Server:
    return server_of(db, log, blobs, clock)


def filled(server: Server, *, seed: int) -> list[Run]:
    """Log runs with some of each: absent, equal, not a number."""
    rng, runs = random.Random(seed), list[Run]()
    for number in range(N_RUNS):
        metrics = {key: rng.choice([0.0, 0.25, 0.5, 1.0, math.nan]) for key in "ab" if rng.random() < 0.8}
        params = {key: rng.choice(["adam", "sgd", "Adam_W", "100%"]) for key in "xy" if rng.random() < 0.8}
        start, name = rng.randrange(5), f"run-{rng.randrange(20)}"
        run_id = server.run("0", start_time=start, run_name=name)
        server.post(
            "/mlflow/runs/log-batch",
            run_id=run_id,
            metrics=[
                {"key": key, "value": "NaN" if math.isnan(value) else value, "timestamp": 1}
                for key, value in metrics.items()
            ],
            params=[{"key": key, "value": value} for key, value in params.items()],
        )
        runs.append({"id": run_id, "start": start, "name": name, "metrics": metrics, "params": params, "no": number})
    return runs


def found(server: Server, text: str, order: Sequence[str], *, page: int) -> list[str]:
    """Ask page by page."""
    runs, token = list[str](), None
    while True:
        body = {"experiment_ids": ["0"], "filter": text, "order_by": order, "max_results": page}
        answer = server.post("/mlflow/runs/search", **body, **({"page_token": token} if token else {})).body
        runs += [one["info"]["run_id"] for one in answer.get("runs", [])]
        token = answer.get("next_page_token")
        if token is None:
            return runs


def by_metric(key: str, *, descending: bool) -> Callable[[Run], tuple[float, ...]]:
    """Numbers first, then not-a-number, then runs without it, in both directions."""

    def place(run: Run) -> tuple[float, ...]:
        value = run["metrics"].get(key)
        if value is None:
            return (2, 0)
        return (1, 0) if math.isnan(value) else (0, -value if descending else value)

    return place


def by_param(key: str, *, descending: bool) -> Callable[[Run], Any]:
    def compare(one: Run, other: Run) -> int:
        left: str | None = one["params"].get(key)
        right: str | None = other["params"].get(key)
        if left is None or right is None:
            return (left is None) - (right is None)
        return ((left > right) - (left < right)) * (-1 if descending else 1)

    return cmp_to_key(compare)


FILTERS: list[tuple[str, Callable[[Run], bool]]] = [
    ("", lambda _: True),
    ("metrics.a > 0.2", lambda run: run["metrics"].get("a", math.nan) > 0.2),
    ("metrics.a = 0.5", lambda run: run["metrics"].get("a") == 0.5),
    ("metrics.a != 0.5", lambda run: "a" in run["metrics"] and run["metrics"]["a"] != 0.5),
    ("params.x = 'adam'", lambda run: run["params"].get("x") == "adam"),
    ("params.x != 'adam'", lambda run: "x" in run["params"] and run["params"]["x"] != "adam"),
    ("params.x LIKE 'A%'", lambda run: run["params"].get("x", "").startswith("A")),
    ("params.x ILIKE 'a%'", lambda run: run["params"].get("x", "").lower().startswith("a")),
    ("params.x LIKE '%m_W'", lambda run: run["params"].get("x") == "Adam_W"),
    ("params.x LIKE '100%'", lambda run: run["params"].get("x") == "100%"),
    ("params.x IS NULL", lambda run: "x" not in run["params"]),
    ("params.x IS NOT NULL AND start_time >= 3", lambda run: "x" in run["params"] and run["start"] >= 3),
    ("tags.mlflow.runName = 'run-3'", lambda run: run["name"] == "run-3"),
    ("attributes.run_name LIKE 'run-1%'", lambda run: run["name"].startswith("run-1")),
    (
        "metrics.a <= 0.5 AND metrics.b >= 0.25 AND params.y = 'sgd'",
        lambda run: (
            run["metrics"].get("a", math.nan) <= 0.5
            and run["metrics"].get("b", math.nan) >= 0.25
            and run["params"].get("y") == "sgd"
        ),
    ),
    ("metrics.nobody = 1", lambda _: False),
    ("params.nobody IS NULL", lambda _: True),
    ("status = 'RUNNING' AND user_id = 'unknown'", lambda _: True),
    ("status = 'FAILED'", lambda _: False),
]

B_DOWN, X_UP = by_metric("b", descending=True), by_param("x", descending=False)
ORDERS: list[tuple[list[str], Callable[[Run], Any]]] = [
    ([], lambda _: 0),
    (["metrics.a"], by_metric("a", descending=False)),
    (["metrics.a DESC"], by_metric("a", descending=True)),
    (["params.x"], by_param("x", descending=False)),
    (["params.x DESC"], by_param("x", descending=True)),
    (["metrics.b DESC", "params.x"], lambda run: (B_DOWN(run), X_UP(run))),
    (["attributes.run_name", "metrics.a"], lambda run: (run["name"], by_metric("a", descending=False)(run))),
    (["start_time ASC"], lambda run: run["start"]),
    (["metrics.nobody DESC"], lambda _: 0),
]  # fmt: skip


def test_every_filter_and_order_finds_what_a_walk_through_all_runs_finds(server: Server) -> None:
    runs = filled(server, seed=7)
    for text, admits in FILTERS:
        for order, key in ORDERS:
            newest_first = sorted(runs, key=lambda run: (-run["start"], run["id"]))
            expected = [run["id"] for run in sorted(newest_first, key=key) if admits(run)]

            assert found(server, text, order, page=N_RUNS + 1) == expected, (text, order)
            assert found(server, text, order, page=7) == expected, (text, order, "in pages")


def test_deleted_runs_are_found_only_when_asked_for(server: Server) -> None:
    kept, deleted = server.run(), server.run()
    server.post("/mlflow/runs/delete", run_id=deleted)

    def ids(view: str | int) -> set[str]:
        body = server.post("/mlflow/runs/search", experiment_ids=["0"], run_view_type=view).body
        return {run["info"]["run_id"] for run in body.get("runs", [])}

    assert ids("ACTIVE_ONLY") == ids(1) == {kept}
    assert ids("DELETED_ONLY") == {deleted}
    assert ids("ALL") == {kept, deleted}


def test_experiments_are_searched_sorted_and_paged(server: Server) -> None:
    for name, team in (("eta", "rides"), ("ETA 2", "rides"), ("fraud", "risk")):
        tags = [{"key": "team", "value": team}]
        server.post("/mlflow/experiments/create", name=name, tags=tags)

    def names(**asked: Any) -> list[str]:
        body = server.post("/mlflow/experiments/search", max_results=2, **asked).body
        found = [one["name"] for one in body.get("experiments", [])]
        token = body.get("next_page_token")
        return found + (names(**asked | {"page_token": token}) if token else [])

    assert names(order_by=["name"]) == ["Default", "ETA 2", "eta", "fraud"]
    assert names(filter="name ILIKE 'eta%'", order_by=["name DESC"]) == ["eta", "ETA 2"]
    assert names(filter="tags.team = 'rides' AND name LIKE 'eta%'") == ["eta"]
    assert names(filter="tags.team IS NULL") == ["Default"]
    assert names(filter="tags.team != 'rides'") == ["fraud"]
    assert names(view_type="DELETED_ONLY") == []
