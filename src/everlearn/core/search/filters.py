"""Reading filters: `metrics.loss < 0.5 AND params.optimizer = 'adam'`."""

import math
from collections.abc import Sequence

from everlearn.core.search.clause import BadFilterError, Clause, Op
from everlearn.core.search.fields import Searchable
from everlearn.core.search.tokens import Token, tokens_of

MOST_CLAUSES = 100
_WORDS = {"like": Op.LIKE, "ilike": Op.ILIKE, "rlike": Op.RLIKE}


def parse_filter(text: str | None, searchable: Searchable) -> tuple[Clause, ...]:
    """Read a filter; nothing, or white space, is a filter that lets everything pass.

    Raises
    ------
    BadFilterError
        When it cannot be read, or names what this search does not know.
    """
    words = tokens_of(text or "")
    if not words:
        return ()
    parts = _clauses(words)
    if len(parts) > MOST_CLAUSES:
        raise BadFilterError(f"Invalid filter: it has {len(parts)} clauses; {MOST_CLAUSES} are allowed")
    return tuple(_clause(part, searchable) for part in parts)


def split_key(words: Sequence[Token], searchable: Searchable) -> tuple[str, str]:
    """Read `entity.key`; a key without an entity is an attribute. Keys may hold dots: only the first one divides.

    Several words without quotes are a key only where they are another name of an attribute (`run name`).
    """
    written = " ".join(word.text for word in words)
    if len(words) > 1 and written not in searchable.aliases:
        raise _unreadable(words)
    entity, dot, key = written.partition(".")
    if not dot:
        return "attribute", searchable.aliases.get(written, written)
    kind = searchable.entities.get(entity.strip())
    if kind is None:
        known = ", ".join(sorted(set(searchable.entities)))
        raise BadFilterError(f"Invalid entity type '{entity[:80]}'. Valid entity types are {known}")
    key = _unquoted(key)
    return kind, searchable.aliases.get(key, key) if kind == "attribute" else key


def _clauses(words: Sequence[Token]) -> list[list[Token]]:
    """Divide at AND, but not the parts of a list in parentheses."""
    parts: list[list[Token]] = [[]]
    for word in words:
        if word.kind == "word" and word.text.upper() == "AND":
            parts.append([])
        else:
            parts[-1].append(word)
    if any(not part for part in parts):
        raise _unreadable(words)
    return parts


def _clause(words: Sequence[Token], searchable: Searchable) -> Clause:
    """Read `identifier operator value`; an identifier may be several words (`run name`)."""
    place = next((number for number, word in enumerate(words) if number and _begins_operator(words, number)), None)
    if place is None or any(word.kind not in {"word", "quoted"} for word in words[:place]):
        raise _unreadable(words)
    kind, key = split_key(words[:place], searchable)
    op, rest = _operator(words[place:])
    operators = _operators_of(kind, key, searchable)
    if op not in operators:
        allowed = ", ".join(sorted(operators))
        raise BadFilterError(f"Invalid comparator '{op}' for {kind} '{key[:80]}'. Valid comparators are {allowed}")
    return Clause(kind=kind, key=key, op=op, value=_value(kind, key, op, rest, searchable))


def _begins_operator(words: Sequence[Token], number: int) -> bool:
    word = words[number]
    if word.kind == "op":
        return True
    if word.kind != "word":
        return False
    upper = word.text.upper()
    following = words[number + 1].text.upper() if number + 1 < len(words) else ""
    return (
        upper in {"LIKE", "ILIKE", "RLIKE"}
        or (upper == "IN" and number + 1 < len(words) and words[number + 1].kind == "(")
        or (upper == "NOT" and following == "IN")
        or (upper == "IS" and following in {"NULL", "NOT"})
    )


def _operator(words: Sequence[Token]) -> tuple[Op, Sequence[Token]]:
    first = words[0]
    if first.kind == "op":
        return Op(first.text), words[1:]
    said = [word.text.upper() for word in words[:3]]
    if said[0].lower() in _WORDS:
        return _WORDS[said[0].lower()], words[1:]
    if said[0] == "IN":
        return Op.IN, words[1:]
    if said[:2] == ["NOT", "IN"]:
        return Op.NOT_IN, words[2:]
    if said[:2] == ["IS", "NULL"]:
        return Op.IS_NULL, words[2:]
    if said == ["IS", "NOT", "NULL"]:
        return Op.IS_NOT_NULL, words[3:]
    raise _unreadable(words)


def _operators_of(kind: str, key: str, searchable: Searchable) -> frozenset[Op]:
    if kind in searchable.keyed:
        return searchable.keyed[kind]
    known = searchable.datasets if kind == "dataset" else searchable.attributes
    if key not in known:
        raise BadFilterError(f"Invalid {kind} key '{key[:80]}' specified. Valid keys are {', '.join(sorted(known))}")
    return known[key]


def _value(
    kind: str, key: str, op: Op, words: Sequence[Token], searchable: Searchable
) -> str | float | tuple[str, ...] | None:
    if op in {Op.IS_NULL, Op.IS_NOT_NULL}:
        if words:
            raise _unreadable(words)
        return None
    if op in {Op.IN, Op.NOT_IN}:
        return _listed(words)
    if len(words) != 1:
        raise _unreadable(words)
    if kind == "metric" or (kind == "attribute" and key in searchable.numbers):
        return _number(key, words[0])
    if words[0].kind != "quoted" or words[0].quote == "`":
        raise BadFilterError(
            f"Expected a quoted string value for {kind} (e.g. 'my-value'). Got value {words[0].text[:80]}"
        )
    return words[0].text


def _listed(words: Sequence[Token]) -> tuple[str, ...]:
    if len(words) < 3 or words[0].kind != "(" or words[-1].kind != ")":
        raise BadFilterError("Invalid clause(s) in filter string: a list is written ('a', 'b')")
    inside = words[1:-1]
    values, commas = inside[::2], inside[1::2]
    if (
        any(word.kind != "quoted" for word in values)
        or any(word.kind != "," for word in commas)
        or len(inside) % 2 == 0
    ):
        raise BadFilterError("Invalid clause(s) in filter string: a list holds quoted strings with commas between them")
    return tuple(word.text for word in values)


def _number(key: str, word: Token) -> float:
    try:
        value = float(word.text if word.kind == "word" else "not a number: it is quoted")
    except ValueError as error:
        raise BadFilterError(f"Expected numeric value type for '{key[:80]}'. Found {word.text[:80]}") from error
    if math.isnan(value):
        raise BadFilterError(f"Expected numeric value type for '{key[:80]}': nothing compares with NaN")
    return value


def _unquoted(key: str) -> str:
    if len(key) > 1 and key[0] == key[-1] and key[0] in '"`':
        return key[1:-1]
    return key


def _unreadable(words: Sequence[Token]) -> BadFilterError:
    shown = " ".join(word.text for word in words)[:120]
    return BadFilterError(
        f"Invalid clause(s) in filter string: '{shown}'; write conditions such as metrics.loss < 0.5 with AND between "
        "them (OR, NOT and parentheses are not known)"
    )
