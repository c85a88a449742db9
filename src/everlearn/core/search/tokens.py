"""Cutting a filter into words, in one pass: no pattern that could run away on a crafted text."""

from typing import NamedTuple

from everlearn.core.search.clause import BadFilterError

LONGEST = 20_000  # characters of a filter
_OPERATORS = ("!=", ">=", "<=", "=", ">", "<")
_QUOTES = "'\"`"


class Token(NamedTuple):
    """A word of a filter."""

    kind: str  # "word", "quoted", "op", "(", ")", ","
    text: str  # without its quotes
    quote: str = ""


def tokens_of(text: str) -> list[Token]:
    """Cut a filter into words."""
    if len(text) > LONGEST:
        raise BadFilterError(f"Invalid filter: it has {len(text)} characters; {LONGEST} are allowed")
    found, at = list[Token](), 0
    while at < len(text):
        if text[at].isspace():
            at += 1
            continue
        token, at = _token(text, at)
        found.append(token)
    return found


def _token(text: str, at: int) -> tuple[Token, int]:
    if text[at] in "(),":
        return Token(text[at], text[at]), at + 1
    operator = next((op for op in _OPERATORS if text.startswith(op, at)), None)
    if operator is not None:
        return Token("op", operator), at + len(operator)
    if text[at] in _QUOTES:
        return _quoted(text, at)
    return _word(text, at)


def _quoted(text: str, at: int) -> tuple[Token, int]:
    end = text.find(text[at], at + 1)
    if end < 0:
        raise BadFilterError(f"Invalid clause(s) in filter string: the quote at {at + 1} is never closed")
    return Token("quoted", text[at + 1 : end], text[at]), end + 1


def _word(text: str, at: int) -> tuple[Token, int]:
    """Read a bare word; a quoted key may follow its entity (``metrics.`a b```)."""
    start = at
    while at < len(text):
        if text[at] in _QUOTES and text[at - 1] == "." and at > start:
            key, at = _quoted(text, at)
            return Token("word", text[start : at - len(key.text) - 2] + key.text), at
        if text[at].isspace() or text[at] in "(),'\"`" or any(text.startswith(op, at) for op in _OPERATORS):
            break
        at += 1
    return Token("word", text[start:at]), at
