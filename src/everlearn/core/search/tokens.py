"""Cutting a text into tokens, in one pass and linear time: no pattern here can go back over what it has read."""

import re
from enum import Enum
from typing import NamedTuple

from everlearn.core.search.clause import BadFilterError

MOST_CHARACTERS = 10_000
UNREADABLE = "Invalid clause(s) in filter string"  # clients match these words
SHOWN = 80  # characters of what was written that a message repeats

# Quotes stand doubled inside their own kind. `*+` never gives back what it took: an open quote costs one pass.
_TOKEN = re.compile(
    r"""(?P<space>\s+)
    |(?P<operator>[=<>!~]+)
    |(?P<mark>[(),;])
    |(?P<quoted>'(?:[^']|'')*+'|"(?:[^"]|"")*+"|`(?:[^`]|``)*+`)
    |(?P<bare>[^\s=<>!~(),;'"`]+)""",
    re.VERBOSE,
)
_NUMBER = re.compile(r"-?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?")


class TokenKind(Enum):
    """What a token can be."""

    BARE = "bare"  # a word without quotes
    NUMBER = "number"
    QUOTED = "quoted"
    OPERATOR = "operator"  # a run of = < > ! ~, known or not
    MARK = "mark"  # one of ( ) , ;
    END = "end"


class Token(NamedTuple):
    """A piece of the text."""

    kind: TokenKind
    raw: str  # as it was written
    at: int  # index of its first character

    @property
    def text(self) -> str:
        """What is meant: without quotes, and each doubled quote once."""
        if self.kind is not TokenKind.QUOTED:
            return self.raw
        quote = self.raw[0]
        return self.raw[1:-1].replace(quote * 2, quote)

    @property
    def end(self) -> int:
        """The index after its last character."""
        return self.at + len(self.raw)

    @property
    def is_string(self) -> bool:
        """Whether it can be a value: backticks are for keys."""
        return self.kind is TokenKind.QUOTED and self.raw[0] != "`"

    def says(self, *words: str) -> bool:
        """Say whether it is one of these keywords, in any case."""
        return self.kind is TokenKind.BARE and self.raw.upper() in words


def tokens_of(text: str) -> list[Token]:
    """Cut a text into tokens; the last is an END.

    Raises
    ------
    BadFilterError
        When the text is too long, is not Unicode text that can be stored, or leaves a quote open.
    """
    _check(text)
    found, at = list[Token](), 0
    while match := _TOKEN.match(text, at):
        if match.lastgroup != "space":
            found.append(Token(_kind(match), match.group(), at))
        at = match.end()
    end = Token(TokenKind.END, "", at)
    if at < len(text):  # only a quote without its partner matches nothing
        raise refusal(f"{UNREADABLE}: the quote {text[at]} is never closed", end)
    return [*found, end]


def refusal(message: str, token: Token) -> BadFilterError:
    """Make the error that says what is wrong, and where."""
    place = token.at + 1
    return BadFilterError(f"{message} (at character {place})", at=place)


def shown(text: str) -> str:
    """Cut what was written to what a message can repeat."""
    return text if len(text) <= SHOWN else f"{text[:SHOWN]}..."


def _check(text: str) -> None:
    if len(text) > MOST_CHARACTERS:
        raise BadFilterError(f"{UNREADABLE}: it has {len(text)} characters; {MOST_CHARACTERS} are allowed")
    # neither can be stored, so nothing stored can match it; databases would fail on them instead of answering
    at = next((at for at, one in enumerate(text) if one == "\0" or "\ud800" <= one <= "\udfff"), None)
    if at is not None:
        raise BadFilterError(
            f"{UNREADABLE}: character {at + 1} is U+{ord(text[at]):04X}, which no text can hold", at=at + 1
        )


def _kind(match: re.Match[str]) -> TokenKind:
    if match.lastgroup == "bare" and _NUMBER.fullmatch(match.group()):
        return TokenKind.NUMBER
    return TokenKind(match.lastgroup)
