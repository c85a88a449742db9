"""Features as they were known at the time: point-in-time joins and windows, and the definitions behind them.

`as_of` and `rolling` are pure functions over frames; a `FeatureView` says which of them to apply to which facts, a
`FeatureSet` joins views, and `check_no_future` proves of any computation that it never looks ahead. `Features` keeps
the definitions of a project, every revision of them.
"""

from everlearn.features.as_of import as_of
from everlearn.features.computing import check_no_future, compute, compute_view, known_columns
from everlearn.features.events import FeatureViewDefined
from everlearn.features.model import (
    Aggregate,
    AsOf,
    DefinedView,
    FeatureSet,
    FeatureView,
    FutureLeakError,
    Rolling,
    ViewNotFoundError,
)
from everlearn.features.rolling import rolling
from everlearn.features.service import Features

__all__ = [
    "Aggregate",
    "AsOf",
    "DefinedView",
    "FeatureSet",
    "FeatureView",
    "FeatureViewDefined",
    "Features",
    "FutureLeakError",
    "Rolling",
    "ViewNotFoundError",
    "as_of",
    "check_no_future",
    "compute",
    "compute_view",
    "known_columns",
    "rolling",
]
