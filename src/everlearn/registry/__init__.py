"""Models and their versions: what they take and give, where they come from, which of them is live.

A version is registered once and never changes, except for its stage, which moves with a reason. Aliases (`champion`)
name versions and remember every move. Only ONNX models are registered: loading one runs no code of its maker.
"""

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
