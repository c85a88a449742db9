"""Policies, plans, and doing exactly what a plan says."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime

import msgspec

from everlearn.core.actor import Actor
from everlearn.core.clock import Clock
from everlearn.core.errors import InvalidError
from everlearn.core.json import JSONObject
from everlearn.core.names import checked_name
from everlearn.db import Database, Tx
from everlearn.eventlog import EventLog
from everlearn.jobs import JobOptions, JobQueue
from everlearn.registry.store.keeping import versions_of_logged_models, versions_of_runs
from everlearn.retention import store
from everlearn.retention.candidates import Candidates
from everlearn.retention.events import PlanApplied, RetentionPolicySet
from everlearn.retention.model import (
    MOST_ITEMS,
    MOST_SPARED_TOLD,
    BadPlanError,
    Item,
    Plan,
    PlanChangedError,
    RetentionPolicy,
    Spared,
    What,
    moment_of,
)
from everlearn.retention.protection import held_in
from everlearn.retention.rules import judged
from everlearn.retention.store import Task
from everlearn.storage import Receipt
from everlearn.tracking import Purges, weigh_folders
from everlearn.tracking.store.purging import projects

APPLY = "retention.apply"
_FROM = "retention: "


@dataclass(frozen=True, slots=True, kw_only=True)
class Applied:
    """A plan that was taken up, and the job that does its work (None: there is nothing to do)."""

    plan: str
    items: int
    freed_bytes: int
    job_id: str | None


@dataclass(frozen=True, slots=True)
class Retention:
    """What is kept, and what goes."""

    db: Database
    log: EventLog
    clock: Clock
    queue: JobQueue
    purges: Purges

    def policy(self, project: str) -> RetentionPolicy:
        """Give the policy in force."""
        with self.db.read() as tx:
            return store.newest_policy(tx, project)[1]

    def set_policy(self, project: str, document: JSONObject, *, actor: Actor) -> RetentionPolicy:
        """Put a policy in force; the same again changes nothing.

        Raises
        ------
        InvalidError
            When the document is no policy.
        """
        checked_name(project, kind="project")
        policy = _read(document)
        with self.db.write() as tx:
            number, current = store.newest_policy(tx, project)
            if number and current == policy:
                return policy
            store.insert_policy(tx, project, number + 1, policy, actor=actor, at=self.clock.now())
            event = RetentionPolicySet(project=project, number=number + 1, document=msgspec.to_builtins(policy))
            self.log.append(tx, event, actor=actor, subject=f"project:{project}")
        return policy

    def plan(self, project: str, *, as_of: datetime | None = None) -> Plan:
        """Tell what would go, why, and how many bytes; changes nothing."""
        with self.db.read() as tx:
            return self._plan(tx, project, as_of or self.clock.now())

    def apply(self, project: str, plan_id: str, *, actor: Actor) -> Applied:
        """Take up exactly this plan; a worker does it.

        Raises
        ------
        PlanChangedError
            When something else would go now than the plan says.
        """
        as_of = moment_of(plan_id)
        if as_of > self.clock.now():
            raise BadPlanError("a plan of a moment to come; nothing is due before it is")
        with self.db.write() as tx:
            plan = self._plan(tx, project, as_of)
            if plan.id != plan_id:
                raise PlanChangedError(
                    "something has changed since this plan was made; look at what would go now with "
                    "`everlearn retention plan` and apply that",
                    now=plan.id,
                )
            return self._take_up(tx, plan, actor)

    def apply_all(self, *, actor: Actor) -> list[Applied]:
        """Plan and take up what is due in every project."""
        with self.db.read() as tx:
            known = projects(tx)
        plans = [self.plan(project) for project in known]
        return [self.apply(plan.project, plan.id, actor=actor) for plan in plans if plan.items]

    def work(self, project: str, plan_id: str, *, between: Callable[[], None] = lambda: None) -> None:
        """Do what is left of a plan that was taken up. Killed anywhere, it goes on from there."""
        while True:
            between()
            with self.db.write() as tx:
                task = store.next_task(tx, project, plan_id)
                if task is None:
                    return
                if task.state == "waiting" and not self._begin(tx, project, plan_id, task):
                    continue
            self._finish(project, task, between)
            with self.db.write() as tx:
                store.move_task(tx, project, plan_id, task.position, state="done")

    def _plan(self, tx: Tx, project: str, as_of: datetime) -> Plan:
        number, policy = store.newest_policy(tx, project)
        items: list[Item] = []
        spared: list[Spared] = []
        is_complete = True
        for candidate in Candidates(tx, project, policy, held_in(tx, project)).all():
            found = judged(policy, candidate, as_of=as_of)
            if isinstance(found, Spared) and len(spared) < MOST_SPARED_TOLD:
                spared.append(found)
            elif isinstance(found, Item):
                if len(items) == MOST_ITEMS:
                    is_complete = False
                    break
                items.append(found)
        weight, shares = weigh_folders(tx, project, [item.root for item in items])
        weighed = [replace(item, **share._asdict()) for item, share in zip(items, shares, strict=True)]
        return Plan(
            project=project,
            as_of=as_of,
            policy=number,
            items=tuple(weighed),
            spared=tuple(spared),
            weight=weight,
            is_complete=is_complete,
        )

    def _take_up(self, tx: Tx, plan: Plan, actor: Actor) -> Applied:
        job_id = None
        if store.insert_work(tx, plan.project, plan.id, plan.items, actor=actor):
            event = PlanApplied(
                project=plan.project,
                plan=plan.id,
                policy=plan.policy,
                items=len(plan.items),
                files=plan.weight.files,
                freed_bytes=plan.weight.freed_bytes,
            )
            self.log.append(tx, event, actor=actor, subject=f"project:{plan.project}")
            options = JobOptions(once_key=f"{APPLY}:{plan.project}:{plan.id}")
            job_id = self.queue.enqueue(tx, APPLY, {"project": plan.project, "plan": plan.id}, options=options)
        return Applied(plan=plan.id, items=len(plan.items), freed_bytes=plan.weight.freed_bytes, job_id=job_id)

    def _begin(self, tx: Tx, project: str, plan_id: str, task: Task) -> bool:
        """Look once more, and begin; what changed its mind meanwhile is left alone."""
        why = self._obstacle(tx, project, task)
        receipt = None if why else self._begun(tx, project, task)
        if receipt is None:
            outcome = why or "it is no longer there, or no longer deleted"
            store.move_task(tx, project, plan_id, task.position, state="skipped", outcome=outcome)
            return False
        store.move_task(tx, project, plan_id, task.position, state="begun", outcome=receipt.id)
        return True

    def _obstacle(self, tx: Tx, project: str, task: Task) -> str | None:
        """Give what protects the item now, though it did not when the plan was made."""
        if holds := held_in(tx, project).on(task.root):
            return f"a legal hold is on {holds[0].subject}"
        find = versions_of_logged_models if task.what is What.PURGE_MODEL else versions_of_runs
        needed = find(tx, project, [task.subject_id]).get(task.subject_id)
        return f"{needed[0]} is made of it" if needed else None

    def _begun(self, tx: Tx, project: str, task: Task) -> Receipt | None:
        note, actor = f"{_FROM}{task.because}", task.applied_by
        match task.what:
            case What.PURGE_RUN:
                return self.purges.begin_run(tx, project, task.subject_id, note=note, actor=actor)
            case What.PURGE_MODEL:
                return self.purges.begin_model(tx, project, task.subject_id, note=note, actor=actor)
            case What.DROP_ARTIFACTS:
                return self.purges.begin_drop(tx, project, task.subject_id, note=note, actor=actor)

    def _finish(self, project: str, task: Task, between: Callable[[], None]) -> None:
        match task.what:
            case What.PURGE_RUN:
                self.purges.finish_run(project, task.subject_id, between=between)
            case What.PURGE_MODEL:
                self.purges.finish_model(project, task.subject_id, between=between)
            case What.DROP_ARTIFACTS:
                self.purges.drop_files(project, task.root, between=between)


def _read(document: JSONObject) -> RetentionPolicy:
    try:
        policy = msgspec.convert(document, RetentionPolicy)
    except msgspec.ValidationError as error:
        raise InvalidError(f"not a retention policy: {error}") from error
    return policy
