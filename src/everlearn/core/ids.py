"""Identifiers: a short prefix that tells the kind, then 26 sortable characters (ULID layout, Crockford base 32).

Two kinds of making: `new_id` for things that happen once, `derived_id` for things that a retry must find again.
"""

import hashlib
import os
import time

_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"


def new_id(prefix: str) -> str:
    """Make an identifier that sorts by the millisecond it was made in."""
    number = (time.time_ns() // 1_000_000 << 80) | int.from_bytes(os.urandom(10))
    return f"{prefix}_{_base32(number)}"


def derived_id(prefix: str, *parts: str) -> str:
    """Make the identifier that these parts always give, so that doing a thing twice names it once."""
    joined = "\x1f".join(parts).encode()
    return f"{prefix}_{_base32(int.from_bytes(hashlib.sha256(joined).digest()[:16]))}"


def _base32(number: int) -> str:
    return "".join(_ALPHABET[(number >> shift) & 31] for shift in range(125, -1, -5))
