"""Content digests: `sha256:<64 hex>` everywhere a thing is named by what it contains."""

import hashlib
from typing import NewType

from everlearn.core.errors import InvalidError
from everlearn.core.json import JSONValue, canonical_json

Digest = NewType("Digest", str)

_PREFIX = "sha256:"


def digest_bytes(content: bytes) -> Digest:
    """Digest some bytes."""
    return Digest(_PREFIX + hashlib.sha256(content).hexdigest())


def digest_json(value: JSONValue) -> Digest:
    """Digest a JSON value by its canonical form, so that key order does not matter."""
    return digest_bytes(canonical_json(value).encode())


def parse_digest(text: str) -> Digest:
    """Check that `text` is a well-formed digest.

    Raises
    ------
    InvalidError
        When it is not `sha256:` followed by 64 lower-case hexadecimal digits.
    """
    digits = text.removeprefix(_PREFIX)
    if text == digits or len(digits) != 64 or set(digits) - set("0123456789abcdef"):
        raise InvalidError(f"not a digest: {text[:80]!r}; expected sha256: and 64 hexadecimal digits")
    return Digest(text)


def hex_of(digest: Digest) -> str:
    """Give the hexadecimal digits alone, as used in file names."""
    return digest.removeprefix(_PREFIX)
