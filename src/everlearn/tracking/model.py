"""Experiments, runs and what runs log, as values; the rules of names, values and states."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from everlearn.core.actor import Actor
from everlearn.core.clock import iso
from everlearn.core.digest import Digest
from everlearn.core.errors import ConflictError, InvalidError, NotFoundError, TooLargeError
from everlearn.tracking.hazards import Hazard

LONGEST_KEY = 250
LONGEST_PARAM = 6_000
LONGEST_TAG = 8_000
SMALLEST_STEP, LARGEST_STEP = -(2**63), 2**63 - 1
LONGEST_TEXT = 500  # names of experiments and runs
MOST_IN_BATCH = 1_000  # metrics, parameters or tags in one call

_KEY = re.compile(r"[\w.\- :][/\w.\- :]*")
_RUN_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}")


DEFAULT_EXPERIMENT = "Default"
DEFAULT_EXPERIMENT_ID = 0


class Lifecycle(StrEnum):
    """Whether something is there, or deleted and can come back."""

    ACTIVE = "active"
    DELETED = "deleted"


class RunStatus(StrEnum):
    """How far a run is; the last three are final."""

    SCHEDULED = "SCHEDULED"
    RUNNING = "RUNNING"
    FINISHED = "FINISHED"
    FAILED = "FAILED"
    KILLED = "KILLED"


_OPEN = frozenset({RunStatus.SCHEDULED, RunStatus.RUNNING})


class RunNotFoundError(NotFoundError):
    """There is no run of this id in the project."""

    code = "tracking.run_not_found"


class ExperimentNotFoundError(NotFoundError):
    """There is no experiment of this id or name in the project."""

    code = "tracking.experiment_not_found"


class ExperimentExistsError(ConflictError):
    """The name is taken, perhaps by a deleted experiment."""

    code = "tracking.experiment_exists"
    error_code = "RESOURCE_ALREADY_EXISTS"


class DeletedError(InvalidError):
    """The thing is deleted; restore it before you change it."""

    code = "tracking.deleted"


class ModelNotFoundError(NotFoundError):
    """There is no logged model of this id in the project."""

    code = "tracking.model_not_found"


class TagNotFoundError(NotFoundError):
    """There is no tag of this name."""

    code = "tracking.tag_not_found"


class ArtifactNotFoundError(NotFoundError):
    """The run has no artifact at this path."""

    code = "tracking.artifact_not_found"


class BadKeyError(InvalidError):
    """A key or a name that could not be shown or looked up."""

    code = "tracking.bad_key"


class ValueTooLongError(TooLargeError):
    """A value or a batch over its limit."""

    code = "tracking.value_too_long"


class ParamChangedError(ConflictError):
    """A parameter says what a run was started with, so it never changes."""

    code = "tracking.param_changed"
    error_code = "INVALID_PARAMETER_VALUE"  # what MLflow's clients expect


class RunEndedError(ConflictError):
    """The run has ended already, and differently."""

    code = "tracking.run_ended"


class RunTakenError(ConflictError):
    """The run id belongs to another project or experiment."""

    code = "tracking.run_id_taken"


class ArtifactBlockedError(ConflictError):
    """A file stands where a folder would be needed, or a folder where the file would."""

    code = "tracking.artifact_path_blocked"


class UploadNotFoundError(NotFoundError):
    """There is no such upload in the project, or it is over."""

    code = "tracking.upload_not_found"


class BadPartError(InvalidError):
    """A part that was not announced, is missing, or is not what the client says it is."""

    code = "tracking.bad_part"


class TooManyUploadsError(ConflictError):
    """The project has too many uploads under way."""

    code = "tracking.too_many_uploads"


@dataclass(frozen=True, slots=True, kw_only=True)
class Experiment:
    """A question that runs try to answer."""

    id: str  # digits: 0, 1, 2, ... of the project
    project: str
    name: str
    artifact_location: str
    lifecycle: Lifecycle
    created_at: datetime
    updated_at: datetime
    tags: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """One attempt, with a beginning and an end."""

    id: str
    project: str
    experiment: str  # its name
    experiment_id: str
    name: str
    user: str  # as whoever started it wrote it down
    status: RunStatus
    started_at: datetime  # as the client says, else recorded time; to the millisecond
    ended_at: datetime | None  # the same; None while it runs
    lifecycle: Lifecycle
    artifact_root: str  # the folder of its files in the project's tree
    effective_at: datetime | None  # event time that the attempt is about; None when nobody said
    started_by: Actor

    def ended(self, status: RunStatus, *, at: datetime) -> "Run":
        """Give the run after its end; the same end again changes nothing.

        Raises
        ------
        InvalidError
            When `status` is no end.
        RunEndedError
            When it ended differently before.
        """
        if status in _OPEN:
            raise InvalidError(f"a run ends as FINISHED, FAILED or KILLED, not as {status}")
        if self.status is status:
            return self
        if self.status not in _OPEN:
            raise RunEndedError(f"run {self.id} has ended as {self.status}; it cannot end as {status} too", run=self.id)
        return replace(self, status=status, ended_at=at)


@dataclass(frozen=True, slots=True, kw_only=True)
class Metric:
    """One measured number; not-a-number and the infinities are numbers too."""

    key: str
    value: float
    step: int
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Artifact:
    """A file that a run left behind."""

    path: str
    digest: Digest
    size_bytes: int
    logged_at: datetime
    hazard: Hazard | None = None  # what loading it could do; None: nothing that was noticed


class UploadState(StrEnum):
    """What has become of a file that arrives in parts."""

    OPEN = "open"
    COMPLETE = "complete"
    ABORTED = "aborted"


@dataclass(frozen=True, slots=True, kw_only=True)
class Upload:
    """A file that arrives in parts. Nobody sees it before all of them are put together."""

    id: str
    project: str
    path: str
    parts: int  # numbered from 1
    state: UploadState
    begun_by: Actor


@dataclass(frozen=True, slots=True, kw_only=True)
class RunDetail:
    """A run with everything it logged but its files: parameters, tags, and the newest value of each metric."""

    run: Run
    params: Mapping[str, str]
    tags: Mapping[str, str]
    metrics: Mapping[str, Metric]


def run_subject(run: Run) -> str:
    """Name a run as the subject of its events."""
    return f"run:{run.project}/{run.id}"


def checked_run_id(run_id: str) -> str:
    """Give a run id of the caller's choice back if it can stand in an address."""
    if not _RUN_ID.fullmatch(run_id):
        raise BadKeyError(f"not a run id: {run_id[:80]!r}; use 1 to 64 letters, digits, '_' and '-'")
    return run_id


def checked_text(text: str, *, kind: str) -> str:
    """Give a name for people back if it is one printable line."""
    if not text.strip() or len(text) > LONGEST_TEXT or not text.isprintable():
        raise BadKeyError(
            f"not a name of {kind}: {text[:80]!r}; use one printable line of 1 to {LONGEST_TEXT} characters"
        )
    return text


def checked_key(key: str) -> str:
    """Give the key of a parameter, metric or tag back if it is well formed.

    Keys may look like relative paths (`train/loss`), because pages group by the part before the slash; what a path
    must not be, a key must not be either.
    """
    parts = key.split("/")
    if len(key) > LONGEST_KEY or not _KEY.fullmatch(key) or any(part in {"", ".", ".."} for part in parts):
        raise BadKeyError(
            f"not a key: {key[:80]!r}; use 1 to {LONGEST_KEY} letters, digits, '_', '.', '-', ':', ' ' "
            "and '/' between such parts"
        )
    return key


def checked_values(values: Mapping[str, str], *, longest: int) -> Mapping[str, str]:
    """Give parameters or tags back if every key and value is within its limits."""
    checked_batch(len(values))
    for key, value in values.items():
        checked_key(key)
        if len(value) > longest:
            raise ValueTooLongError(f"the value of {key!r} has {len(value)} characters; {longest} are allowed", key=key)
        if "\x00" in value:
            raise BadKeyError(f"the value of {key!r} contains the character NUL", key=key)
    return values


def check_unchanged(wanted: Mapping[str, str], known: Mapping[str, str]) -> None:
    """Refuse parameters that have another value already."""
    changed = sorted(key for key, value in wanted.items() if known.get(key, value) != value)
    if changed:
        raise ParamChangedError(
            f"Changing param values is not allowed. Param with key='{changed[0]}' was already logged with "
            f"value='{known[changed[0]][:80]}'; parameters never change, start another run",
            keys=[*changed],
        )


def checked_metrics(measured: Sequence[Metric]) -> Sequence[Metric]:
    """Give measurements back if their keys are well formed and their steps and number within the limits."""
    checked_batch(len(measured))
    for one in measured:
        checked_key(one.key)
        if not SMALLEST_STEP <= one.step <= LARGEST_STEP:
            raise BadKeyError(f"the step of {one.key!r} is {one.step}; steps go from {SMALLEST_STEP} to {LARGEST_STEP}")
        iso(one.at)  # refuses a time without a zone
    return measured


def checked_batch(size: int) -> None:
    """Refuse batches that would hold the database for long."""
    if size > MOST_IN_BATCH:
        raise ValueTooLongError(f"{size} entries in one call; at most {MOST_IN_BATCH}, send the rest in another")
