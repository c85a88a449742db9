"""Reading an event of another system: what it must have is checked, everything else is kept as it came."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from everlearn.core.errors import InvalidError
from everlearn.core.json import JSONObject, canonical_json
from everlearn.tracking.places import LONGEST

MOST_DATA = 1_000  # inputs and outputs of one event
MOST_CHARACTERS = 1_000_000  # of one event as canonical JSON
_TYPES = frozenset({"START", "RUNNING", "COMPLETE", "ABORT", "FAIL", "OTHER"})


class BadEventError(InvalidError):
    """It is no event of OpenLineage, or larger than an event may be."""

    code = "lineage.bad_event"


@dataclass(frozen=True, slots=True, kw_only=True)
class Named:
    """A job or data as an event names it."""

    namespace: str
    name: str
    facets: Mapping[str, Any]

    @property
    def address(self) -> str:
        """Give namespace and name as one text."""
        return f"{self.namespace}/{self.name}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Received:
    """An event, read."""

    document: JSONObject
    job: Named | None  # None: an event about data alone
    state: str  # of the job; empty where the event tells none
    inputs: Sequence[Named] = ()
    outputs: Sequence[Named] = ()
    data: Sequence[Named] = ()  # of an event about data alone


def read_event(document: object) -> Received:
    """Read a RunEvent, JobEvent or DatasetEvent.

    Raises
    ------
    BadEventError
        When a field that it must have is missing or of another kind.
    """
    event = _object(document, "the event")
    _instant(_text(event, "eventTime"))
    _text(event, "producer")
    _check_size(event)
    if "job" not in event and "dataset" in event:
        return Received(document=event, job=None, state="", data=[_named(event["dataset"], "dataset")])
    if "run" in event:
        _uuid(_text(_object(event["run"], "run"), "runId", "run."))
        _facets(event["run"], "facets", "run.")
    state = event.get("eventType", "")
    if state and state not in _TYPES:
        raise BadEventError(f"eventType is one of {', '.join(sorted(_TYPES))}")
    return Received(
        document=event,
        job=_named(event.get("job"), "job"),
        state=str(state),
        inputs=_all_named(event, "inputs"),
        outputs=_all_named(event, "outputs"),
    )


def _check_size(event: JSONObject) -> None:
    try:
        size = len(canonical_json(event))
    except ValueError as error:
        raise BadEventError(f"the event cannot be written as JSON again: {error}") from error
    if size > MOST_CHARACTERS:
        raise BadEventError(f"an event has at most {MOST_CHARACTERS} characters, not {size}; leave facets out")


def _all_named(event: JSONObject, field: str) -> Sequence[Named]:
    value = event.get(field)
    if value is None:
        return ()
    if not isinstance(value, list) or len(value) > MOST_DATA:
        raise BadEventError(f"{field} is a list of at most {MOST_DATA} data sets")
    return [_named(one, f"{field}[{index}]") for index, one in enumerate(value)]


def _named(value: object, where: str) -> Named:
    known = _object(value, where)
    named = Named(
        namespace=_text(known, "namespace", f"{where}."),
        name=_text(known, "name", f"{where}."),
        facets=_facets(known, "facets", f"{where}."),
    )
    if len(named.address) > LONGEST:
        raise BadEventError(f"{where}: namespace and name have at most {LONGEST} characters together")
    return named


def _facets(known: Any, field: str, where: str) -> Mapping[str, Any]:
    value = known.get(field)
    return {} if value is None else _object(value, f"{where}{field}")


def _object(value: object, where: str) -> JSONObject:
    if not isinstance(value, dict):
        raise BadEventError(f"{where} is a JSON object")
    return value


def _text(known: JSONObject, field: str, where: str = "") -> str:
    value = known.get(field)
    if not isinstance(value, str) or not value:
        raise BadEventError(f"{where}{field} is missing, or no text")
    return value


def _instant(text: str) -> None:
    try:
        datetime.fromisoformat(text)
    except ValueError as error:
        raise BadEventError("eventTime is no date and time of ISO 8601") from error


def _uuid(text: str) -> None:
    try:
        UUID(text)
    except ValueError as error:
        raise BadEventError("run.runId is no UUID") from error
