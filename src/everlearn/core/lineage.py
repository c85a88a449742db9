"""Where things come from, as facts: nodes, and edges from what was used to what came of it.

Each domain states the edges that its own tables hold (`store/lineage.py`); the package `lineage` walks over them all.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class NodeKind(StrEnum):
    """What a node can be."""

    DATASET = "dataset"  # NAME@DIGEST; of other systems NAMESPACE/NAME
    CODE = "code"  # a commit, or the digest of a pipeline's code
    ENVIRONMENT = "environment"  # the digest of a requirements.txt or conda.yaml
    JOB = "job"  # of another system: NAMESPACE/NAME
    PIPELINE_RUN = "pipeline-run"
    RUN = "run"
    LOGGED_MODEL = "logged-model"
    DECISION = "decision"
    ROLLOUT = "rollout"
    VERSION = "version"  # MODEL/NUMBER
    DEPLOYMENT = "deployment"  # the model's name


class Relation(StrEnum):
    """What the source of an edge was to its target."""

    READ = "read by"
    EVALUATED = "evaluated with"  # data that a run only measured itself on
    GREW = "grew into"  # a version of a data set holds all rows of those before it
    DIGESTED = "digested as"  # data at a place, as it was when a run read it
    WROTE = "wrote"
    BUILT = "built"  # code
    SURROUNDED = "ran in"  # environment
    PARENT = "parent of"
    EXECUTED = "executed"  # a pipeline run its tracked run
    MADE = "made"
    USED = "used by"  # a logged model that a run took
    REGISTERED = "registered as"
    TRAINED = "learned by"  # data, by a version
    DECIDED = "decided"
    ROLLED_OUT = "rolled out"
    CHAMPION = "champion of"
    CANARY = "canary of"
    SHADOW = "shadow of"


MOST_EDGES = 20_000
"""No statement about edges gives more; whoever gets so many knows that some are missing."""

NOT_LEARNED = frozenset(
    {Relation.EVALUATED, Relation.DECIDED, Relation.ROLLED_OUT, Relation.BUILT, Relation.SURROUNDED}
)
"""Edges along which nothing is learned: data behind them leaves no trace in a model's weights."""


@dataclass(frozen=True, slots=True, order=True)
class Node:
    """One thing, named as it is everywhere: `version:eta/3`."""

    kind: NodeKind
    id: str

    def __str__(self) -> str:
        """Write it as commands and addresses take it."""
        return f"{self.kind}:{self.id}"


@dataclass(frozen=True, slots=True, order=True)
class Edge:
    """`target` stands on `source`."""

    source: Node
    target: Node
    relation: Relation
    recorded_at: datetime
    ended_at: datetime | None = None  # None: it still holds
    note: str = ""  # "10 %", "training"


def dataset_id(name: str, digest: str) -> str:
    """Write which data is meant."""
    return f"{name}@{digest}"


def split_dataset(node_id: str) -> tuple[str, str]:
    """Give name and digest; the digest is empty for data at a place of another system."""
    name, _, digest = node_id.rpartition("@")
    return (name, digest) if name else (node_id, "")


def version_id(model: str, number: int) -> str:
    """Write which version is meant."""
    return f"{model}/{number}"


def split_version(node_id: str) -> tuple[str, int] | None:
    """Give model and number; None when it is no id of a version."""
    model, _, number = node_id.rpartition("/")
    if not model or not number.isascii() or not number.isdecimal() or len(number) > 9:
        return None
    return model, int(number)
