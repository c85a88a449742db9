"""The filters and orders of MLflow's searches, as values. Which fields a search knows is data: see `fields`."""

from everlearn.core.search.clause import BadFilterError, BadOrderError, Clause, Op, Order
from everlearn.core.search.fields import Searchable
from everlearn.core.search.filters import parse_filter
from everlearn.core.search.ordering import parse_order

__all__ = ["BadFilterError", "BadOrderError", "Clause", "Op", "Order", "Searchable", "parse_filter", "parse_order"]
