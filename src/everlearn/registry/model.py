"""Models and their versions as values: signature, lineage, stages and aliases, with the rules between them."""

import re
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from everlearn.core.actor import Actor
from everlearn.core.digest import Digest
from everlearn.core.errors import ConflictError, InvalidError, NotFoundError
from everlearn.core.json import JSONObject

ONNX = "onnx"
LONGEST_REASON = 2_000
_ALIAS = re.compile(r"[a-z0-9](?:[a-z0-9_-]{0,61}[a-z0-9])?")


class Stage(StrEnum):
    """Where a version is in its life."""

    CANDIDATE = "candidate"  # registered, not yet chosen
    LIVE = "live"  # the champion
    RETIRED = "retired"  # was live, was replaced
    REJECTED = "rejected"  # failed its gate or was rolled back


_NEXT_STAGES: dict[Stage, frozenset[Stage]] = {
    Stage.CANDIDATE: frozenset({Stage.LIVE, Stage.REJECTED, Stage.RETIRED}),
    Stage.LIVE: frozenset({Stage.RETIRED, Stage.REJECTED}),
    Stage.RETIRED: frozenset({Stage.LIVE}),  # brought back after its successor failed
    Stage.REJECTED: frozenset({Stage.CANDIDATE, Stage.LIVE}),  # a person knows better
}


class ModelNotFoundError(NotFoundError):
    """There is no model of this name in the project."""

    code = "registry.model_not_found"


class VersionNotFoundError(NotFoundError):
    """The model has no version of this number."""

    code = "registry.version_not_found"


class NotOnRecordError(VersionNotFoundError):
    """The version is in the catalogue only: nobody checked its signature, profile and format."""

    code = "registry.not_on_record"


class AliasNotFoundError(NotFoundError):
    """The model has no alias of this name."""

    code = "registry.alias_not_found"


class IllegalMoveError(ConflictError):
    """A version cannot go from this stage to that."""

    code = "registry.illegal_move"


class FlavourRefusedError(InvalidError):
    """Only model formats that run no code of their own are registered."""

    code = "registry.flavour_refused"


class NotOnnxError(InvalidError):
    """The bytes are not a model that ONNX Runtime can load by itself."""

    code = "registry.not_onnx"


class SignatureMismatchError(InvalidError):
    """The model takes or gives something else than its signature says."""

    code = "registry.signature_mismatch"


class BadSignatureError(InvalidError):
    """A signature that nothing could fit."""

    code = "registry.bad_signature"


class ModelExistsError(ConflictError):
    """There is a model of this name already."""

    code = "registry.model_exists"
    error_code = "RESOURCE_ALREADY_EXISTS"


class BadModelNameError(InvalidError):
    """A name that could not stand in an address of a model."""

    code = "registry.bad_model_name"


class BadSourceError(InvalidError):
    """A source that is not, or could be read not to be, a place of this project."""

    code = "registry.bad_source"


class OnRecordError(ConflictError):
    """The version has been judged or deployed; the record needs it."""

    code = "registry.on_record"


class ContractUnmetError(ConflictError):
    """The alias carries a contract, and the version does not fulfil it."""

    code = "registry.contract_unmet"


class NothingBeforeError(ConflictError):
    """The alias cannot go back: it named nothing before, or a version that is gone."""

    code = "registry.nothing_before"


class AliasChangesError(ConflictError):
    """The alias, or what its contract asks about, changed while the move was weighed, again and again."""

    code = "registry.alias_changes"


class BadAliasError(InvalidError):
    """An alias that could be taken for a version number, or is not well formed."""

    code = "registry.bad_alias"


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """One input."""

    name: str
    datatype: str  # of the Open Inference Protocol: "FP32", "INT64", "BYTES"


@dataclass(frozen=True, slots=True, kw_only=True)
class OutputColumn:
    """One output and the range in which answers are believed."""

    name: str
    datatype: str
    minimum: float
    maximum: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Signature:
    """What a model takes and gives, row by row."""

    inputs: tuple[Column, ...]
    outputs: tuple[OutputColumn, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class DatasetUse:
    """One version of a data set that a model learned from."""

    name: str
    version: int
    digest: Digest


@dataclass(frozen=True, slots=True, kw_only=True)
class Lineage:
    """Where a version comes from."""

    datasets: tuple[DatasetUse, ...]
    pipeline_run_id: str
    run_id: str
    code_digest: Digest


@dataclass(frozen=True, slots=True, kw_only=True)
class NewVersion:
    """A model to be registered."""

    project: str
    model: str
    run_id: str
    model_digest: Digest
    flavour: str = ONNX
    signature: Signature
    lineage: Lineage
    profile_digest: Digest
    holdout_digest: Digest
    trained_through: datetime  # event time of the newest row it learned from
    metrics: JSONObject
    source_key: str  # the same key again is the same version
    effective_at: datetime | None = None  # event time of the registration; None: as of `trained_through`

    def numbered(self, number: int, *, at: datetime, actor: Actor) -> "ModelVersion":
        """Give the version that this becomes."""
        return ModelVersion(
            project=self.project,
            model=self.model,
            number=number,
            stage=Stage.CANDIDATE,
            run_id=self.run_id,
            model_digest=self.model_digest,
            flavour=self.flavour,
            signature=self.signature,
            lineage=self.lineage,
            profile_digest=self.profile_digest,
            holdout_digest=self.holdout_digest,
            trained_through=self.trained_through,
            metrics=self.metrics,
            registered_at=at,
            registered_by=actor,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelVersion:
    """A registered version. All but its stage never changes."""

    project: str
    model: str
    number: int
    stage: Stage
    run_id: str
    model_digest: Digest
    flavour: str
    signature: Signature
    lineage: Lineage
    profile_digest: Digest
    holdout_digest: Digest
    trained_through: datetime
    metrics: JSONObject
    registered_at: datetime  # recorded time
    registered_by: Actor

    def moved_to(self, stage: Stage) -> "ModelVersion":
        """Give the version in another stage; where it is already is no move.

        Raises
        ------
        IllegalMoveError
            When the way there is not open.
        """
        if stage is self.stage:
            return self
        if stage not in _NEXT_STAGES[self.stage]:
            ways = ", ".join(sorted(_NEXT_STAGES[self.stage]))
            raise IllegalMoveError(
                f"version {self.number} of {self.model} is {self.stage}; it can become {ways}, but not {stage}",
                stage=self.stage,
            )
        return replace(self, stage=stage)


@dataclass(frozen=True, slots=True, kw_only=True)
class Model:
    """A name with versions."""

    project: str
    name: str
    newest: int  # number of the newest version
    champion: int | None  # number that the alias `champion` names
    created_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class StageMove:
    """One move of a version."""

    number: int
    before: Stage | None  # None: it was registered
    after: Stage
    reason: str
    actor: Actor
    moved_at: datetime  # recorded time


@dataclass(frozen=True, slots=True, kw_only=True)
class AliasMove:
    """One move of an alias."""

    alias: str
    before: int | None  # None: the alias was new
    after: int | None  # None: the alias was taken away
    reason: str
    actor: Actor
    moved_at: datetime  # recorded time; along the moves of a model it does not go back
    decision_id: str | None = None  # the decision behind it; None: the alias carried no contract


@dataclass(frozen=True, slots=True, kw_only=True)
class Approval:
    """Somebody's word that a version may carry an alias."""

    alias: str
    number: int
    actor: Actor
    comment: str
    approved_at: datetime  # recorded time


@dataclass(frozen=True, slots=True, kw_only=True)
class Resolved:
    """What an alias named at some instant, and by which move."""

    alias: str
    number: int
    as_of: datetime
    is_deleted: bool  # the version was removed since
    move: AliasMove


@dataclass(frozen=True, slots=True, kw_only=True)
class Alias:
    """A name that points at one version."""

    alias: str
    number: int


def checked_flavour(flavour: str) -> str:
    """Give the flavour back if it is one that we load."""
    if flavour != ONNX:
        raise FlavourRefusedError(
            f"models of flavour {flavour[:40]!r} are not registered: pickles and their kin run code when they are "
            "loaded. Export the model to ONNX (scikit-learn: skl2onnx) and register that"
        )
    return flavour


def checked_alias(alias: str) -> str:
    """Give the alias back if it is well formed and cannot be taken for a number."""
    if not _ALIAS.fullmatch(alias) or alias == "latest" or re.fullmatch(r"v?\d+", alias):
        raise BadAliasError(
            f"not an alias: {alias[:80]!r}; use 1 to 63 of a-z, 0-9, '_', '-', but not a number or 'latest'"
        )
    return alias


def checked_reason(reason: str) -> str:
    """Give a reason back if it says something and fits."""
    if not reason.strip() or len(reason) > LONGEST_REASON:
        raise InvalidError(f"a move needs a reason of 1 to {LONGEST_REASON} characters, for those who ask later")
    return reason
