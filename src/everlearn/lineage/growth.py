"""How data sets grow: a version holds the rows of all versions before it, so who learned from it learned from those."""

from collections.abc import Sequence

from everlearn.core.lineage import MOST_EDGES, Edge, Node, NodeKind, Relation, split_dataset
from everlearn.datasets.lineage import Grown, known_versions, versions_above
from everlearn.db import Tx
from everlearn.registry.store.lineage import data_learned
from everlearn.tracking.store.lineage import data_named


def grown_data(tx: Tx, project: str, ids: Sequence[str]) -> list[Edge]:
    """Tell into which later versions data grew; versions that nobody read are left out.

    The edges lead straight to every later version that was read, so one step is enough.
    """
    edges = []
    for before in known_versions(tx, project, ids).values():
        source = Node(NodeKind.DATASET, before.id)
        for after in _read_above(tx, project, before):
            target = Node(NodeKind.DATASET, after.id)
            edges.append(Edge(source, target, Relation.GREW, after.created_at, note=f"version {after.number}"))
    return edges


def _read_above(tx: Tx, project: str, before: Grown) -> list[Grown]:
    learned = {digest for _, digest in data_learned(tx, project, before.name, above=before.number, limit=MOST_EDGES)}
    read = {split_dataset(one)[1] for one in data_named(tx, project, before.name, limit=MOST_EDGES)}
    digests = sorted(learned | read)
    found: list[Grown] = []
    for start in range(0, len(digests), 400):
        part = digests[start : start + 400]
        found += versions_above(tx, project, before.name, part, above=before.number)
    return found
