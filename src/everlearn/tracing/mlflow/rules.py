"""The names and limits of the protocol's traces, read into ours."""

from collections.abc import Mapping, Sequence

from everlearn.tracing.mlflow.messages import KeyValue, Location
from everlearn.tracing.model import LONGEST_LABEL, LONGEST_LABEL_KEY, MOST_LABELS, State
from everlearn.tracking.mlflow.rules import experiment_number
from everlearn.web.mlflow.errors import ProtocolError

MOST_FOUND = 500  # traces in a page
_STATES = {0: State.STATE_UNSPECIFIED, 1: State.OK, 2: State.ERROR, 3: State.IN_PROGRESS}


def given_state(state: str | int | None) -> State:
    """Read how a trace ended, by name or number; clients before 3 have a longer name for not saying it."""
    if state is None or state in {"TRACE_STATUS_UNSPECIFIED", ""}:
        return State.STATE_UNSPECIFIED
    known = _STATES.get(state) if isinstance(state, int) else State.__members__.get(state)
    if known is None:
        raise ProtocolError(f"Invalid value {state!r} for parameter 'state' supplied: it is one of {[*State]}.")
    return known


def given_labels(given: Mapping[str, str] | None, what: str) -> dict[str, str]:
    """Read tags or metadata; values that are too long are cut."""
    found = {checked_label_key(key, what): value[:LONGEST_LABEL] for key, value in (given or {}).items()}
    if len(found) > MOST_LABELS:
        raise ProtocolError(f"A trace can have at most {MOST_LABELS} {what} in one request. Got {len(found)}.")
    return found


def listed_labels(given: Sequence[KeyValue] | None, what: str) -> dict[str, str]:
    """Read tags or metadata that come as lists."""
    return given_labels({one.key or "": one.value or "" for one in given or ()}, what)


def checked_label_key(key: str, what: str) -> str:
    """Give a key back if it can be one."""
    if not key.strip() or len(key) > LONGEST_LABEL_KEY:
        raise ProtocolError(f"Invalid key of {what}: '{key[:80]}'. Keys have 1 to {LONGEST_LABEL_KEY} characters.")
    return key


def experiment_of(location: Location | None) -> int:
    """Read which experiment a trace is kept in."""
    given = location.mlflow_experiment if location is not None else None
    if given is None or not given.experiment_id:
        raise ProtocolError("Missing value for required parameter 'trace_location.mlflow_experiment.experiment_id'.")
    return experiment_number(given.experiment_id)


def checked_count(given: Sequence[str] | None, name: str, most: int) -> list[str]:
    """Give a list back if it is not too long.

    Raises
    ------
    ProtocolError
        When it is absent, empty or over its limit.
    """
    if not given:
        raise ProtocolError(f"Missing value for required parameter '{name}'.")
    if len(given) > most:
        raise ProtocolError(f"'{name}' has at most {most} items in one request. Got {len(given)}.")
    return [*given]
