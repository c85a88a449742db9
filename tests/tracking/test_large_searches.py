"""Searches in which many runs fulfil every condition: other ways to the answer than among few, the same answer."""

import random
from collections.abc import Callable
from typing import Any

from everlearn.core.clock import ManualClock
from everlearn.db import Database
from everlearn.tracking import Experiments, Search
from everlearn.tracking.searching import Asked
from everlearn.tracking.store import experiments as experiment_store
from everlearn.tracking.store import points as point_store
from everlearn.tracking.store import runs as run_store
from everlearn.tracking.store.keys import number_keys
from everlearn.tracking.store.labels import PARAMS
from everlearn.tracking.store.points import point_of
from everlearn.tracking.store.runs import RunRow

Run = dict[str, Any]
N_RUNS, PAGE = 4_200, 20


def filled(db: Database, clock: ManualClock) -> list[Run]:
    """Write runs whose metrics have few values, so that many are equal where a page or a window ends."""
    rng, runs = random.Random(3), list[Run]()
    Experiments(db, clock).ensure_default("default")
    with db.write() as tx:
        experiment = experiment_store.by_id(tx, "default", 0)
        assert experiment is not None
        numbers = number_keys(tx, ["a", "b", "x"])
        for place in range(N_RUNS):
            run_id, start = f"{rng.getrandbits(64):016x}", rng.randrange(50)
            row = RunRow(
                no=0,
                id=run_id,
                project="default",
                experiment_no=experiment.no,
                experiment_id=0,
                experiment=experiment.name,
                name=f"run-{place}",
                user="me",
                status="FINISHED",
                start_ms=start,
                end_ms=start,
                lifecycle="active",
                artifact_root=f"0/{run_id}",
                effective_at=None,
                started_by="user:me",
            )
            number = run_store.insert(tx, row)
            assert number is not None
            run: Run = {
                "id": run_id,
                "start": start,
                "x": rng.choice("pq"),
                "a": rng.randrange(40) / 8,
                "b": rng.random(),
            }
            measured = [(numbers[key], point_of(0, 1, run[key])) for key in "ab"]
            point_store.insert(tx, number, experiment.no, measured)
            PARAMS.insert(tx, number, experiment.no, {numbers["x"]: run["x"]})
            runs.append(run)
    return runs


QUESTIONS: list[tuple[str, list[str], Callable[[Run], bool], Callable[[Run], Any]]] = [
    ("metrics.b > 0.3", ["metrics.a DESC"], lambda run: run["b"] > 0.3, lambda run: -run["a"]),
    ("metrics.b > 0.3", ["metrics.a ASC"], lambda run: run["b"] > 0.3, lambda run: run["a"]),
    (
        "params.x = 'p' AND metrics.b < 0.9",
        ["metrics.a DESC", "metrics.b"],
        lambda run: run["x"] == "p" and run["b"] < 0.9,
        lambda run: (-run["a"], run["b"]),
    ),
    (  # nothing among the first of the order fulfils it
        "metrics.a < 2.5 AND metrics.b > 0.1",
        ["metrics.a DESC"],
        lambda run: run["a"] < 2.5 and run["b"] > 0.1,
        lambda run: -run["a"],
    ),
    ("params.x = 'q'", ["metrics.b"], lambda run: run["x"] == "q", lambda run: run["b"]),
    ("metrics.b > 0.3", ["start_time ASC"], lambda run: run["b"] > 0.3, lambda run: run["start"]),
]


def test_pages_of_many_are_what_sorting_all_of_them_gives(db: Database, clock: ManualClock) -> None:
    newest_first = sorted(filled(db, clock), key=lambda run: (-run["start"], run["id"]))

    for text, order, admits, key in QUESTIONS:
        expected = [run["id"] for run in sorted(newest_first, key=key) if admits(run)]
        assert len(expected) > 1_800
        found, token = list[str](), None
        for _ in range(8):
            asked = Asked(filter=text, order_by=order, view="ACTIVE_ONLY", limit=PAGE, token=token)
            page, token = Search(db).runs("default", [0], asked)
            found += [one.run.id for one in page]

        assert found == expected[: 8 * PAGE], (text, order)
