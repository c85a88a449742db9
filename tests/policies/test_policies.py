"""Policies: documents that people set in advance, checked by their type, every revision on record."""

import re
from typing import Any

import pytest

from everlearn.app.wiring import POLICY_TYPES
from everlearn.core.actor import Actor
from everlearn.core.clock import SystemClock
from everlearn.core.errors import InvalidError
from everlearn.db import Database
from everlearn.eventlog import Catalogue, EventLog
from everlearn.policies import Policies, PolicySet
from everlearn.policies.events import EVENTS
from everlearn.policies.model import KindUnknownError
from everlearn.policies.store import insert
from everlearn.quality.model import GatePolicy
from everlearn.rollouts import RolloutPolicy

ADA = Actor("user:ada")


@pytest.fixture
def policies(db: Database) -> Policies:
    return policies_of(db, {"gate": GatePolicy, "rollout": RolloutPolicy})


def policies_of(db: Database, types: dict[str, type]) -> Policies:
    clock = SystemClock()
    return Policies(db, EventLog(Catalogue(EVENTS), clock), clock, types)


def gate(policies: Policies) -> GatePolicy:
    with policies.db.read() as tx:
        return policies.get(tx, "default", "eta", GatePolicy)


def test_nobody_has_to_set_one(policies: Policies) -> None:
    assert gate(policies) == GatePolicy()
    assert set(policies.all("default", "eta")) == {"gate", "rollout"}


def test_the_newest_is_in_force_and_what_it_leaves_out_has_its_default(policies: Policies) -> None:
    policies.set("default", "eta", "gate", {"minimum_improvement": 0.5}, actor=ADA)
    number = policies.set("default", "eta", "gate", {"minimum_rows": 50}, actor=ADA)

    assert number == 2
    assert gate(policies) == GatePolicy(minimum_rows=50)


def test_the_same_document_again_changes_nothing(policies: Policies) -> None:
    first = policies.set("default", "eta", "gate", {"minimum_rows": 50}, actor=ADA)
    again = policies.set("default", "eta", "gate", {"minimum_rows": 50}, actor=ADA)

    with policies.db.read() as tx:
        events = [entry.event for entry in policies.log.read(tx, after=0, limit=10)]
    assert first == again == 1
    assert [type(event) for event in events] == [PolicySet]


def test_models_have_policies_of_their_own(policies: Policies) -> None:
    policies.set("default", "parking", "gate", {"minimum_rows": 50}, actor=ADA)

    assert gate(policies) == GatePolicy()


def test_what_is_set_for_all_models_holds_for_those_without_a_policy_of_their_own(policies: Policies) -> None:
    policies.set("default", "*", "gate", {"minimum_rows": 60}, actor=ADA)
    assert gate(policies).minimum_rows == policies.one("default", "eta", "gate")["minimum_rows"] == 60
    policies.set("default", "eta", "gate", {"minimum_rows": 50}, actor=ADA)

    assert gate(policies).minimum_rows == policies.all("default", "eta")["gate"]["minimum_rows"] == 50
    with policies.db.read() as tx:
        assert [one.minimum_rows for one in policies.every(tx, "default", "eta", GatePolicy)] == [60, 50]


def test_one_kind_is_read_alone_and_a_kind_that_is_none_is_said(policies: Policies) -> None:
    policies.set("default", "eta", "gate", {"minimum_rows": 50}, actor=ADA)

    assert policies.one("default", "eta", "gate") == policies.all("default", "eta")["gate"]
    assert policies.one("default", "parking", "gate")["minimum_rows"] == GatePolicy().minimum_rows
    for ask in (
        lambda: policies.one("default", "eta", "gates"),
        lambda: policies.set("default", "eta", "gates", {}, actor=ADA),
    ):
        with pytest.raises(KindUnknownError, match=re.escape("no policies of kind 'gates'; there are: gate, rollout")):
            ask()


def test_the_newest_counts_however_often_it_was_changed(policies: Policies) -> None:
    with policies.db.write() as tx:
        for number in range(1, 1_102):
            insert(
                tx,
                project="default",
                model="eta",
                kind="gate",
                number=number,
                document={"minimum_rows": number},
                actor=ADA,
                at=policies.clock.now(),
            )
    policies.set("default", "eta", "rollout", {"alpha": 0.01}, actor=ADA)

    documents = policies.all("default", "eta")

    assert (documents["gate"]["minimum_rows"], documents["rollout"]["alpha"]) == (1_101, 0.01)


@pytest.mark.parametrize(
    ("kind", "document", "said"),
    [
        ("gate", {"minimum_rows": "many"}, "Expected `int`, got `str` - at `$.minimum_rows`"),
        ("gate", {"minimum_row": 5}, "a gate policy has no minimum_row; it has confidence, minimum_blocks"),
        ("rollout", {"steps": [{"phase": "canary", "weight": 2.0}]}, "between 0 and 1"),
        ("rollout", {"steps": [{"phase": "blue"}]}, "Invalid enum value 'blue'"),
        ("rollout", {"steps": [{"phase": "shadow", "wait": 3}]}, "a rollout policy has no steps[0].wait"),
        ("rollout", {"steps": []}, "1 to 20 steps, not 0"),
        ("rollout", {"steps": [{"phase": "shadow"}] * 21}, "1 to 20 steps, not 21"),
        ("rollout", {"longest_step_days": 1e300}, "at most 3650, not 1e+300"),
        ("rollout", {"minimum_pairs": 2.5}, "Expected `int`, got `float`"),
        ("rollout", {"minimum_pairs": True}, "Expected `int`, got `bool`"),
        ("gate", {"minimum_improvement": float("nan")}, "minimum_improvement must be at least 0, not nan"),
        ("gate", {"minimum_improvement": -1}, "minimum_improvement must be at least 0, not -1.0"),
        ("gate", {"confidence": 95}, "confidence must lie between 0 and 1, not at 95"),
        ("gate", {"confidence": "0.95"}, "Expected `float`, got `str` - at `$.confidence`"),
        ("gate", [], "a gate policy is a JSON object with any of confidence"),
        ("monitoring", {"window_hours": 0}, "window_hours must be between 1 and 8784, not 0"),
        ("monitoring", {"window_hours": 10**12}, "window_hours must be between 1 and 8784"),
        ("monitoring", {"objective": 0}, "objective must be greater than 0, not 0"),
        ("monitoring", {"ewma_limit": float("inf")}, "ewma_limit and page_hinkley_threshold must be greater than 0"),
        ("retraining", {"horizon_days": 1e6}, "horizon_days must be at most 36500"),
        ("retraining", {"fixed_cost": -1}, "fixed_cost must be at least 0, not -1"),
        ("retraining", {"currency": "$"}, "three capital letters such as USD, not '$'"),
    ],
)
def test_what_does_not_fit_is_refused_and_said(sqlite_db: Database, kind: str, document: Any, said: str) -> None:
    policies = policies_of(sqlite_db, POLICY_TYPES)
    before = policies.all("default", "eta")

    with pytest.raises(InvalidError, match=re.escape(said)):
        policies.set("default", "eta", kind, document, actor=ADA)

    assert policies.all("default", "eta") == before


@pytest.mark.parametrize("kind", POLICY_TYPES)
def test_what_is_shown_can_be_set_again(policies: Policies, kind: str) -> None:
    every = policies_of(policies.db, POLICY_TYPES)
    shown = every.one("default", "eta", kind)

    number = every.set("default", "eta", kind, shown, actor=ADA)

    assert number == 1
    assert every.one("default", "eta", kind) == shown
