"""Decisions as they are kept, and what came of computing one again."""

from dataclasses import dataclass

import msgspec

from everlearn.core.clock import iso
from everlearn.core.decisions import Decision, Finding
from everlearn.core.digest import Digest, digest_json
from everlearn.core.errors import DamagedError, NotFoundError
from everlearn.core.ids import derived_id
from everlearn.core.json import JSONObject, JSONValue, canonical_json


class DecisionNotFoundError(NotFoundError):
    """The project has no decision of this id."""

    code = "decisions.not_found"


class RuleUnknownError(NotFoundError):
    """The rule (or this revision of it) is not part of this Everlearn."""

    code = "decisions.rule_unknown"


class WindowMissingError(NotFoundError):
    """The data that a decision was made on is no longer stored, so nobody can compute it again."""

    code = "decisions.window_missing"


class WindowDamagedError(DamagedError):
    """What is stored is not the data that the decision was made on."""

    code = "decisions.window_damaged"


@dataclass(frozen=True, slots=True, kw_only=True)
class Replay:
    """A decision computed again from its recorded window."""

    decision: Decision
    finding: Finding  # what came out this time
    reproduced: bool
    differences: tuple[str, ...]  # what came out otherwise: "verdict", "reason", "evidence.n"; "id": see `differences`


@dataclass(frozen=True, slots=True, kw_only=True)
class Differing:
    """A decision of which something else came out."""

    id: str
    kind: str
    differences: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class NotReplayed:
    """A decision that could not be computed again, and why."""

    id: str
    kind: str
    code: str
    message: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplayedLedger:
    """All decisions of a project computed again."""

    decisions: int  # how many there are
    reproduced: int
    differing: tuple[Differing, ...]
    not_replayed: tuple[NotReplayed, ...]

    @property
    def is_sound(self) -> bool:
        """Tell whether every single one was reproduced."""
        return self.reproduced == self.decisions


def decision_id(
    *, project: str, kind: str, subject: str, rule: str, parameters: JSONObject, window: Digest, effective_at: str
) -> str:
    """Name the decision that this question about this data at this moment always is; `effective_at` as `iso` writes."""
    return derived_id("dec", project, kind, subject, rule, canonical_json(parameters), window, effective_at)


def decision_digest(decision: Decision) -> Digest:
    """Digest everything that was decided, but not when it was written down."""
    return digest_json(
        {
            "id": decision.id,
            "project": decision.project,
            "kind": decision.kind,
            "subject": decision.subject,
            "rule": decision.rule,
            "parameters": decision.parameters,
            "window": decision.window,
            "finding": finding_as_json(decision.finding),
            "effective_at": iso(decision.effective_at),
        }
    )


def finding_as_json(finding: Finding) -> JSONObject:
    """Give a finding as it is compared and sealed."""
    built: JSONObject = msgspec.to_builtins(finding)
    return built


def differences(decision: Decision, again: Finding) -> tuple[str, ...]:
    """Name what differs between a recorded decision and its finding of today.

    Verdict, reason and each piece of evidence are compared in their canonical JSON, and so to the last bit: canonical
    JSON writes a float with the fewest digits that give this float back, hence two floats have the same text exactly
    if they are the same number (and 1 is not 1.0, nor a missing piece one that is null). No tolerance is allowed,
    because a rule is a pure function: the same code over the same data has no other digits to give. Where the last
    digit does differ, the code, its numerical library or the record changed, and that is what a replay is for.

    "id" is among them when the recorded question is not the one that the decision's id was made of: then parameters,
    window or moment were changed after the fact, and a finding that agrees with them proves nothing.
    """
    recorded = decision.finding
    made_of = decision_id(
        project=decision.project,
        kind=decision.kind,
        subject=decision.subject,
        rule=decision.rule,
        parameters=decision.parameters,
        window=decision.window,
        effective_at=iso(decision.effective_at),
    )
    found = ["id"] if made_of != decision.id else []
    found += [name for name in ("verdict", "reason") if getattr(recorded, name) != getattr(again, name)]
    before, after = recorded.evidence, again.evidence
    found += [f"evidence.{key}" for key in sorted({*before, *after}) if _text(before, key) != _text(after, key)]
    return tuple(found)


def _text(evidence: JSONObject, key: str) -> str | None:
    value: JSONValue = evidence.get(key)
    return canonical_json(value) if key in evidence else None
