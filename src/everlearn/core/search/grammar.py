"""Reading filters: clauses with AND between them, each `identifier operator value`."""

from everlearn.core.search.clause import BadFilterError, Clause, Op
from everlearn.core.search.identifier import Cursor, Identifier, read_identifier, unknown_key
from everlearn.core.search.schema import LISTS, NULLS, Field, SearchSchema
from everlearn.core.search.tokens import UNREADABLE, Token, TokenKind, refusal, shown, tokens_of
from everlearn.core.search.value import read_list, read_value

MOST_CLAUSES = 200
_SYMBOLS = frozenset({Op.EQUAL, Op.UNEQUAL, Op.GREATER, Op.AT_LEAST, Op.LESS, Op.AT_MOST})
_PATTERN_WORDS = ("LIKE", "ILIKE", "RLIKE")


def parse_filter(text: str | None, schema: SearchSchema) -> tuple[Clause, ...]:
    """Read a filter; nothing, or white space alone, lets everything pass. Linear in the length of the text.

    Raises
    ------
    BadFilterError
        When it cannot be read, or asks for what this search does not know.
    """
    cursor = Cursor(tokens_of(text or ""))
    if cursor.peek().kind is TokenKind.END:
        return ()
    clauses = [_clause(cursor, schema)]
    while cursor.take_word("AND"):
        if len(clauses) == MOST_CLAUSES:
            raise refusal(f"{UNREADABLE}: it has more than {MOST_CLAUSES} clauses", cursor.peek())
        clauses.append(_clause(cursor, schema))
    if cursor.peek().kind is not TokenKind.END:
        raise _after_clause(cursor.peek())
    return tuple(clauses)


def _clause(cursor: Cursor, schema: SearchSchema) -> Clause:
    _check_beginning(cursor.peek())
    identifier = read_identifier(cursor, schema)
    field = identifier.entity.field_of(identifier.key)
    if field is None:
        raise unknown_key(identifier, identifier.entity.known_keys())
    op = _operator(cursor, field, schema)
    if op not in field.ops:
        raise _refused_operator(op, identifier, field, schema)
    return Clause(kind=identifier.entity.kind, key=identifier.key, op=op, value=_value(cursor, identifier, field, op))


def _value(cursor: Cursor, identifier: Identifier, field: Field, op: Op) -> str | int | float | tuple[str, ...] | None:
    if op in NULLS:
        return None
    if op in LISTS:
        return read_list(cursor)
    return read_value(cursor, identifier, field.type_with(op), op)


def _operator(cursor: Cursor, field: Field, schema: SearchSchema) -> Op:
    token = cursor.take()
    if token.kind is TokenKind.OPERATOR:
        return _symbol(token, field, schema)
    if token.says(*_PATTERN_WORDS):
        return Op(token.raw.upper())
    if token.says("IN"):
        return Op.IN
    if token.says("NOT") and cursor.take_word("IN"):
        return Op.NOT_IN
    if token.says("IS"):
        op = Op.IS_NOT_NULL if cursor.take_word("NOT") else Op.IS_NULL
        if cursor.take_word("NULL"):
            return op
        token = cursor.peek()
    raise refusal(
        f"{UNREADABLE}: {_found(token)} where a comparator should be; known here are {_listed(field)}",
        token,
    )


def _symbol(token: Token, field: Field, schema: SearchSchema) -> Op:
    if token.raw not in _SYMBOLS:
        raise refusal(f"{schema.operator_refusal} '{shown(token.raw)}'. Expected one of {_listed(field)}", token)
    return Op(token.raw)


def _refused_operator(op: Op, identifier: Identifier, field: Field, schema: SearchSchema) -> BadFilterError:
    kind, key = identifier.entity.kind, shown(identifier.key)
    if op in NULLS:
        kinds = " and ".join(schema.kinds_with(NULLS)) or "other searches"
        message = f"IS NULL / IS NOT NULL is only supported for {kinds}, not for '{kind}' '{key}'"
    elif op in LISTS and (listed := _keys_with(op, identifier)):
        message = (
            f"{schema.operator_refusal} '{op}'. Only {listed} {identifier.entity.plural} support comparison with a "
            f"list of quoted string values, not '{key}'"
        )
    else:
        message = f"{schema.operator_refusal} '{op}' for {kind} '{key}'"
    return refusal(f"{message}. Expected one of {_listed(field)}", identifier.token)


def _keys_with(op: Op, identifier: Identifier) -> list[str]:
    return sorted(key for key, field in identifier.entity.fields.items() if op in field.ops)


def _listed(field: Field) -> str:
    return ", ".join(op for op in Op if op in field.ops)


def _check_beginning(token: Token) -> None:
    """Refuse what is not the beginning of a clause but was meant as logic, with words that say so."""
    if token.kind is TokenKind.MARK and token.raw == ";":
        raise _after_clause(token)
    if token.kind in {TokenKind.END, TokenKind.MARK} or token.says("AND", "OR", "NOT"):
        raise refusal(
            f"{UNREADABLE}: {_found(token)} where a clause should begin, such as "
            "metrics.loss < 0.5; clauses are joined by AND (OR, NOT and parentheses around clauses are not known)",
            token,
        )


def _after_clause(token: Token) -> BadFilterError:
    if token.raw == ";":
        return refusal("Search filter contained multiple expression: ';'. Join the clauses by AND", token)
    return refusal(
        f"{UNREADABLE}: {_found(token)} after a clause; clauses are joined by AND "
        "(OR, NOT and parentheses around clauses are not known)",
        token,
    )


def _found(token: Token) -> str:
    return "the end" if token.kind is TokenKind.END else f"'{shown(token.raw)}'"
