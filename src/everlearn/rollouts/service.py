"""Starting rollouts, judging their steps, ending them. Every move commits with its decision and its event."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from everlearn.core.actor import Actor, system
from everlearn.core.clock import Clock, iso
from everlearn.core.decisions import Decision, Verdict
from everlearn.core.errors import InvalidError
from everlearn.core.ids import derived_id
from everlearn.core.json import JSONObject
from everlearn.core.page import Page, checked_limit, moment_key, page_of, parsed_moment_key
from everlearn.core.subjects import model_subject
from everlearn.db import Database, Tx
from everlearn.decisions import Decisions
from everlearn.eventlog import Cause, EventLog
from everlearn.policies import Policies
from everlearn.registry import Registry, Stage
from everlearn.registry.model import checked_reason
from everlearn.rollouts import store
from everlearn.rollouts.events import RolloutEnded, RolloutStarted, RolloutStepped
from everlearn.rollouts.model import (
    AnswersAlreadyError,
    GateNotPassedError,
    Rollout,
    RolloutEndedError,
    RolloutNotFoundError,
    RolloutPolicy,
    RolloutRunningError,
    State,
    Step,
)
from everlearn.rollouts.rules import STEP
from everlearn.rollouts.window import step_window
from everlearn.serving import Deployments, Traffic

ACTOR = system("rollouts")


@dataclass(frozen=True, slots=True, kw_only=True)
class NewRollout:
    """A request to roll a version out."""

    project: str
    model: str
    candidate: int
    effective_at: datetime
    reason: str
    actor: Actor
    steps: tuple[Step, ...] = ()  # empty: as the model's policy says


@dataclass(frozen=True, slots=True)
class Rollouts:
    """The use cases of progressive delivery."""

    db: Database
    log: EventLog
    clock: Clock
    decisions: Decisions
    policies: Policies
    registry: Registry
    deployments: Deployments

    def start(self, new: NewRollout, *, cause: Cause | None = None) -> Rollout | None:
        """Begin rolling a version out; the first version of a model answers at once, having nobody to replace.

        Asking again for the same version at the same moment gives the same rollout.

        Raises
        ------
        RolloutRunningError
            When another candidate of this model is on its way.
        """
        with self.db.write() as tx:
            return self._start(tx, new, cause)

    def evaluate(self, project: str, model: str, *, through: datetime, cause: Cause | None = None) -> Rollout | None:
        """Judge the running step on everything known by `through`; None when nothing is rolling out."""
        with self.db.read() as tx:
            rollout = store.running(tx, project, model)
            if rollout is None or through <= rollout.step_since:
                return rollout
            policy = self.policies.get(tx, project, model, RolloutPolicy)
            window = step_window(tx, rollout, policy, through=through)
        decision = self.decisions.prepare(
            project=project,
            kind="rollouts.step",
            subject=model_subject(project, model),
            rule=STEP,
            parameters=_parameters(rollout, policy),
            window=window,
            effective_at=through,
        )
        with self.db.write() as tx:
            current = store.get(tx, rollout.id)
            if current != rollout:
                return current  # another worker judged this moment already
            recorded = self.decisions.record(tx, decision, actor=ACTOR, cause=cause)
            after = rollout.after(
                recorded.finding.verdict,
                at=through,
                reason=recorded.finding.reason,
                longest_step=timedelta(days=policy.longest_step_days),
            )
            if after != rollout:
                self._move(tx, rollout, after, decision=recorded, cause=cause)
            return after

    def roll_back(self, rollout_id: str, *, at: datetime, reason: str, actor: Actor) -> Rollout:
        """End a rollout by a person's word; the champion answers everything again. Doing so twice changes nothing.

        Raises
        ------
        RolloutNotFoundError
            When there is none of that id.
        RolloutEndedError
            When the candidate was promoted meanwhile: it is the champion now.
        InvalidError
            When it would end before its present step began.
        """
        checked_reason(reason)
        with self.db.write() as tx:
            rollout = store.get(tx, rollout_id)
            if rollout.state is State.ROLLED_BACK:
                return rollout
            if rollout.state is not State.RUNNING:
                raise RolloutEndedError(rollout)
            if at < rollout.step_since:
                raise InvalidError(
                    f"a rollout whose step began at {iso(rollout.step_since)} cannot have ended at {iso(at)}"
                )
            after = rollout.ended(State.ROLLED_BACK, at=at, reason=f"{actor}: {reason}")
            self._move(tx, rollout, after, decision=None, cause=None)
            return after

    def get(self, rollout_id: str) -> Rollout:
        """Give one rollout."""
        with self.db.read() as tx:
            return store.get(tx, rollout_id)

    def running(self, project: str, model: str) -> Rollout:
        """Give the rollout in progress.

        Raises
        ------
        RolloutNotFoundError
            When none is.
        """
        with self.db.read() as tx:
            rollout = store.running(tx, project, model)
        if rollout is None:
            raise RolloutNotFoundError(f"no rollout of {model} is running")
        return rollout

    def list(self, project: str, model: str, *, after: str | None = None, limit: int = 100) -> Page[Rollout]:
        """Give the rollouts of a model, newest first."""
        size, before = checked_limit(limit), parsed_moment_key(after)
        with self.db.read() as tx:
            rows = store.newest_first(tx, project, model, before=before, limit=size + 1)
        return page_of(rows, limit=size, key=lambda one: moment_key(one.started_at, one.id))

    def start_by_hand(self, new: NewRollout, *, skip_gate: bool) -> Rollout | None:
        """Begin a rollout by a person's word; None when the model had no champion, so that the version answers now.

        Raises
        ------
        AnswersAlreadyError
            When the version is the champion.
        GateNotPassedError
            When the candidate has not passed its gate and this is not meant to be overruled.
        RolloutRunningError
            When another candidate of this model is on its way.
        """
        checked_reason(new.reason)
        version = self.registry.version(new.project, new.model, new.candidate)
        if not skip_gate and not self._has_passed(new):
            raise GateNotPassedError(
                f"version {new.candidate} of {new.model} has not passed its gate; "
                "to overrule it, say skip_gate and give the reason"
            )
        if skip_gate:
            new = replace(new, reason=f"{new.actor} overruled the gate: {new.reason}")
        with self.db.write() as tx:
            if self.deployments.read(tx, new.project, new.model).champion == new.candidate:
                raise AnswersAlreadyError(f"version {new.candidate} of {new.model} is the champion and answers already")
            if version.stage is Stage.REJECTED:
                self.registry.move(
                    tx,
                    new.project,
                    new.model,
                    new.candidate,
                    Stage.CANDIDATE,
                    reason=new.reason,
                    actor=new.actor,
                    effective_at=new.effective_at,
                )
            return self._start(tx, new, None)

    def _start(self, tx: Tx, new: NewRollout, cause: Cause | None) -> Rollout | None:
        champion = self.deployments.read(tx, new.project, new.model).champion
        if champion is None:
            self._deploy_first(tx, new, cause)
            return None
        if champion == new.candidate:
            return None
        rollout = self._new(tx, new, champion)
        running = store.running(tx, new.project, new.model)
        if running is not None and running.id != rollout.id:
            raise RolloutRunningError(running)
        if not store.insert(tx, rollout, at=self.clock.now()):
            return store.get(tx, rollout.id)  # asked again; it may have ended meanwhile
        self._direct_traffic(tx, rollout, new.reason, cause)
        self._append(tx, _started(rollout, new.reason), cause)
        return rollout

    def _has_passed(self, new: NewRollout) -> bool:
        subject = model_subject(new.project, new.model)
        after = None
        while True:
            page = self.decisions.list(
                new.project, subject=subject, kind="quality.gate", verdict=Verdict.PASS, after=after
            )
            if any(one.parameters.get("candidate") == new.candidate for one in page.items):
                return True
            after = page.next
            if after is None:
                return False

    def _new(self, tx: Tx, new: NewRollout, champion: int) -> Rollout:
        policy = self.policies.get(tx, new.project, new.model, RolloutPolicy)
        self.registry.version_in(tx, new.project, new.model, new.candidate)  # must exist
        return Rollout(
            id=derived_id("rollout", new.project, new.model, str(new.candidate), new.effective_at.isoformat()),
            project=new.project,
            model=new.model,
            candidate=new.candidate,
            champion=champion,
            steps=new.steps or policy.steps,
            state=State.RUNNING,
            step_index=0,
            started_at=new.effective_at,
            step_since=new.effective_at,
            reason=new.reason,
            opened_by=new.actor,
        )

    def _deploy_first(self, tx: Tx, new: NewRollout, cause: Cause | None) -> None:
        self.registry.version_in(tx, new.project, new.model, new.candidate)
        self._crown(tx, _Crowning(new.project, new.model, new.candidate, None, new.reason, new.effective_at), cause)
        event = RolloutEnded(
            project=new.project,
            model=new.model,
            rollout_id=derived_id("rollout", new.project, new.model, str(new.candidate), new.effective_at.isoformat()),
            candidate=new.candidate,
            champion=None,
            state=State.PROMOTED,
            decision_id=None,
            reason=f"first version of the model: {new.reason}",
            effective_at=new.effective_at,
        )
        self._append(tx, event, cause)

    def _move(self, tx: Tx, before: Rollout, after: Rollout, *, decision: Decision | None, cause: Cause | None) -> None:
        store.update(tx, after)
        decision_id = None if decision is None else decision.id
        if after.state is State.RUNNING:
            self._direct_traffic(tx, after, after.reason, cause)
            self._append(tx, _stepped(after, decision_id or ""), cause)
            return
        project, model, at = after.project, after.model, after.ended_at or after.step_since
        if after.state is State.PROMOTED:
            take = _Crowning(project, model, after.candidate, before.champion, after.reason, at, decision_id)
            self._crown(tx, take, cause)
        else:
            traffic = Traffic(champion=after.champion)
            self._send(tx, after, traffic, cause, at=after.ended_at)
            self.registry.move(
                tx,
                project,
                model,
                after.candidate,
                Stage.REJECTED,
                reason=after.reason,
                actor=ACTOR,
                cause=cause,
                effective_at=at,
            )
        self._append(tx, _ended(after, decision_id), cause)

    def _crown(self, tx: Tx, take: "_Crowning", cause: Cause | None) -> None:
        where, at = (take.project, take.model), take.effective_at
        because: dict[str, Any] = {"reason": take.reason, "actor": ACTOR, "cause": cause, "effective_at": at}
        self.registry.set_alias(tx, *where, "champion", take.new, decision_id=take.decision_id, **because)
        self.registry.move(tx, *where, take.new, Stage.LIVE, **because)
        if take.old is not None:
            gone = f"replaced by version {take.new}"
            self.registry.move(tx, *where, take.old, Stage.RETIRED, **because | {"reason": gone})
        to = Traffic(champion=take.new)
        self.deployments.direct(
            tx, *where, to, reason=take.reason, actor=ACTOR, cause=cause, effective_at=take.effective_at
        )

    def _direct_traffic(self, tx: Tx, rollout: Rollout, reason: str, cause: Cause | None) -> None:
        traffic = Traffic(
            champion=rollout.champion,
            candidate=rollout.candidate,
            phase=rollout.step.phase.value,
            weight=rollout.step.weight,
        )
        self._send(tx, replace(rollout, reason=reason), traffic, cause, at=rollout.step_since)

    def _send(self, tx: Tx, rollout: Rollout, traffic: Traffic, cause: Cause | None, *, at: datetime | None) -> None:
        self.deployments.direct(
            tx,
            rollout.project,
            rollout.model,
            traffic,
            reason=rollout.reason,
            actor=ACTOR,
            cause=cause,
            effective_at=at,
        )

    def _append(self, tx: Tx, event: RolloutStarted | RolloutStepped | RolloutEnded, cause: Cause | None) -> None:
        self.log.append(tx, event, actor=ACTOR, subject=model_subject(event.project, event.model), cause=cause)


@dataclass(frozen=True, slots=True)
class _Crowning:
    project: str
    model: str
    new: int
    old: int | None  # None: there was no champion
    reason: str
    effective_at: datetime
    decision_id: str | None = None  # None: a person's, or the first version's


def _parameters(rollout: Rollout, policy: RolloutPolicy) -> JSONObject:
    return {
        "rollout": rollout.id,
        "candidate": rollout.candidate,
        "champion": rollout.champion,
        "step": rollout.step_index + 1,
        "steps": len(rollout.steps),
        "phase": rollout.step.phase.value,
        "weight": rollout.step.weight,
        "alpha": policy.alpha / len(rollout.steps),
        "beta": policy.beta,
        "margin": policy.margin,
        "largest_difference": policy.largest_difference,
        "latency_limit_ms": policy.latency_limit_ms,
        "latency_share": policy.latency_share,
        "minimum_pairs": policy.minimum_pairs,
    }


def _started(rollout: Rollout, reason: str) -> RolloutStarted:
    return RolloutStarted(
        project=rollout.project,
        model=rollout.model,
        rollout_id=rollout.id,
        candidate=rollout.candidate,
        champion=rollout.champion,
        phase=rollout.step.phase.value,
        weight=rollout.step.weight,
        reason=reason,
        effective_at=rollout.started_at,
    )


def _stepped(rollout: Rollout, decision_id: str) -> RolloutStepped:
    return RolloutStepped(
        project=rollout.project,
        model=rollout.model,
        rollout_id=rollout.id,
        candidate=rollout.candidate,
        champion=rollout.champion,
        phase=rollout.step.phase.value,
        weight=rollout.step.weight,
        decision_id=decision_id,
        reason=rollout.reason,
        effective_at=rollout.step_since,
    )


def _ended(rollout: Rollout, decision_id: str | None) -> RolloutEnded:
    return RolloutEnded(
        project=rollout.project,
        model=rollout.model,
        rollout_id=rollout.id,
        candidate=rollout.candidate,
        champion=rollout.champion,
        state=rollout.state,
        decision_id=decision_id,
        reason=rollout.reason,
        effective_at=rollout.ended_at or rollout.step_since,
    )
