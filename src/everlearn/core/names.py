"""Names that people choose: projects, models, data sets. One rule for all, safe in URLs and file names."""

import re

from everlearn.core.errors import InvalidError

_NAME = re.compile(r"[a-z0-9](?:[a-z0-9._-]{0,61}[a-z0-9])?")

DEFAULT_PROJECT = "default"


def checked_name(name: str, *, kind: str) -> str:
    """Give the name back if it is well formed.

    Raises
    ------
    InvalidError
        When it is not 1 to 63 of a-z, 0-9, `.`, `_`, `-`, beginning and ending with a letter or digit.
    """
    if not _NAME.fullmatch(name) or ".." in name:
        raise InvalidError(
            f"not a {kind} name: {name[:80]!r}; use 1 to 63 of a-z, 0-9, '.', '_', '-', "
            "with a letter or digit at both ends"
        )
    return name
