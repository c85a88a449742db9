"""Assessments over the protocol."""

import re
from dataclasses import dataclass
from functools import partial

from everlearn.access import Role
from everlearn.tracing.assessing import Assessments, Changes, Said
from everlearn.tracing.mlflow import messages as m
from everlearn.tracing.mlflow.answers import assessment_out
from everlearn.tracing.mlflow.assessed import assessment_in, checked_name, checked_rationale, said_in
from everlearn.tracing.mlflow.rules import given_labels
from everlearn.tracking.store.runs import milliseconds_of
from everlearn.web.mlflow import Call, Empty, ProtocolError, Route, operation

_BASE = "/mlflow/traces/{trace_id}/assessments"
_CAPITAL = re.compile(r"([A-Z])")
_MASKABLE = frozenset({"assessment_name", "feedback", "expectation", "rationale", "metadata", "valid"})


@dataclass(frozen=True, slots=True)
class AssessmentDoor:
    """What the routes do."""

    assessments: Assessments

    async def add(self, call: Call, asked: m.CreateAssessment) -> m.OneAssessment:
        """Say something of a trace."""
        at_ms = milliseconds_of(self.assessments.clock.now())
        said = assessment_in(asked.assessment or m.AssessmentIn(), asked.trace_id or "", at_ms=at_ms)
        return m.OneAssessment(assessment_out(await self.assessments.add(call.project, said)))

    def get(self, call: Call, asked: m.AssessmentById) -> m.OneAssessment:
        """Give one."""
        found = self.assessments.get(call.project, asked.trace_id or "", asked.assessment_id or "")
        return m.OneAssessment(assessment_out(found))

    async def change(self, call: Call, asked: m.UpdateAssessment) -> m.OneAssessment:
        """Say something differently."""
        changes = _changes(asked.assessment or m.AssessmentIn(), asked.update_mask or "")
        changed = await self.assessments.change(call.project, asked.trace_id or "", asked.assessment_id or "", changes)
        return m.OneAssessment(assessment_out(changed))

    async def delete(self, call: Call, asked: m.AssessmentById) -> Empty:
        """Take one away."""
        await self.assessments.delete(call.project, asked.trace_id or "", asked.assessment_id or "")
        return Empty()


def assessment_routes(assessments: Assessments) -> tuple[Route, ...]:
    """List the routes."""
    door, one, look, log = AssessmentDoor(assessments), f"{_BASE}/{{assessment_id}}", Role.VIEWER, Role.CONTRIBUTOR
    v3 = partial(operation, versions=("3.0",))
    return (
        v3("POST", _BASE, log, door.add, m.CreateAssessment, "assessment"),
        v3("GET", one, look, door.get, m.AssessmentById),
        v3("PATCH", one, log, door.change, m.UpdateAssessment, "assessment update_mask"),
        v3("DELETE", one, log, door.delete, m.AssessmentById),
    )


def _changes(given: m.AssessmentIn, mask: str) -> Changes:
    """Read which fields change: the mask names them in camel case, as protobuf's JSON does."""
    named = {_CAPITAL.sub(r"_\1", path.strip()).lower() for path in mask.split(",") if path.strip()}
    if unknown := sorted(named - _MASKABLE):
        raise ProtocolError(f"Invalid 'update_mask': {unknown[0][:60]!r}; it names some of {sorted(_MASKABLE)}.")
    said = {kind for kind in ("feedback", "expectation") if kind in named}
    if len(said) > 1:
        raise ProtocolError("Cannot specify both `expectation` and `feedback` parameters.")
    given_said = m.AssessmentIn(
        feedback=(given.feedback or m.FeedbackIn()) if "feedback" in said else None,
        expectation=(given.expectation or m.ExpectationIn()) if "expectation" in said else None,
    )
    return Changes(
        name=checked_name(given.assessment_name) if "assessment_name" in named else None,
        said=Said(*said_in(given_said)) if said else None,
        rationale=checked_rationale(given.rationale or "") if "rationale" in named else None,
        metadata=given_labels(given.metadata, "metadata") if "metadata" in named else None,
        is_valid=(given.valid is not False) if "valid" in named else None,
    )
