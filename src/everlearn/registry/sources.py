"""Which sources a version may have: a place of this project, or an address elsewhere that this server never opens.

What a client sends is decoded as often as it can be before it is judged, since somebody behind us may decode it again.
"""

import re
from urllib.parse import unquote

from everlearn.registry.model import BadSourceError

LONGEST = 4_000
_DEEPEST_ENCODING = 5
_SCHEME = re.compile(r"([a-z][a-z0-9+.-]*):", re.IGNORECASE)
_OURS = frozenset({"runs", "models", "mlflow-artifacts"})
_ELSEWHERE = frozenset(
    {"s3", "s3a", "gs", "wasbs", "abfss", "hdfs", "dbfs", "http", "https", "ftp", "sftp", "hf", "r2", "b2"}
)
_FORBIDDEN = frozenset("#;?\\\x00")
PROMPT_SOURCE = "dummy-source"  # what clients send for prompts, which have no files


def checked_source(source: str) -> str:
    """Give a source back if it is one.

    Raises
    ------
    BadSourceError
        When it climbs with `..`, names a file of a machine, or could be read to.
    """
    if source == PROMPT_SOURCE:
        return source
    if not source or len(source) > LONGEST:
        raise BadSourceError(
            f"Invalid model version source: it has {len(source)} characters; 1 to {LONGEST} are allowed"
        )
    form = source
    for _ in range(_DEEPEST_ENCODING):
        _check(form, source)
        decoded = unquote(form)
        if decoded == form:
            return source
        form = decoded
    raise _refusal(source, f"it is percent-encoded more than {_DEEPEST_ENCODING - 1} times")


def run_of_source(source: str) -> tuple[str, str] | None:
    """Give the run and the path that a `runs:/` source names."""
    if not source.startswith("runs:/"):
        return None
    run_id, _, path = source.removeprefix("runs:/").lstrip("/").partition("/")
    return run_id, path


def model_of_source(source: str) -> str:
    """Give the logged model that a `models:/m-…` source names; empty when it names none."""
    name = source.removeprefix("models:/").lstrip("/")
    return name if source.startswith("models:/") and name.startswith("m-") and "/" not in name else ""


def version_of_source(source: str) -> tuple[str, int] | None:
    """Give the name and number that a `models:/NAME/NUMBER` source names: a version that is a copy of another."""
    name, _, number = source.removeprefix("models:/").lstrip("/").partition("/")
    is_version = source.startswith("models:/") and number.isascii() and number.isdecimal() and len(number) < 10
    return (name, int(number)) if is_version else None


def tree_of_source(source: str) -> str | None:
    """Give the folder of the project's tree that an `mlflow-artifacts:/…` source names."""
    path = source.removeprefix("mlflow-artifacts:/")
    return path.strip("/") if source.startswith("mlflow-artifacts:/") and not path.startswith("/") else None


def _check(form: str, source: str) -> None:
    scheme = _SCHEME.match(form)
    if scheme is None or scheme.group(1).lower() == "file":
        raise _refusal(
            source,
            "To use a local path as a model version source, the run_id request parameter has to be specified and the "
            "local path has to be contained within the artifact directory of the run; this server keeps no files at "
            "local paths: log the model to a run and register runs:/RUN/PATH",
        )
    rest = form[scheme.end() :]
    if not form.isprintable() or _FORBIDDEN & set(rest) or ".." in rest.split("/"):
        raise _refusal(
            source,
            "If supplying a source as an http, https, local file path, ftp, objectstore, or mlflow-artifacts uri, an "
            "absolute path must be provided without relative path references present; nor may it hold one of # ; ? \\ "
            "or a character that cannot be printed",
        )
    if scheme.group(1).lower() not in _OURS | _ELSEWHERE:
        raise _refusal(source, f"{scheme.group(1)}: is not a place that models are registered from")


def _refusal(source: str, why: str) -> BadSourceError:
    return BadSourceError(f"Invalid model version source: '{source[:120]}'. {why}.")
