"""The filters and orders of MLflow's searches, read into values: `metrics.loss < 0.5 AND tags.team = 'north'`.

Pure: no database is known here. What each search knows is data (`catalogue`, in the terms of `schema`); the readers
(`tokens`, `identifier`, `grammar`, `ordering`) are the same for all of them and take time linear in the text.
"""

from everlearn.core.search.catalogue import (
    EVALUATION_DATASETS,
    EXPERIMENTS,
    LOGGED_MODELS,
    MODEL_VERSIONS,
    REGISTERED_MODELS,
    RUNS,
    TRACES,
)
from everlearn.core.search.clause import BadFilterError, BadOrderError, Clause, Op, Order
from everlearn.core.search.grammar import parse_filter
from everlearn.core.search.ordering import order_by, parse_order
from everlearn.core.search.schema import SearchSchema

__all__ = [
    "EVALUATION_DATASETS",
    "EXPERIMENTS",
    "LOGGED_MODELS",
    "MODEL_VERSIONS",
    "REGISTERED_MODELS",
    "RUNS",
    "TRACES",
    "BadFilterError",
    "BadOrderError",
    "Clause",
    "Op",
    "Order",
    "SearchSchema",
    "order_by",
    "parse_filter",
    "parse_order",
]
