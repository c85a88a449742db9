"""Decisions as what versions and rollouts stand on: the gate that let a version pass, the steps of its rollout."""

from collections.abc import Sequence

from everlearn.core.lineage import Edge, Node, NodeKind, Relation, split_version, version_id
from everlearn.db import Tx
from everlearn.decisions.lineage import Turn, turns_about, turns_named
from everlearn.rollouts.lineage import versions_of_rollouts

GATE, STEP = "quality.gate", "rollouts.step"


def decisions_of_versions(tx: Tx, project: str, ids: Sequence[str]) -> list[Edge]:
    """Tell which gates judged versions."""
    models = sorted({key[0] for one in ids if (key := split_version(one)) is not None})
    wanted = frozenset(ids)
    turns = turns_about(tx, project, models, kinds=(GATE,))
    return [edge for turn in turns if (edge := _edge(turn)) is not None and edge.target.id in wanted]


def decisions_of_rollouts(tx: Tx, project: str, ids: Sequence[str]) -> list[Edge]:
    """Tell which decisions moved rollouts."""
    versions = [edge.target.id for edge in versions_of_rollouts(tx, project, ids)]
    models = sorted({key[0] for one in versions if (key := split_version(one)) is not None})
    wanted = frozenset(ids)
    turns = turns_about(tx, project, models, kinds=(STEP,))
    return [edge for turn in turns if (edge := _edge(turn)) is not None and edge.target.id in wanted]


def things_of_decisions(tx: Tx, project: str, ids: Sequence[str]) -> list[Edge]:
    """Tell which versions decisions judged, and which rollouts they moved."""
    return [edge for turn in turns_named(tx, project, ids) if (edge := _edge(turn)) is not None]


def told_decisions(tx: Tx, project: str, ids: Sequence[str]) -> dict[str, tuple[str, str]]:
    """Give kind and verdict of decisions."""
    return {
        turn.id: (turn.kind.rpartition(".")[2].replace("_", " "), f"decision, {turn.verdict.replace('_', ' ')}")
        for turn in turns_named(tx, project, ids)
    }


def _edge(turn: Turn) -> Edge | None:
    source, model = Node(NodeKind.DECISION, turn.id), turn.subject.partition("/")[2]
    if turn.kind == GATE and turn.candidate is not None:
        target = Node(NodeKind.VERSION, version_id(model, turn.candidate))
    elif turn.kind == STEP and turn.rollout is not None:
        target = Node(NodeKind.ROLLOUT, turn.rollout)
    else:
        return None
    return Edge(source, target, Relation.DECIDED, turn.decided_at, note=turn.verdict.replace("_", " "))
