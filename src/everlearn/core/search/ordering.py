"""Reading orders: `metrics.loss DESC`."""

from collections.abc import Sequence

from everlearn.core.search.clause import BadFilterError, BadOrderError, Order
from everlearn.core.search.fields import Searchable
from everlearn.core.search.filters import split_key
from everlearn.core.search.tokens import Token, tokens_of

MOST_ORDERS = 20


def parse_order(items: Sequence[str], searchable: Searchable) -> tuple[Order, ...]:
    """Read what to sort by, the most important first; ascending when nothing is said.

    Raises
    ------
    BadOrderError
        When one cannot be read, or names what this search does not know.
    """
    if len(items) > MOST_ORDERS:
        raise BadOrderError(f"Invalid order_by: {len(items)} clauses; {MOST_ORDERS} are allowed")
    return tuple(_order(item, searchable) for item in items)


def _field(words: Sequence[Token], searchable: Searchable) -> tuple[str, str]:
    if not words or any(word.kind not in {"word", "quoted"} for word in words):
        raise BadFilterError("it is not a field")
    return split_key(words, searchable)


def _order(item: str, searchable: Searchable) -> Order:
    try:
        words = tokens_of(item)
        ascending = True
        if len(words) > 1 and words[-1].kind == "word" and words[-1].text.upper() in {"ASC", "DESC"}:
            ascending = words[-1].text.upper() == "ASC"
            words = words[:-1]
        kind, key = _field(words, searchable)
    except BadFilterError as error:
        raise BadOrderError(f"Invalid order_by clause '{item[:120]}': {error.message}") from error
    if kind == "dataset" or (kind == "attribute" and key not in searchable.orderable):
        known = ", ".join(sorted(searchable.orderable))
        raise BadOrderError(f"Invalid order_by key '{key[:80]}' specified. Valid keys are {known}")
    return Order(kind=kind, key=key, ascending=ascending)
