"""What a gate asks for, and the value a finished training run offers."""

import math
from dataclasses import dataclass

from everlearn.core.errors import ConflictError, InvalidError
from everlearn.core.json import JSONObject


@dataclass(frozen=True, slots=True, kw_only=True)
class GatePolicy:
    """When a candidate may replace the champion. Kind `gate`."""

    minimum_improvement: float = 0.1  # mean absolute error, in the target's unit, that is worth a change
    confidence: float = 0.95  # of the two-sided interval around the improvement
    minimum_rows: int = 500
    minimum_blocks: int = 5  # days of held-out data; rows of one day err together, so days are the units

    def __post_init__(self) -> None:
        """Refuse what no candidate could be judged by."""
        if not 0.0 < self.confidence < 1.0:
            raise InvalidError(f"confidence must lie between 0 and 1, not at {self.confidence}")
        if not 0.0 <= self.minimum_improvement < math.inf:
            raise InvalidError(f"minimum_improvement must be at least 0, not {self.minimum_improvement}")
        if self.minimum_blocks < 2:
            raise InvalidError(f"minimum_blocks must be at least 2, not {self.minimum_blocks}: one day has no spread")
        if self.minimum_rows < 1:
            raise InvalidError(f"minimum_rows must be at least 1, not {self.minimum_rows}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Package:
    """The manifest that a training pipeline's step `package` writes: what to register, by step name."""

    model: str
    model_step: str
    profile_step: str
    holdout_step: str
    input_columns: tuple[str, ...]
    output_name: str
    output_minimum: float
    output_maximum: float
    trained_from: str
    trained_through: str
    datasets: tuple[JSONObject, ...]
    metrics: JSONObject


class PackageIncompleteError(InvalidError):
    """A training run finished without what a version needs."""

    code = "quality.package_incomplete"


class NotRejectedError(ConflictError):
    """Only a version that was rejected is judged again."""

    code = "quality.not_rejected"
