"""The limits and names of MLflow's protocol, with its own words where clients read them."""

import re
from collections.abc import Sequence
from secrets import choice, randbelow

from everlearn.tracking.mlflow.messages import Tag
from everlearn.web.mlflow.errors import ProtocolError

MOST_METRICS, MOST_PARAMS, MOST_TAGS, MOST_ENTITIES = 1_000, 100, 100, 1_000
LONGEST_KEY, LONGEST_PARAM, LONGEST_TAG, LONGEST_EXPERIMENT_TAG = 250, 6_000, 8_000, 20_000
LONGEST_NAME = 500
RUN_NAME, USER = "mlflow.runName", "mlflow.user"
STATUSES = {1: "RUNNING", 2: "SCHEDULED", 3: "FINISHED", 4: "FAILED", 5: "KILLED"}
VIEWS = {1: "ACTIVE_ONLY", 2: "DELETED_ONLY", 3: "ALL"}

_KEY = re.compile(r"[/\w.\- :]*")
_EXPERIMENT_ID = re.compile(r"[0-9]{1,18}")
_ADJECTIVES = ("able", "bold", "calm", "clear", "eager", "fair", "gentle", "keen", "lively", "merry", "quiet", "swift")
_NOUNS = ("crane", "dove", "finch", "gull", "heron", "kestrel", "lark", "osprey", "robin", "swan", "tern", "wren")


def checked_key(key: str, kind: str) -> str:
    """Give the key of a metric, parameter or tag back if it is well formed."""
    if not _KEY.fullmatch(key):
        raise ProtocolError(
            f"Invalid {kind} name: '{key[:80]}'. Names may only contain alphanumerics, underscores (_), dashes (-), "
            "periods (.), spaces ( ), colon(:) and slashes (/)."
        )
    if len(key) > LONGEST_KEY:
        raise ProtocolError(
            f"'{kind}' exceeds the maximum length of {LONGEST_KEY} characters: the key '{key[:40]}...' has {len(key)}"
        )
    if key in {"", "."} or any(part in {"", "..", "."} for part in key.split("/")):
        raise ProtocolError(
            f"Invalid {kind} name: '{key[:80]}'. Names may be treated as files in certain cases, and must not resolve "
            "to other names when treated as such."
        )
    return key


def given_tags(tags: Sequence[Tag] | None, *, longest: int, cut: bool = True) -> dict[str, str]:
    """Read tags; too long values are cut, or refused."""
    found = {}
    for tag in tags or ():
        key = checked_key(tag.key or "", "tag")
        found[key] = fitted(key, tag.value or "", longest=longest, cut=cut)
    return found


def given_params(params: Sequence[Tag] | None) -> dict[str, str]:
    """Read parameters; a key may come once only."""
    found: dict[str, str] = {}
    for param in params or ():
        key = checked_key(param.key or "", "param")
        if key in found:
            raise ProtocolError(f"Duplicate parameter keys have been submitted: ['{key}']. Please ensure the request "
                                "contains only one param value per param key.")  # fmt: skip
        found[key] = fitted(key, param.value or "", longest=LONGEST_PARAM)
    return found


def fitted(key: str, value: str, *, longest: int, cut: bool = True) -> str:
    """Give a value within its limit."""
    if len(value) <= longest:
        return value
    if not cut:
        raise ProtocolError(
            f"Value of '{key}' exceeds the maximum length of {longest} characters: it has {len(value)}."
        )
    return value[:longest]


def experiment_number(experiment_id: str) -> int:
    """Read an experiment's id."""
    if not _EXPERIMENT_ID.fullmatch(experiment_id):
        raise ProtocolError(f"Invalid experiment ID: '{experiment_id[:80]}'. Experiment IDs of this server are digits.")
    return int(experiment_id)


def checked_experiment_name(name: str) -> str:
    """Give the name of an experiment back if it is one."""
    if not name.strip():
        raise ProtocolError("Invalid experiment name: ''. Experiment names may not be empty.")
    if len(name) > LONGEST_NAME:
        raise ProtocolError(f"'name' exceeds the maximum length of {LONGEST_NAME} characters")
    return name


def given_status(status: str | int) -> str:
    """Read a run's status, by name or number."""
    name = STATUSES.get(status) if isinstance(status, int) else status
    if name not in STATUSES.values():
        raise ProtocolError(
            f"Invalid value {status!r} for parameter 'status' supplied: it is one of {[*STATUSES.values()]}."
        )
    return str(name)


def given_view(view: str | int | None) -> str:
    """Read which of the living and the deleted are meant; the living when nothing is said."""
    if isinstance(view, str) and view.isdigit():
        view = int(view)
    name = VIEWS.get(view) if isinstance(view, int) else view or "ACTIVE_ONLY"
    if name not in VIEWS.values():
        raise ProtocolError(
            f"Invalid value {view!r} for parameter 'view_type' supplied: it is one of {[*VIEWS.values()]}."
        )
    return str(name)


def generated_name() -> str:
    """Make up a name for a run that has none."""
    return f"{choice(_ADJECTIVES)}-{choice(_NOUNS)}-{randbelow(1_000)}"


def page_size(wanted: int | None, *, default: int, most: int) -> int:
    """Read how many are wanted."""
    size = default if wanted is None else wanted
    if not 1 <= size <= most:
        raise ProtocolError(
            f"Invalid value {size} for parameter 'max_results' supplied: "
            f"It must be a positive integer of at most {most}."
        )
    return size
