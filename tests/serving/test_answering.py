import math
from datetime import UTC, datetime

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.serving.models import PLANE, gather, plane, unary

from everlearn.core.errors import NotFoundError
from everlearn.serving.gateway.answering import Answered, answer_batch
from everlearn.serving.gateway.breaker import Breaker
from everlearn.serving.gateway.fleet import Broken, Candidate, Route
from everlearn.serving.gateway.runtime import load_scorer
from everlearn.serving.gateway.shipping import rows_of
from everlearn.serving.model import Deployment, Traffic
from everlearn.serving.ports import LoadedSpec
from everlearn.serving.protocol import Batch
from everlearn.serving.routing import share_of

NOON = datetime(2013, 2, 1, 12, tzinfo=UTC)
CHAMPION = load_scorer(1, plane(1.0, 1.0))
ROOT = load_scorer(2, LoadedSpec(onnx=unary("Sqrt"), signature=PLANE))
"""Usable where the sum of the columns is 0 or more."""


def route(traffic: Traffic, candidate: Candidate | None) -> Route:
    deployment = Deployment(project="default", model="eta", generation=5, traffic=traffic, salt="salt")
    columns = tuple((column.name, column.datatype) for column in PLANE.inputs)
    return Route(deployment=deployment, traffic=traffic, champion=CHAMPION, candidate=candidate, columns=columns)


def canary(weight: float) -> Route:
    traffic = Traffic(champion=1, candidate=2, phase="canary", weight=weight)
    return route(traffic, Candidate(scorer=ROOT))


def batch(values: list[float], names: list[str] | None = None) -> Batch:
    return Batch(
        request_id="r",
        rows=len(values),
        columns={"x": np.array(values), "y": np.zeros(len(values))},
        ignored=(),
        entity_ids=names or [f"r:{index}" for index in range(len(values))],
        event_times=None,
        outputs=None,
        is_binary_by_default=False,
    )


def first_output(answered: Answered) -> list[float]:
    assert answered.outputs is not None
    return [float(value) for value in answered.outputs[0]]


@given(
    rows=st.lists(st.tuples(st.integers(-900, 900), st.text(min_size=1)), min_size=1, max_size=20),
    weight=st.floats(0.01, 1.0),
)
def test_each_row_is_answered_by_the_version_its_entity_belongs_to_or_else_by_the_champion(
    rows: list[tuple[int, str]], weight: float
) -> None:
    values, names = [float(value) for value, _ in rows], [name for _, name in rows]

    answered = answer_batch(canary(weight), batch(values, names), version=None, at=NOON)

    theirs = [share_of("salt", name) < weight for name in names]
    expected = [
        math.sqrt(value) if is_theirs and value >= 0 else value for value, is_theirs in zip(values, theirs, strict=True)
    ]
    assert first_output(answered) == pytest.approx(expected)
    fallbacks = [is_theirs and value < 0 for value, is_theirs in zip(values, theirs, strict=True)]
    assert answered.fallback_rows == sum(fallbacks)
    assert answered.is_degraded == any(fallbacks)
    recorded = rows_of(answered.record)
    served = [row for row in recorded if row["is_served"]]
    assert len(recorded) == 2 * len(rows)
    assert sorted(row["prediction_id"] for row in served) == sorted(f"r:{index}" for index in range(len(rows)))
    assert sum(answered.served.values()) == len(rows)


def test_a_request_that_nobody_can_answer_serves_no_row() -> None:
    broken = route(Traffic(champion=1), None)
    failing = Route(
        deployment=broken.deployment, traffic=broken.traffic, champion=ROOT, candidate=None, columns=broken.columns
    )

    answered = answer_batch(failing, batch([4.0, -1.0]), version=None, at=NOON)

    assert answered.outputs is None
    assert [(row["status"], row["is_served"]) for row in rows_of(answered.record)] == [("ok", False), ("failed", False)]


def test_a_version_that_is_not_deployed_cannot_be_asked() -> None:
    with pytest.raises(NotFoundError):
        answer_batch(canary(0.5), batch([1.0]), version=3, at=NOON)


def test_a_broken_candidate_asked_by_number_is_recorded_as_failed() -> None:
    traffic = Traffic(champion=1, candidate=2, phase="shadow")
    broken = route(traffic, Candidate(scorer=Broken(version=2, reason="not a graph")))

    answered = answer_batch(broken, batch([1.0]), version=2, at=NOON)

    assert answered.outputs is None
    assert [row["version"] for row in rows_of(answered.record)] == [2]


def test_a_candidate_that_keeps_failing_is_tried_now_and_then_and_taken_back() -> None:
    breaker = Breaker(threshold=3, probe_every=10)
    failing = Candidate(scorer=load_scorer(2, LoadedSpec(onnx=gather(), signature=PLANE)), breaker=breaker)
    shadow = route(Traffic(champion=1, candidate=2, phase="shadow"), failing)
    open_after = []

    for value in [5.0] * 3 + [0.0] * 10:
        answer_batch(shadow, batch([value]), version=None, at=NOON)
        open_after.append(breaker.is_open)

    assert open_after == [False, False, True, *[True] * 9, False]
