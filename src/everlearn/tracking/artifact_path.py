"""Which paths artifacts may have: relative, printable, the same however often they are decoded.

Paths are keys of a table and never touch our disk, but they end up as files at whoever downloads a run, in addresses
and in headers; so everything that some reader of them could misread is refused at the door.
"""

import unicodedata
from urllib.parse import unquote

from everlearn.core.errors import InvalidError

LONGEST_PATH = 500  # characters
LONGEST_PART = 200
_DEEPEST_ENCODING = 5
_FORBIDDEN = frozenset('\\:*?"<>|#;')  # separators and wildcards of some system, or of addresses


class BadArtifactPathError(InvalidError):
    """A path that leads, or could be read to lead, outside the run."""

    code = "tracking.bad_artifact_path"


def checked_artifact_path(path: str) -> str:
    """Give the path back if it is safe.

    Raises
    ------
    BadArtifactPathError
        When it is empty, absolute, too long, climbs with `..`, holds control characters or characters that some
        system gives a meaning, now or after percent-decoding it any number of times.
    """
    if len(path) > LONGEST_PATH:
        raise BadArtifactPathError(f"an artifact path has at most {LONGEST_PATH} characters, not {len(path)}")
    form = path
    for _ in range(_DEEPEST_ENCODING):
        _check(form, path)
        _check(unicodedata.normalize("NFKC", form), path)
        decoded = _decoded(form, path)
        if decoded == form:
            return path
        form = decoded
    raise _refusal(path, f"is percent-encoded more than {_DEEPEST_ENCODING - 1} times")


def folders_of(path: str) -> list[str]:
    """Give the folders that a path lies in: `a/b/c` lies in `a` and `a/b`."""
    parts = path.split("/")
    return ["/".join(parts[:count]) for count in range(1, len(parts))]


def _check(form: str, path: str) -> None:
    parts = form.split("/")
    if not form.isprintable():
        raise _refusal(path, "holds a character that cannot be printed")
    if _FORBIDDEN & set(form):
        raise _refusal(path, f"holds one of {' '.join(sorted(_FORBIDDEN))}")
    if any(part in {"", ".", ".."} for part in parts):
        raise _refusal(path, "has an empty part, '.' or '..'")
    if any(len(part) > LONGEST_PART or part != part.strip() for part in parts):
        raise _refusal(path, f"has a part over {LONGEST_PART} characters or with white space at an end")


def _decoded(form: str, path: str) -> str:
    try:
        return unquote(form, errors="strict")
    except UnicodeDecodeError as error:
        raise _refusal(path, "is percent-encoded and not UTF-8") from error


def _refusal(path: str, why: str) -> BadArtifactPathError:
    return BadArtifactPathError(
        f"not an artifact path: {path[:80]!r} {why}; use a relative path such as model/model.onnx"
    )
