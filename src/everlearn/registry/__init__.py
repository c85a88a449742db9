"""Models and their versions: what they take and give, where they come from, which of them is live.

A version is registered once and never changes, except for its stage, which moves with a reason. Aliases (`champion`)
name versions and remember every move. What is to be deployed must be ONNX: loading it runs no
code of its maker. The catalogue holds whatever teams register with mlflow's client, and both have one row of numbers.
"""

from everlearn.registry.aliases import Aliases
from everlearn.registry.approving import Approvals
from everlearn.registry.catalogue import Catalogue
from everlearn.registry.events import AliasMoved, StageMoved, VersionRegistered
from everlearn.registry.model import (
    Alias,
    AliasMove,
    Column,
    DatasetUse,
    Lineage,
    Model,
    ModelVersion,
    NewVersion,
    OutputColumn,
    Signature,
    Stage,
    StageMove,
    VersionNotFoundError,
)
from everlearn.registry.service import Registry

__all__ = [
    "Alias",
    "AliasMove",
    "AliasMoved",
    "Aliases",
    "Approvals",
    "Catalogue",
    "Column",
    "DatasetUse",
    "Lineage",
    "Model",
    "ModelVersion",
    "NewVersion",
    "OutputColumn",
    "Registry",
    "Signature",
    "Stage",
    "StageMove",
    "StageMoved",
    "VersionNotFoundError",
    "VersionRegistered",
]
