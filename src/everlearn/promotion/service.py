"""Holding contracts against versions, and recording what came out: the registry's port `AliasContract`, filled."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from math import isfinite
from typing import Any

import msgspec

from everlearn.core.actor import Actor
from everlearn.core.clock import Clock, iso, parse_instant
from everlearn.core.decisions import Decision
from everlearn.core.errors import InvalidError, NotFoundError
from everlearn.core.json import JSONObject
from everlearn.core.subjects import model_subject
from everlearn.db import Database, Tx
from everlearn.decisions import Decisions
from everlearn.eventlog import Cause
from everlearn.policies import Policies
from everlearn.promotion.model import AliasPolicy, Contract
from everlearn.promotion.ports import Inspector
from everlearn.promotion.rules import CONTRACT, contract
from everlearn.registry.ports import Candidate, Condition, Proposal, Weighed
from everlearn.registry.sources import model_of_source, run_of_source, tree_of_source, version_of_source
from everlearn.registry.store.catalogue import find_entry
from everlearn.tracking import Models, Tracking

KIND = "promotion.alias"
CHAMPION = "champion"
TRAINED_THROUGH = "everlearn.trained_through"  # a tag that says it for versions that no pipeline made
_LONGEST_COPYING = 8  # copies of copies that are followed
_MOST_DECISIONS = 1_000  # of one kind, about one model, that are looked through for a version's


@dataclass(frozen=True, slots=True)
class Contracts:
    """The contracts of all aliases."""

    db: Database
    clock: Clock
    decisions: Decisions
    policies: Policies
    tracking: Tracking
    models: Models
    inspector: Inspector

    def concerns(self, project: str, model: str, alias: str) -> bool:
        """Tell whether there may be a contract for this alias."""
        return alias == CHAMPION or bool(self._in_force(project, model, alias))

    def conditions(self, proposal: Proposal) -> tuple[Condition, ...]:
        """Give every condition, met or not, and leave no trace; empty when there is no contract."""
        asked = self._asked(proposal)
        return () if asked is None else _conditions(contract(*asked).evidence)

    def weigh(self, proposal: Proposal) -> Weighed | None:
        """Prepare the decision over a proposal; None when there is no contract. Not inside a transaction."""
        asked = self._asked(proposal)
        if asked is None:
            return None
        parameters, window = asked
        decision = self.decisions.prepare(
            project=proposal.project,
            kind=KIND,
            subject=model_subject(proposal.project, proposal.model),
            rule=CONTRACT,
            parameters=parameters,
            window=window,
            effective_at=self.clock.now(),
        )
        return Weighed(decision=decision, conditions=_conditions(decision.finding.evidence))

    def record(self, tx: Tx, weighed: Weighed, *, actor: Actor, cause: Cause | None = None) -> None:
        """Write the decision down in the transaction of what follows from it."""
        self.decisions.record(tx, weighed.decision, actor=actor, cause=cause)

    def _asked(self, proposal: Proposal) -> tuple[JSONObject, JSONObject] | None:
        """Give the rule's parameters and window."""
        found = self._in_force(proposal.project, proposal.model, proposal.alias)
        is_deployed_champion = proposal.alias == CHAMPION and proposal.is_model_on_record
        if not found and not is_deployed_champion:
            return None
        written: list[Any] = [msgspec.to_builtins(one) for one in found]
        parameters: JSONObject = {"contracts": written, "champion_by_rollout": is_deployed_champion}
        return parameters, self._window(proposal, found)

    def _in_force(self, project: str, model: str, alias: str) -> list[Contract]:
        with self.db.read() as tx:
            policies = self.policies.every(tx, project, model, AliasPolicy)
        return [one for policy in policies for one in policy.contracts if one.covers(model, alias)]

    def _window(self, proposal: Proposal, asked: list[Contract]) -> JSONObject:
        after = proposal.after
        known: JSONObject = {
            "at": iso(self.clock.now()),
            "model": proposal.model,
            "alias": proposal.alias,
            "before": proposal.before,
            "version": None if after is None else after.number,
            "actor": proposal.actor,
            "role": None if proposal.role is None else str(proposal.role),
        }
        return known if after is None else known | self._of_version(proposal, after, asked)

    def _of_version(self, proposal: Proposal, version: Candidate, asked: list[Contract]) -> JSONObject:
        project = proposal.project
        tags = {key for one in asked for key in one.tags}
        kinds = {one.gate.kind for one in asked if one.gate is not None}
        wants_files = any(one.signature or one.input_example or one.safe_format for one in asked)
        through = iso(version.trained_through) if version.trained_through else _tagged_instant(version)
        return {
            "registered_by": version.registered_by,
            "is_on_record": version.is_on_record,
            "description_length": len(version.description.strip()),
            "tags": {key: value[:1_000] for key, value in version.tags.items() if key in tags},
            "approvals": [one.actor for one in version.approvals],
            "held": {alias: iso(at) for alias, at in version.held.items()},
            "trained_through": through,
            "gates": [verdict for kind in sorted(kinds) for verdict in self._gates(proposal, version.number, kind)],
            "files": self._files(project, version) if wants_files else None,
            "run": self._run(project, version.run_id),
            "metrics": self._metrics(project, version, {one.key for each in asked for one in each.metrics}),
        }

    def _gates(self, proposal: Proposal, number: int, kind: str) -> Iterator[JSONObject]:
        subject, after = model_subject(proposal.project, proposal.model), None
        for _ in range(_MOST_DECISIONS // 100):
            page = self.decisions.list(proposal.project, subject=subject, kind=kind, after=after)
            yield from (_verdict(one) for one in page.items if one.parameters.get("candidate") == number)
            after = page.next
            if after is None:
                return

    def _files(self, project: str, version: Candidate) -> JSONObject | None:
        if version.is_on_record:  # its signature was checked against its ONNX, which runs no code
            return {"has_signature": True, "has_input_example": False, "unsafe_files": []}
        folder = self._folder(project, version)
        found = self.inspector.inspect(project, folder) if folder else None
        built: JSONObject | None = None if found is None else msgspec.to_builtins(found)
        return built

    def _folder(self, project: str, version: Candidate) -> str | None:
        """Give the folder of a version's files; of a copy, that of what it was copied from."""
        source, model_id = self._original(project, version)
        try:
            if logged := model_id or model_of_source(source):
                return self.models.get(project, logged).model.artifact_root
            if named := run_of_source(source):
                return f"{self.tracking.run_of(project, named[0]).artifact_root}/{named[1]}".rstrip("/")
        except NotFoundError:
            return None
        return tree_of_source(source)

    def _original(self, project: str, version: Candidate) -> tuple[str, str]:
        """Give source and logged model of a version, or of what it is a copy of."""
        source, model_id = version.source, version.model_id
        for _ in range(_LONGEST_COPYING):
            copied = version_of_source(source)
            if copied is None:
                break
            with self.db.read() as tx:
                entry = find_entry(tx, project, *copied)
            if entry is None:
                break
            source, model_id = entry.source, entry.model_id
        return source, model_id

    def _run(self, project: str, run_id: str) -> JSONObject | None:
        if not run_id:
            return None
        try:
            return {"id": run_id, "status": str(self.tracking.run_of(project, run_id).status)}
        except NotFoundError:
            return None

    def _metrics(self, project: str, version: Candidate, keys: set[str]) -> JSONObject:
        """Give the metrics asked about: of the logged model, else the run's, else those that it was registered with."""
        if not keys:
            return {}
        found: dict[str, Any] = {key: value for key, value in version.metrics.items() if key in keys}
        try:
            if version.run_id:
                self.tracking.run_of(project, version.run_id)
                detail = self.tracking.detail(version.run_id)
                found |= {key: one.value for key, one in detail.metrics.items() if key in keys}
            if version.model_id:
                of_model = sorted(self.models.get(project, version.model_id).metrics, key=lambda one: one.point.step)
                found |= {one.key: one.point.value for one in of_model if one.key in keys}
        except NotFoundError:
            return {}
        return {key: value for key, value in found.items() if _is_finite(value)}


def _verdict(decision: Decision) -> JSONObject:
    return {
        "id": decision.id,
        "kind": decision.kind,
        "verdict": str(decision.finding.verdict),
        "decided_at": iso(decision.decided_at),
    }


def _tagged_instant(version: Candidate) -> str | None:
    try:
        return iso(parse_instant(version.tags[TRAINED_THROUGH])) if TRAINED_THROUGH in version.tags else None
    except InvalidError:
        return None


def _is_finite(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and isfinite(value)


def _conditions(evidence: Mapping[str, Any]) -> tuple[Condition, ...]:
    return msgspec.convert(evidence["conditions"], tuple[Condition, ...])
