"""Making decisions, keeping them, and computing them again."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from everlearn.blobs import BlobNotFoundError, BlobStore
from everlearn.core.actor import Actor
from everlearn.core.clock import Clock, iso, parse_instant
from everlearn.core.decisions import Decision, Finding, Rule, Rules, Verdict
from everlearn.core.errors import DamagedError, EverlearnError, InvalidError
from everlearn.core.json import JSONObject, JSONValue, canonical_json
from everlearn.core.page import Page, checked_limit, page_of
from everlearn.db import Database, Tx
from everlearn.decisions import store
from everlearn.decisions.events import Decided
from everlearn.decisions.model import (
    DecisionNotFoundError,
    Differing,
    NotReplayed,
    Replay,
    ReplayedLedger,
    RuleUnknownError,
    WindowDamagedError,
    WindowMissingError,
    decision_digest,
    decision_id,
    differences,
)
from everlearn.eventlog import Cause, EventLog

_REPLAYED_AT_ONCE = 200  # decisions read in one transaction


@dataclass(frozen=True, slots=True)
class Decisions:
    """The ledger."""

    db: Database
    log: EventLog
    blobs: BlobStore
    clock: Clock
    rules: Rules

    def prepare(
        self,
        *,
        project: str,
        kind: str,
        subject: str,
        rule: str,
        parameters: JSONObject,
        window: JSONValue,
        effective_at: datetime,
    ) -> Decision:
        """Keep the window, apply the rule; nothing is decided until `record`.

        The same question about the same data at the same moment is the same decision, with the same id.

        Raises
        ------
        RuleUnknownError
            When there is no such rule.
        """
        content = canonical_json(window)
        digest = self.blobs.put(content.encode())
        given = canonical_json(parameters)
        return Decision(
            id=decision_id(
                project=project,
                kind=kind,
                subject=subject,
                rule=rule,
                parameters=parameters,
                window=digest,
                effective_at=iso(effective_at),
            ),
            project=project,
            kind=kind,
            subject=subject,
            rule=rule,
            parameters=json.loads(given),
            window=digest,
            finding=self._found(rule, given, content),
            effective_at=effective_at,
            decided_at=self.clock.now(),
        )

    def record(self, tx: Tx, decision: Decision, *, actor: Actor, cause: Cause | None = None) -> Decision:
        """Write a decision down with its event, once; give it as it stands in the ledger."""
        if not store.insert(tx, decision):
            return store.find(tx, decision.id) or decision
        event = Decided(
            project=decision.project,
            decision_id=decision.id,
            kind=decision.kind,
            subject=decision.subject,
            rule=decision.rule,
            verdict=decision.finding.verdict,
            reason=decision.finding.reason,
            digest=decision_digest(decision),
            effective_at=decision.effective_at,
        )
        self.log.append(tx, event, actor=actor, subject=decision.subject, cause=cause)
        return decision

    def get(self, project: str, decision_id: str) -> Decision:
        """Give one decision.

        Raises
        ------
        DecisionNotFoundError
            When the project has none of that id.
        """
        with self.db.read() as tx:
            found = store.find(tx, decision_id)
        if found is None or found.project != project:
            raise DecisionNotFoundError(
                f"no decision {decision_id[:80]!r} in project {project}; see `everlearn decisions list`"
            )
        return found

    def list(
        self,
        project: str,
        *,
        subject: str | None = None,
        kind: str | None = None,
        verdict: Verdict | None = None,
        after: str | None = None,
        limit: int = 100,
    ) -> Page[Decision]:
        """List decisions by the moment that they are about, the newest first."""
        size = checked_limit(limit)
        with self.db.read() as tx:
            rows = store.newest_first(
                tx,
                project,
                subject=subject,
                kind=kind,
                verdict=verdict,
                before=None if after is None else _position(after),
                limit=size + 1,
            )
        return page_of(rows, limit=size, key=lambda one: f"{iso(one.effective_at)},{one.id}")

    def window(self, decision: Decision) -> JSONValue:
        """Give the exact data that the rule saw; its integrity is checked.

        Raises
        ------
        WindowMissingError
            When it is no longer in the blob store.
        WindowDamagedError
            When it is not what was stored.
        """
        value: JSONValue = json.loads(self._window(decision))
        return value

    def replay(self, project: str, decision_id: str) -> Replay:
        """Compute a decision again from its recorded parameters and window, and compare exactly; changes nothing.

        Raises
        ------
        DecisionNotFoundError, RuleUnknownError, WindowMissingError, WindowDamagedError
            When there is no such decision, no such rule, or no sound window.
        """
        return self._replayed(self.get(project, decision_id))

    def replay_all(self, project: str) -> ReplayedLedger:
        """Compute every decision of a project again; one that cannot be is told, not skipped over."""
        count = reproduced = 0
        differing: list[Differing] = []
        not_replayed: list[NotReplayed] = []
        for decision in self._every(project):
            count += 1
            try:
                replay = self._replayed(decision)
            except EverlearnError as error:
                told = NotReplayed(id=decision.id, kind=decision.kind, code=error.code, message=error.message)
                not_replayed.append(told)
                continue
            if replay.reproduced:
                reproduced += 1
            else:
                differing.append(Differing(id=decision.id, kind=decision.kind, differences=replay.differences))
        return ReplayedLedger(
            decisions=count, reproduced=reproduced, differing=tuple(differing), not_replayed=tuple(not_replayed)
        )

    def _every(self, project: str) -> Iterator[Decision]:
        before: tuple[datetime, str] | None = None
        while True:
            with self.db.read() as tx:  # page by page, so that no transaction stays open while rules compute
                page = store.newest_first(
                    tx, project, subject=None, kind=None, verdict=None, before=before, limit=_REPLAYED_AT_ONCE
                )
            yield from page
            if len(page) < _REPLAYED_AT_ONCE:
                return
            before = page[-1].effective_at, page[-1].id

    def _replayed(self, decision: Decision) -> Replay:
        again = self._found(decision.rule, canonical_json(decision.parameters), self._window(decision))
        found = differences(decision, again)
        return Replay(decision=decision, finding=again, reproduced=not found, differences=found)

    def _window(self, decision: Decision) -> str:
        try:
            return self.blobs.get(decision.window).decode()
        except BlobNotFoundError as error:
            raise WindowMissingError(
                f"the window of decision {decision.id} ({decision.window}) is no longer stored; it cannot be computed "
                "again unless the blob store is restored from a backup",
                decision=decision.id,
                digest=decision.window,
            ) from error
        except DamagedError as error:
            raise WindowDamagedError(
                f"the window of decision {decision.id} is damaged: what is stored under {decision.window} is not what "
                "was stored; restore it from a backup",
                decision=decision.id,
                digest=decision.window,
            ) from error

    def _found(self, name: str, parameters: str, window: str) -> Finding:
        rule: Rule | None = self.rules.get(name)
        if rule is None:
            raise RuleUnknownError(f"this Everlearn has no rule {name!r}; it has {', '.join(sorted(self.rules))}")
        # through JSON and back, so that a rule sees today what a replay will see in ten years
        finding = rule(json.loads(parameters), json.loads(window))
        return Finding(
            verdict=finding.verdict, reason=finding.reason, evidence=json.loads(canonical_json(finding.evidence))
        )


def _position(after: str) -> tuple[datetime, str]:
    at, _, decision_id = after.partition(",")
    try:
        return parse_instant(at), decision_id
    except InvalidError as error:
        raise InvalidError("not a key to continue after; take `next` from the page before") from error
