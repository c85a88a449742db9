"""Nodes in words."""

from collections.abc import Callable, Mapping, Sequence

from everlearn.core.lineage import Node, NodeKind, split_dataset
from everlearn.datasets.lineage import known_versions
from everlearn.db import Tx
from everlearn.lineage import judgement, store
from everlearn.pipelines.store.lineage import told_pipeline_runs
from everlearn.registry.store.lineage import told_versions
from everlearn.rollouts.lineage import told_rollouts
from everlearn.serving.store.lineage import told_deployments
from everlearn.tracking.store.lineage import told_data, told_models, told_runs

Words = tuple[str, str]
_SHORT = 12
_AT_ONCE = 400


def told(tx: Tx, project: str, nodes: Sequence[Node]) -> dict[Node, Words]:
    """Give a title and a note for each node that is known."""
    by_kind: dict[NodeKind, list[str]] = {}
    for node in nodes:
        by_kind.setdefault(node.kind, []).append(node.id)
    found: dict[Node, Words] = {}
    for kind, ids in by_kind.items():
        for start in range(0, len(ids), _AT_ONCE):
            words = _TOLD[kind](tx, project, ids[start : start + _AT_ONCE])
            found |= {Node(kind, node_id): said for node_id, said in words.items()}
    return found


def _data(tx: Tx, project: str, ids: Sequence[str]) -> dict[str, Words]:
    found = store.told_named(tx, project, NodeKind.DATASET, ids)
    for one, (name, source) in told_data(tx, project, ids).items():
        found[one] = (f"{name} {short(split_dataset(one)[1])}", f"data, {source}")
    for one, version in known_versions(tx, project, ids).items():
        found[one] = (f"{version.name} v{version.number}", f"data, {version.rows:,} rows")
    return found


def _jobs(tx: Tx, project: str, ids: Sequence[str]) -> dict[str, Words]:
    return store.told_named(tx, project, NodeKind.JOB, ids)


def _code(_tx: Tx, _project: str, ids: Sequence[str]) -> dict[str, Words]:
    return {one: (short(one), "code") for one in ids}


def _environments(_tx: Tx, _project: str, ids: Sequence[str]) -> dict[str, Words]:
    return {one: (short(one), "environment") for one in ids}


def short(digest: str) -> str:
    """Cut a digest to what people compare."""
    return digest.removeprefix("sha256:")[:_SHORT]


_TOLD: Mapping[NodeKind, Callable[[Tx, str, Sequence[str]], dict[str, Words]]] = {
    NodeKind.DATASET: _data,
    NodeKind.CODE: _code,
    NodeKind.ENVIRONMENT: _environments,
    NodeKind.JOB: _jobs,
    NodeKind.PIPELINE_RUN: told_pipeline_runs,
    NodeKind.RUN: told_runs,
    NodeKind.LOGGED_MODEL: told_models,
    NodeKind.DECISION: judgement.told_decisions,
    NodeKind.ROLLOUT: told_rollouts,
    NodeKind.VERSION: told_versions,
    NodeKind.DEPLOYMENT: told_deployments,
}
