"""From what somebody names to the nodes that are meant."""

from everlearn.core.lineage import Node, NodeKind, split_dataset
from everlearn.datasets import lineage as datasets
from everlearn.db import Tx
from everlearn.lineage.model import DIGEST, NodeNotFoundError, split_start
from everlearn.lineage.threads import DOWN, UP
from everlearn.lineage.words import told
from everlearn.registry.store import lineage as registry
from everlearn.registry.store.moves import find_alias
from everlearn.tracking.store import lineage as tracking

_MOST = 1_000  # versions of one data set that a question starts from


def starts_of(tx: Tx, project: str, text: str) -> list[Node]:
    """Give the nodes that a text names: one, or for a data set or a digest all that are known under it.

    Raises
    ------
    BadNodeError
        When it names no kind of node.
    NodeNotFoundError
        When nothing is known under the name.
    """
    kind, node_id = split_start(text)
    if kind == DIGEST:
        found = _digested(tx, project, node_id)
    elif kind == NodeKind.DATASET:
        found = _data(tx, project, node_id)
    elif kind == NodeKind.VERSION and "@" in node_id:
        found = _aliased(tx, project, node_id)
    else:
        found = [Node(NodeKind(kind), node_id)]
    known = [node for node in found if _is_known(tx, project, node)]
    if not known:
        raise NodeNotFoundError(f"nothing is known of {text[:120]!r} in project {project}")
    return known


def _digested(tx: Tx, project: str, digest: str) -> list[Node]:
    ids = (
        *datasets.data_digested(tx, project, digest, limit=_MOST),
        *registry.data_digested(tx, project, digest, limit=_MOST),
        *tracking.data_digested(tx, project, digest, limit=_MOST),
    )
    return [Node(NodeKind.DATASET, one) for one in dict.fromkeys(ids)]


def _data(tx: Tx, project: str, node_id: str) -> list[Node]:
    name, digest = split_dataset(node_id)
    if digest.isascii() and digest.isdecimal() and len(digest) < 8:  # mlflow's digests have eight characters or more
        version = datasets.version_numbered(tx, project, name, int(digest))
        return [] if version is None else [Node(NodeKind.DATASET, version.id)]
    exact = [Node(NodeKind.DATASET, node_id)]
    if digest:
        return exact
    grown = [one.id for one in datasets.versions_named(tx, project, node_id, limit=_MOST)]
    ids = dict.fromkeys((*grown, *tracking.data_named(tx, project, node_id, limit=_MOST)))
    return [*exact, *(Node(NodeKind.DATASET, one) for one in ids)]


def _aliased(tx: Tx, project: str, node_id: str) -> list[Node]:
    model, alias = node_id.rpartition("@")[::2]
    number = find_alias(tx, project, model, alias)
    return [] if number is None else [Node(NodeKind.VERSION, f"{model}/{number}")]


def _is_known(tx: Tx, project: str, node: Node) -> bool:
    if node.kind in {NodeKind.CODE, NodeKind.ENVIRONMENT}:  # known exactly by what stands on them
        return any(thread(tx, project, [node.id]) for thread in DOWN[node.kind])
    if told(tx, project, [node]):
        return True
    return any(thread(tx, project, [node.id]) for threads in (DOWN, UP) for thread in threads[node.kind])
