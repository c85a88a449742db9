"""Decisions over JSON: look at them and the data they were made on, compute them again. Nothing here changes any."""

from dataclasses import dataclass

from litestar import get

from everlearn.access import Role
from everlearn.core.decisions import Decision, Finding, Verdict
from everlearn.core.digest import Digest
from everlearn.core.json import JSONValue
from everlearn.core.page import Page
from everlearn.decisions.service import Decisions
from everlearn.web import FromPath, FromQuery, Service, needs

_LOOK = [needs(Role.VIEWER)]
_DECISIONS = "/api/projects/{project:str}/decisions"
_DECISION = f"{_DECISIONS}/{{decision_id:str}}"


@dataclass(frozen=True, slots=True, kw_only=True)
class WindowView:
    """The exact data that a rule saw; its canonical JSON has the digest."""

    decision_id: str
    digest: Digest
    window: JSONValue


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplayView:
    """A finding as it was recorded and as it comes out now."""

    decision_id: str
    reproduced: bool
    differences: list[str]  # "verdict", "reason", "evidence.n"; "id" when the recorded question was changed
    recorded: Finding
    now: Finding


@get(_DECISIONS, guards=_LOOK, sync_to_thread=True)
def list_decisions(
    project: FromPath[str],
    decisions: Service[Decisions],
    subject: FromQuery[str | None] = None,
    kind: FromQuery[str | None] = None,
    verdict: FromQuery[Verdict | None] = None,
    after: FromQuery[str | None] = None,
    limit: FromQuery[int] = 100,
) -> Page[Decision]:
    """List decisions by the moment that they are about, the newest first."""
    return decisions.list(project, subject=subject, kind=kind, verdict=verdict, after=after, limit=limit)


@get(_DECISION, guards=_LOOK, sync_to_thread=True)
def show_decision(project: FromPath[str], decision_id: FromPath[str], decisions: Service[Decisions]) -> Decision:
    """Show a decision with its rule, parameters and evidence."""
    return decisions.get(project, decision_id)


@get(f"{_DECISION}/window", guards=_LOOK, sync_to_thread=True)
def show_window(project: FromPath[str], decision_id: FromPath[str], decisions: Service[Decisions]) -> WindowView:
    """Show the exact data that a decision was made on, its integrity checked."""
    decision = decisions.get(project, decision_id)
    return WindowView(decision_id=decision.id, digest=decision.window, window=decisions.window(decision))


@get(f"{_DECISION}/replay", guards=_LOOK, sync_to_thread=True)
def replay_decision(project: FromPath[str], decision_id: FromPath[str], decisions: Service[Decisions]) -> ReplayView:
    """Compute a decision again from its recorded window and tell whether the same comes out, to the last bit."""
    replay = decisions.replay(project, decision_id)
    return ReplayView(
        decision_id=replay.decision.id,
        reproduced=replay.reproduced,
        differences=list(replay.differences),
        recorded=replay.decision.finding,
        now=replay.finding,
    )


HANDLERS = (list_decisions, show_decision, show_window, replay_decision)
