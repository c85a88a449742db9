"""Answers about generated histories are those of a plain breadth-first search over what was done."""

from datetime import timedelta
from itertools import product
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.datasets.flights import append, define, frame
from tests.lineage.history import History, history_over, reached

from everlearn.core.decisions import Decision, Finding, Verdict
from everlearn.core.digest import digest_bytes
from everlearn.core.subjects import model_subject
from everlearn.datasets import Datasets
from everlearn.decisions.store import insert as insert_decision
from everlearn.lineage import Direction, Question
from everlearn.lineage.model import BadNodeError, NodeNotFoundError
from everlearn.registry.store.moves import put_alias
from everlearn.rollouts import Rollout
from everlearn.rollouts.model import DEFAULT_STEPS, State
from everlearn.rollouts.store import insert as insert_rollout
from everlearn.serving import Traffic
from everlearn.serving.model import IllegalTrafficError

FIVE = st.integers(0, 4)
ACTIONS = st.one_of(
    st.tuples(st.just("run"), st.sampled_from(["", "abc", "def"]), FIVE),
    st.tuples(st.just("read"), FIVE, st.sampled_from(["a", "b"]), st.sampled_from(["1", "2"]), st.booleans()),
    st.tuples(st.just("log"), FIVE),
    st.tuples(st.just("take"), FIVE, FIVE),
    st.tuples(st.just("register"), st.sampled_from(["eta", "fare"]), FIVE, st.booleans()),
    st.tuples(st.just("train"), st.sampled_from(["eta", "fare"]), FIVE, st.sampled_from(["x", "y"])),
    st.tuples(
        st.just("direct"), st.sampled_from(["eta", "fare"]), FIVE, FIVE, st.sampled_from(["", "shadow", "canary"])
    ),
)


def happen(history: History, actions: list[tuple[object, ...]]) -> None:
    runs, models = [history.run()], [history.log_model(None)]
    for action in actions:
        match action:
            case ("run", str(commit), int(parent)):
                runs.append(history.run(commit=commit, parent=runs[parent] if parent < len(runs) else ""))
            case ("read", int(run), str(name), str(digest), bool(is_evaluation)):
                history.read(runs[run % len(runs)], name, digest * 8, context="eval" if is_evaluation else "training")
            case ("log", int(run)):
                models.append(history.log_model(runs[run % len(runs)]))
            case ("take", int(run), int(model)):
                history.take(runs[run % len(runs)], models[model % len(models)])
            case ("register", str(name), int(origin), bool(is_of_run)):
                of = {"run": runs[origin % len(runs)]} if is_of_run else {"model": models[origin % len(models)]}
                history.register(name, **of)
            case ("train", str(name), int(run), str(text)):
                history.train(name, ("a", 1, text), run=runs[run % len(runs)], code=text)
            case ("direct", str(name), int(champion), int(candidate), str(phase)):
                direct(history, name, champion + 1, candidate + 1, phase)


def direct(history: History, model: str, champion: int, candidate: int, phase: str) -> None:
    try:
        traffic = (
            Traffic(champion=champion, candidate=candidate, phase=phase, weight=0.1 if phase == "canary" else 0.0)
            if phase
            else Traffic(champion=champion)
        )
        history.direct(model, traffic)
    except IllegalTrafficError:
        return


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    actions=st.lists(ACTIONS, max_size=30),
    pick=st.integers(0, 10_000),
    direction=st.sampled_from(Direction),
    back_s=st.integers(0, 30),
    live=st.booleans(),
    learned=st.booleans(),
)
def test_an_answer_is_what_a_plain_search_finds(
    history: History,
    actions: list[tuple[object, ...]],
    pick: int,
    direction: Direction,
    back_s: int,
    live: bool,
    learned: bool,
) -> None:
    fresh = history_over(history.db, history.tracking.blobs, history.clock)
    happen(fresh, actions)
    nodes = sorted({node for fact in fresh.facts for node in fact[:2]})
    if not nodes:
        return
    start, at = nodes[pick % len(nodes)], fresh.clock.at - timedelta(seconds=back_s)

    question = Question(start=start, direction=direction, as_of=at, is_live=live, is_learned=learned)
    answer = fresh.lineage.ask(fresh.project, question)

    wanted = reached(fresh.facts, start, downwards=direction == "downstream", at=at, live=live, learned=learned)
    assert {str(one.node): one.depth for one in answer.nodes} == wanted
    assert answer.is_complete


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(actions=st.lists(ACTIONS, max_size=40), back_s=st.integers(0, 20))
def test_who_learned_from_data_is_whom_a_plain_search_finds(
    history: History, actions: list[tuple[object, ...]], back_s: int
) -> None:
    fresh = history_over(history.db, history.tracking.blobs, history.clock)
    happen(fresh, actions)
    at = fresh.clock.at - timedelta(seconds=back_s)
    for data in sorted({fact.source for fact in fresh.facts if fact.source.startswith("dataset:")}):
        found = fresh.lineage.learned_from(fresh.project, data, as_of=at)

        below = reached(fresh.facts, data, downwards=True, at=at, live=True, learned=True)
        wanted = {
            (fact.source, fact.relation)
            for fact in fresh.facts
            if fact.source in below
            and fact.target.startswith("deployment:")
            and fact.since <= at
            and (fact.until is None or fact.until > at)
        }
        assert {(f"version:{one.model}/{one.version}", one.role) for one in found.deployments} == wanted
        for one in found.deployments:
            assert str(one.path[0].source) == data
            assert str(one.path[-1].target) == f"deployment:{one.model}"
            assert [edge.target for edge in one.path[:-1]] == [edge.source for edge in one.path[1:]]


def test_every_kind_of_edge_is_followed_both_ways(history: History) -> None:
    parent = history.run(commit="abc")
    run = history.run(commit="abc", parent=parent)
    judge = history.run()
    history.read(run, "flights", "aaaa1111")
    history.read(judge, "flights", "bbbb2222", context="eval")
    model = history.log_model(run)
    history.take(judge, model)
    history.put_file(model, "requirements.txt", b"scikit-learn==1.5")
    history.put_file(run, "model/conda.yaml", b"name: x")
    history.put_file(run, "model/weights.bin", b"name: x")
    history.register("eta", model=model)
    history.register("eta", run=judge)
    history.train("fare", ("flights", 3, "text"), run=judge, pipeline_run="prun_1")
    history.direct("eta", Traffic(champion=1))
    history.direct("eta", Traffic(champion=1, candidate=2, phase="shadow"))
    history.direct("eta", Traffic(champion=1, candidate=2, phase="canary", weight=0.1))
    history.direct("eta", Traffic(champion=2))
    history.direct("fare", Traffic(champion=1))
    assert {fact.relation for fact in history.facts} >= {"built", "evaluated with", "ran in", "used by", "shadow of"}

    for start in {node for fact in history.facts for node in fact[:2]}:
        for direction, live, learned in product(Direction, (False, True), (False, True)):
            asked = Question(start=start, direction=direction, is_live=live, is_learned=learned)
            answer = history.lineage.ask(history.project, asked)
            wanted = reached(
                history.facts,
                start,
                downwards=direction == "downstream",
                at=history.clock.at,
                live=live,
                learned=learned,
            )
            assert {str(one.node): one.depth for one in answer.nodes} == wanted, (start, direction, live, learned)


def test_who_learned_from_a_later_version_learned_from_the_rows_of_the_earlier(history: History) -> None:
    history.project = "default"
    datasets = Datasets(history.db, history.tracking.log, history.tracking.blobs, history.clock)
    define(datasets)
    first, second, third = (append(datasets, frame(day=day), f"day-{day}") for day in range(3))
    history.train("eta", ("flights", 2, second.digest), run="run_1")
    history.direct("eta", Traffic(champion=1))

    def learned(node: str) -> list[str]:
        return [one.model for one in history.lineage.learned_from("default", node).deployments]

    assert learned("dataset:flights@1") == ["eta"]
    assert learned(f"digest:{first.digest}") == ["eta"]
    assert learned(f"digest:{second.partitions[1].digest}") == ["eta"]  # rows that came with the second version
    assert learned("dataset:flights@3") == []
    assert learned(f"digest:{third.partitions[2].digest}") == []
    asked = Question(start="dataset:flights@1", direction=Direction.DOWNSTREAM)
    found = [one.title for one in history.lineage.ask("default", asked).nodes]
    assert found == ["flights v1", "flights v2", "eta v1", "eta"]


def test_decisions_are_what_versions_and_rollouts_stand_on(history: History) -> None:
    decide(history, "dec_gate", "quality.gate", {"candidate": 1})
    decide(history, "dec_step", "rollouts.step", {"candidate": 1, "rollout": "rollout_1"})
    decide(history, "dec_idle", "quality.gate", {"candidate": 1}, verdict="not_evaluated")
    decide(history, "dec_else", "quality.gate", {"candidate": 2})
    history.train("eta", run="run_1")
    with history.db.write() as tx:
        rollout = Rollout(
            id="rollout_1",
            project=history.project,
            model="eta",
            candidate=1,
            champion=7,
            steps=DEFAULT_STEPS,
            state=State.RUNNING,
            step_index=0,
            started_at=history.clock.at,
            step_since=history.clock.at,
            ended_at=None,
            reason="test",
            opened_by="system:test",
        )
        insert_rollout(tx, rollout, at=history.clock.at)

    def told(start: str, direction: Direction) -> set[str]:
        answer = history.lineage.ask(history.project, Question(start=start, direction=direction))
        return {str(one.node) for one in answer.nodes if one.node.kind in {"decision", "rollout", "version"}}

    above = {"version:eta/1", "decision:dec_gate", "decision:dec_step", "rollout:rollout_1"}
    assert told("version:eta/1", Direction.UPSTREAM) == above
    assert told("decision:dec_gate", Direction.DOWNSTREAM) == {"decision:dec_gate", "version:eta/1"}
    below = {"decision:dec_step", "rollout:rollout_1", "version:eta/1"}
    assert told("decision:dec_step", Direction.DOWNSTREAM) == below


def decide(history: History, name: str, kind: str, parameters: dict[str, Any], verdict: str = "pass") -> None:
    decision = Decision(
        id=name,
        project=history.project,
        kind=kind,
        subject=model_subject(history.project, "eta"),
        rule="test@1",
        parameters=parameters,
        window=digest_bytes(b""),
        finding=Finding(verdict=Verdict(verdict), reason="test", evidence={}),
        effective_at=history.clock.at,
        decided_at=history.clock.at,
    )
    with history.db.write() as tx:
        assert insert_decision(tx, decision)


def test_a_ring_ends(history: History) -> None:
    run = history.run()
    model = history.log_model(run)
    history.take(run, model)

    answer = history.lineage.ask(history.project, Question(start=f"run:{run}", direction=Direction.DOWNSTREAM))

    assert [str(one.node) for one in answer.nodes] == [f"run:{run}", f"logged-model:{model}"]
    assert len(answer.edges) == 2


def test_depth_and_kind_narrow_an_answer(history: History) -> None:
    run = history.run(commit="abc")
    version = history.register("eta", model=history.log_model(run))
    history.direct("eta", Traffic(champion=1))

    def told(**narrowed: object) -> list[str]:
        question = Question(start="code:abc", direction=Direction.DOWNSTREAM, **narrowed)  # type: ignore[arg-type]  # fields of a question
        return [str(one.node) for one in history.lineage.ask(history.project, question).nodes]

    assert told(depth=1) == ["code:abc", f"run:{run}"]
    assert told(depth=0) == ["code:abc"]
    assert told(kinds=frozenset({"version", "deployment"})) == [f"version:{version}", "deployment:eta"]


def test_data_is_asked_by_name_by_digest_and_by_both(history: History) -> None:
    first, second = history.run(), history.run()
    history.read(first, "flights", "aaaa1111")
    history.read(second, "flights", "bbbb2222")
    history.read(second, "copy", "aaaa1111")

    def runs(start: str) -> set[str]:
        answer = history.lineage.ask(history.project, Question(start=start, direction=Direction.DOWNSTREAM))
        return {one.node.id for one in answer.nodes if one.node.kind == "run"}

    assert runs("dataset:flights@aaaa1111") == {first}
    assert runs("dataset:flights") == {first, second}
    assert runs("digest:aaaa1111") == {first, second}
    assert runs("digest:bbbb2222") == {second}


def test_names_of_mlflow_mean_what_they_mean_there(history: History) -> None:
    run = history.run()
    version = history.register("eta", run=run)
    with history.db.write() as tx:
        put_alias(tx, history.project, "eta", "best", number=1)

    for start in ("models:/eta/1", "models:/eta@best", f"version:{version}"):
        answer = history.lineage.ask(history.project, Question(start=start, direction=Direction.UPSTREAM))
        assert [str(one.node) for one in answer.nodes] == ["version:eta/1", f"run:{run}"]
    answer = history.lineage.ask(history.project, Question(start=f"runs:/{run}/model", direction=Direction.DOWNSTREAM))
    assert [str(one.node) for one in answer.nodes] == [f"run:{run}", "version:eta/1"]


def test_other_projects_are_not_seen(history: History) -> None:
    other = history_over(history.db, history.tracking.blobs, history.clock)
    run = other.run(commit="abc")
    other.read(run, "flights", "aaaa1111")

    for start in (f"run:{run}", "code:abc", "dataset:flights", "digest:aaaa1111", "version:eta/1", "deployment:eta"):
        with pytest.raises(NodeNotFoundError):
            history.lineage.ask(history.project, Question(start=start, direction=Direction.DOWNSTREAM))


@pytest.mark.parametrize("start", ["", "flights", "thing:1", "run:", "model:eta"])
def test_what_names_no_node_is_refused(history: History, start: str) -> None:
    with pytest.raises(BadNodeError):
        history.lineage.ask(history.project, Question(start=start, direction=Direction.DOWNSTREAM))
