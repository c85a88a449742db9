"""Reading orders: `metrics.loss DESC`."""

from collections.abc import Sequence

from everlearn.core.search.clause import BadFilterError, BadOrderError, Order
from everlearn.core.search.identifier import Cursor, Identifier, read_identifier, unknown_key
from everlearn.core.search.schema import SearchSchema
from everlearn.core.search.tokens import UNREADABLE, Token, TokenKind, refusal, shown, tokens_of

MOST_ORDERS = 20  # each may cost a join


def parse_order(items: Sequence[str], schema: SearchSchema) -> tuple[Order, ...]:
    """Read what to sort by, the most important first; ascending when nothing is said.

    Raises
    ------
    BadOrderError
        When one cannot be read, names what this search does not know, or comes twice where that is refused.
    """
    if len(items) > MOST_ORDERS:
        raise BadOrderError(f"Invalid order_by: it has {len(items)} clauses; {MOST_ORDERS} are allowed")
    orders = tuple(_parsed(item, schema) for item in items)
    if schema.refuses_repeated_orders and len({(order.kind, order.key) for order in orders}) < len(orders):
        raise BadOrderError(f"`order_by` contains duplicate fields: {shown(', '.join(items))}")
    return orders


def order_by(field_name: str, schema: SearchSchema, *, ascending: bool = True) -> Order:
    """Make an order from a field that comes apart from its direction, so that its key needs no quotes.

    Raises
    ------
    BadOrderError
        When it names what this search does not know.
    """
    entity, dot, key = field_name.partition(".") if "." in field_name else ("", "", field_name.strip())
    order = _parsed(f"{entity}{dot}{_quoted(key)}", schema)
    return Order(kind=order.kind, key=order.key, ascending=ascending)


def _quoted(key: str) -> str:
    """Put a key in quotes, unless it comes with them."""
    if len(key) > 1 and key[0] == key[-1] and key[0] in '`"':
        return key
    return f"`{key.replace('`', '``')}`"


def _parsed(item: str, schema: SearchSchema) -> Order:
    try:
        return _order(Cursor(tokens_of(item)), schema)
    except BadFilterError as error:
        reason = error.message.removeprefix(f"{UNREADABLE}: ")
        raise BadOrderError(f"Invalid order_by clause '{shown(item)}'. {reason}", **error.details) from error


def _order(cursor: Cursor, schema: SearchSchema) -> Order:
    identifier = read_identifier(cursor, schema)
    direction, after = cursor.take(), cursor.peek()
    if after.kind is not TokenKind.END or direction.kind not in {TokenKind.END, TokenKind.BARE}:
        raise refusal("Could not be parsed: it is a key, and ASC or DESC if need be", direction)
    is_ascending = _is_ascending(direction)
    _check_key(identifier, schema)
    return Order(kind=identifier.entity.kind, key=identifier.key, ascending=is_ascending)


def _is_ascending(direction: Token) -> bool:
    if direction.kind is TokenKind.BARE and not direction.says("ASC", "DESC"):
        raise refusal(f"Invalid ordering key '{shown(direction.raw)}'. Valid ones are ASC and DESC", direction)
    return not direction.says("DESC")


def _check_key(identifier: Identifier, schema: SearchSchema) -> None:
    entity = identifier.entity
    if entity.orders(identifier.key):
        return
    if entity is schema.attributes:
        raise unknown_key(identifier, sorted(entity.orderable), refused=schema.order_key_refusal)
    if entity.is_orderable_by_any:
        raise unknown_key(identifier, [])
    kinds = ", ".join(f"{one.plural}" for one in schema.entities if one.orderable or one.is_orderable_by_any)
    raise refusal(f"Invalid order_by entity: {entity.kind}. What can be sorted by are {kinds}", identifier.token)
