"""Turning a finished training run into a candidate version, and judging candidates."""

import io
from dataclasses import dataclass
from datetime import datetime
from math import isfinite
from typing import Any

import msgspec
import numpy as np
import polars as pl
from numpy.typing import NDArray

from everlearn.blobs import BlobStore
from everlearn.core.actor import Actor, system
from everlearn.core.clock import parse_instant
from everlearn.core.decisions import Decision, Verdict
from everlearn.core.digest import Digest
from everlearn.core.json import JSONObject
from everlearn.core.subjects import model_subject
from everlearn.db import Database, Tx
from everlearn.decisions import Decisions
from everlearn.eventlog import Cause, EventLog
from everlearn.pipelines import PipelineRun
from everlearn.policies import Policies
from everlearn.quality.events import GateFailed, GatePassed
from everlearn.quality.model import GatePolicy, NotRejectedError, Package, PackageIncompleteError
from everlearn.quality.rules import PAIRED_ERROR
from everlearn.quality.scoring import predictions_of
from everlearn.registry import (
    Column,
    DatasetUse,
    Lineage,
    ModelVersion,
    NewVersion,
    OutputColumn,
    Registry,
    Signature,
    Stage,
)

ACTOR = system("quality")
PACKAGE_STEP = "package"
GATE = "quality.gate"


@dataclass(frozen=True, slots=True)
class Gates:
    """The way of a training run into the registry, and past the gate."""

    db: Database
    log: EventLog
    blobs: BlobStore
    registry: Registry
    decisions: Decisions
    policies: Policies

    def register(self, run: PipelineRun, *, cause: Cause | None = None) -> ModelVersion | None:
        """Register what a finished run packaged; None when the pipeline packages no model.

        Raises
        ------
        PackageIncompleteError
            When the manifest names a step that the run has no output of.
        """
        if PACKAGE_STEP not in run.outputs:
            return None
        package = self._package(run)
        new = NewVersion(
            project=run.project,
            model=package.model,
            run_id=run.tracking_run_id,
            model_digest=_output(run, package.model_step),
            signature=_signature(package),
            lineage=_lineage(run, package),
            profile_digest=_output(run, package.profile_step),
            holdout_digest=_output(run, package.holdout_step),
            trained_through=parse_instant(package.trained_through),
            metrics=package.metrics,
            source_key=run.id,
            effective_at=run.effective_at,
        )
        self.registry.check(new)
        with self.db.write() as tx:
            return self.registry.register_version(tx, new, actor=ACTOR, cause=cause)

    def judge(
        self, project: str, model: str, number: int, *, effective_at: datetime, cause: Cause | None = None
    ) -> Verdict:
        """Decide whether a version may go on to its rollout; the decision, the event and the stage commit together.

        The first version of a model is judged against the naive baseline that its holdout carries, every later one
        against the champion. The same moment again gives the verdict that was found then, and changes nothing: by
        now the version may itself be the champion.
        """
        known = self._judged_at(project, model, number, effective_at)
        if known is not None:
            return known.finding.verdict
        version = self.registry.version(project, model, number)
        return self._judge(version, effective_at=effective_at, actor=ACTOR, cause=cause).finding.verdict

    def judge_again(self, project: str, model: str, number: int, *, effective_at: datetime, actor: Actor) -> Decision:
        """Judge a rejected version by the policy and against the champion of now, because somebody asks for it.

        When it passes it is a candidate again, and its rollout follows. The same moment again changes nothing.

        Raises
        ------
        NotRejectedError
            When the version is not rejected: it waits for its verdict, passed, or was the champion.
        """
        known = self._judged_at(project, model, number, effective_at)
        if known is not None:
            return known
        version = self.registry.version(project, model, number)
        if version.stage is not Stage.REJECTED:
            raise NotRejectedError(
                f"version {number} of {model} is {version.stage}; only a rejected version is judged again",
                stage=version.stage,
            )
        return self._judge(version, effective_at=effective_at, actor=actor, cause=None)

    def _judge(self, version: ModelVersion, *, effective_at: datetime, actor: Actor, cause: Cause | None) -> Decision:
        project, model = version.project, version.model
        champion = self.registry.alias(project, model, "champion")
        with self.db.read() as tx:
            policy = self.policies.get(tx, project, model, GatePolicy)
        parameters: JSONObject = {
            **msgspec.to_builtins(policy),
            "candidate": version.number,
            "baseline": "the naive baseline" if champion is None else f"version {champion}",
        }
        decision = self.decisions.prepare(
            project=project,
            kind=GATE,
            subject=model_subject(project, model),
            rule=PAIRED_ERROR,
            parameters=parameters,
            window=self._window(version, champion),
            effective_at=effective_at,
        )
        with self.db.write() as tx:
            recorded = self.decisions.record(tx, decision, actor=actor, cause=cause)
            if recorded is decision:  # otherwise another worker was quicker, and has done what follows
                self._follow(tx, version, recorded, actor=actor, cause=cause)
        return recorded

    def _follow(self, tx: Tx, version: ModelVersion, decision: Decision, *, actor: Actor, cause: Cause | None) -> None:
        """Move the version to where its verdict belongs, and tell; one that somebody made champion already stays."""
        project, model, number = version.project, version.model, version.number
        belongs = Stage.CANDIDATE if decision.finding.verdict is Verdict.PASS else Stage.REJECTED
        if self.registry.version_in(tx, project, model, number).stage in {Stage.CANDIDATE, Stage.REJECTED}:
            self.registry.move(
                tx,
                project,
                model,
                number,
                belongs,
                reason=decision.finding.reason,
                actor=actor,
                cause=cause,
                effective_at=decision.effective_at,
            )
        event = _announced(decision, project=project, model=model, version=number)
        self.log.append(tx, event, actor=actor, subject=decision.subject, cause=cause)

    def _judged_at(self, project: str, model: str, number: int, at: datetime) -> Decision | None:
        """Give the verdict on a version that was found for a moment, if there is one."""
        after = None
        while True:
            page = self.decisions.list(project, subject=model_subject(project, model), kind=GATE, after=after)
            for one in page.items:
                if one.effective_at == at and one.parameters.get("candidate") == number:
                    return one
            after = page.next
            if after is None or page.items[-1].effective_at < at:
                return None

    def _window(self, version: ModelVersion, champion: int | None) -> JSONObject:
        rows = pl.read_parquet(io.BytesIO(self.blobs.get(version.holdout_digest)))
        label = rows["label"].to_numpy().astype(np.float64)
        candidate = self._answers(version, rows)
        if champion is None:
            baseline = rows["baseline"].to_numpy().astype(np.float64)
        else:
            baseline = self._answers(self.registry.version(version.project, version.model, champion), rows)
        return {
            "candidate": _absolute_errors(candidate, label),
            "baseline": _absolute_errors(baseline, label),
            "block": rows["event_time"].dt.date().cast(pl.Utf8).to_list(),
        }

    def _answers(self, version: ModelVersion, rows: pl.DataFrame) -> NDArray[np.float64]:
        columns = [column.name for column in version.signature.inputs]
        features: Any = rows.select(columns).cast(pl.Float32).to_numpy()
        return predictions_of(self.blobs.get(version.model_digest), features)

    def _package(self, run: PipelineRun) -> Package:
        manifest = self.blobs.get(run.outputs[PACKAGE_STEP])
        try:
            return msgspec.json.decode(manifest, type=Package)
        except msgspec.ValidationError as error:
            raise PackageIncompleteError(f"the manifest of run {run.id} does not fit: {error}") from error


def _announced(decision: Decision, *, project: str, model: str, version: int) -> GatePassed | GateFailed:
    finding = decision.finding
    if finding.verdict is Verdict.PASS:
        return GatePassed(
            project=project,
            model=model,
            version=version,
            decision_id=decision.id,
            reason=finding.reason,
            effective_at=decision.effective_at,
        )
    return GateFailed(
        project=project,
        model=model,
        version=version,
        decision_id=decision.id,
        verdict=finding.verdict,
        reason=finding.reason,
        effective_at=decision.effective_at,
    )


def _absolute_errors(answers: NDArray[np.float64], label: NDArray[np.float64]) -> list[Any]:
    errors = np.round(np.abs(answers - label), 4)
    return [error if isfinite(error) else None for error in errors.tolist()]


def _output(run: PipelineRun, step: str) -> Digest:
    if step not in run.outputs:
        raise PackageIncompleteError(f"run {run.id} has no output of step {step!r}; it has {', '.join(run.outputs)}")
    return run.outputs[step]


def _signature(package: Package) -> Signature:
    return Signature(
        inputs=tuple(Column(name=name, datatype="FP32") for name in package.input_columns),
        outputs=(
            OutputColumn(
                name=package.output_name,
                datatype="FP32",
                minimum=package.output_minimum,
                maximum=package.output_maximum,
            ),
        ),
    )


def _lineage(run: PipelineRun, package: Package) -> Lineage:
    return Lineage(
        datasets=tuple(msgspec.convert(use, DatasetUse) for use in package.datasets),
        pipeline_run_id=run.id,
        run_id=run.tracking_run_id,
        code_digest=run.code_digest,
    )
