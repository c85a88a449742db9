"""Where a blob lies on a shelf, by its digest."""

import re

from everlearn.core.digest import Digest, hex_of, parse_digest

PACKED = "packed"
_NAME = re.compile(rf"(?:sha256|{PACKED})/([0-9a-f]{{2}})/([0-9a-f]{{62}})")


def whole_name(digest: Digest) -> str:
    """Give the name of a blob that lies there as it is."""
    return _below("sha256", digest)


def packed_name(digest: Digest) -> str:
    """Give the name of its packed form."""
    return _below(PACKED, digest)


def digest_of(name: str) -> Digest | None:
    """Give the digest of the blob that lies under a name; None for a name of something else."""
    found = _NAME.fullmatch(name)
    return None if found is None else Digest(f"sha256:{found[1]}{found[2]}")


def _below(folder: str, digest: Digest) -> str:
    digits = hex_of(parse_digest(digest))  # checked: it becomes a path
    return f"{folder}/{digits[:2]}/{digits[2:]}"
