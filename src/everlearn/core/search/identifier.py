"""Reading identifiers: `metrics.loss`, ``params.`batch size` ``, `status`."""

from typing import NamedTuple

from everlearn.core.search.clause import BadFilterError
from everlearn.core.search.schema import Entity, SearchSchema
from everlearn.core.search.tokens import Token, TokenKind, refusal, shown


class Cursor:
    """A place in a list of tokens, of which the last is an END."""

    __slots__ = ("_at", "_tokens")

    def __init__(self, tokens: list[Token]) -> None:
        self._tokens = tokens
        self._at = 0

    def peek(self) -> Token:
        """Give the next token without reading it."""
        return self._tokens[self._at]

    def take(self) -> Token:
        """Read a token; the END can be read again and again."""
        token = self.peek()
        self._at = min(self._at + 1, len(self._tokens) - 1)
        return token

    def take_word(self, *words: str) -> bool:
        """Read a keyword if it comes next."""
        if not self.peek().says(*words):
            return False
        self.take()
        return True

    def take_mark(self, mark: str) -> bool:
        """Read a mark if it comes next."""
        if self.peek().kind is not TokenKind.MARK or self.peek().raw != mark:
            return False
        self.take()
        return True


class Identifier(NamedTuple):
    """What a clause or an order is about."""

    entity: Entity
    key: str  # canonical
    token: Token  # where it begins


def read_identifier(cursor: Cursor, schema: SearchSchema) -> Identifier:
    """Read `entity.key`; without an entity it is an attribute. Only the first dot divides, so keys may have dots.

    Raises
    ------
    BadFilterError
        When there is none, or the entity is not known. Whether the key is, depends on what is done with it.
    """
    pieces = _pieces(cursor)
    entity, key = _divided(pieces, schema)
    following = f"{key} {cursor.peek().raw}"
    if cursor.peek().kind is TokenKind.BARE and following in entity.aliases:  # `run name`, written without quotes
        cursor.take()
        key = following
    return Identifier(entity, entity.canonical(key), pieces[0])


def unknown_key(identifier: Identifier, known: list[str], *, refused: str = "") -> BadFilterError:
    """Make the error for a key that the entity does not have."""
    kind, key = identifier.entity.kind, shown(identifier.key)
    keys = f"Valid keys are {', '.join(known)}" if known else "A key is needed after the dot"
    return refusal(f"{refused or f'Invalid {kind} key'} '{key}' specified. {keys}", identifier.token)


def _pieces(cursor: Cursor) -> list[Token]:
    """Read the bare and quoted pieces of one identifier: those that touch."""
    first = cursor.take()
    if first.kind not in {TokenKind.BARE, TokenKind.QUOTED} or first.raw[0] == "'":
        raise refusal(f"Invalid comparison clause. Expected 'Identifier' found '{shown(first.raw)}'", first)
    pieces = [first]
    while cursor.peek().at == pieces[-1].end and cursor.peek().kind in {
        TokenKind.BARE,
        TokenKind.NUMBER,
        TokenKind.QUOTED,
    }:
        pieces.append(cursor.take())
    return pieces


def _divided(pieces: list[Token], schema: SearchSchema) -> tuple[Entity, str]:
    """Divide at the first dot that no quotes hide."""
    before = ""
    for number, piece in enumerate(pieces):
        head, dot, tail = ("", "", "") if piece.kind is TokenKind.QUOTED else piece.raw.partition(".")
        if dot:
            key = tail + "".join(one.text for one in pieces[number + 1 :])
            return _entity(before + head, pieces[0], schema), key
        before += piece.text
    if "." in before and before not in schema.attributes.fields:
        raise _unknown_entity(pieces[0].raw, pieces[0], schema)  # all of it was quoted: `metrics.a`
    return schema.attributes, before


def _entity(name: str, token: Token, schema: SearchSchema) -> Entity:
    entity = schema.entity_named(name)
    if entity is None:
        raise _unknown_entity(name, token, schema)
    return entity


def _unknown_entity(name: str, token: Token, schema: SearchSchema) -> BadFilterError:
    known = ", ".join(schema.entity_names())
    return refusal(
        f"Invalid entity type '{shown(name)}'. Valid entity types are {known}; quotes go around the key alone: "
        "metrics.`a b`",
        token,
    )
