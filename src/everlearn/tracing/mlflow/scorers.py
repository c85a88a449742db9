"""Scorers over the protocol."""

from dataclasses import dataclass
from functools import partial
from typing import Any

import msgspec

from everlearn.access import Role
from everlearn.tracing.mlflow import evaluation_messages as m
from everlearn.tracing.mlflow.rules import checked_count
from everlearn.tracing.model import LONGEST_NAME
from everlearn.tracing.scoring import Scorers
from everlearn.tracing.store.scorers import ScorerRow
from everlearn.tracking.mlflow.rules import experiment_number
from everlearn.web.mlflow import Call, Empty, ProtocolError, Route, operation

_LONGEST_BODY = 1_000_000  # characters
_MOST_EXPERIMENTS = 1_000
_CODE = "call_source"  # what clients that load such a scorer would run


@dataclass(frozen=True, slots=True)
class ScorerDoor:
    """What the routes do."""

    scorers: Scorers

    def register(self, call: Call, asked: m.RegisterScorer) -> m.Registered:
        """Add a version."""
        made = self.scorers.register(
            call.project,
            experiment_number(asked.experiment_id or ""),
            _checked_name(asked.name),
            _checked_body(asked.serialized_scorer or ""),
            actor=call.actor,
        )
        return m.Registered(
            version=made.version,
            scorer_id=made.id,
            experiment_id=str(made.experiment_id),
            name=made.name,
            serialized_scorer=made.body,
            creation_time=made.created_ms,
        )

    def latest(self, call: Call, asked: m.ListScorers) -> m.ScorersOut:
        """List the newest versions."""
        ids = checked_count(asked.experiment_ids or [asked.experiment_id or ""], "experiment_ids", _MOST_EXPERIMENTS)
        found = self.scorers.latest(call.project, [experiment_number(one) for one in ids])
        return m.ScorersOut([scorer_out(one) for one in found])

    def versions(self, call: Call, asked: m.ScorerByName) -> m.ScorersOut:
        """List the versions of one."""
        found = self.scorers.versions(call.project, experiment_number(asked.experiment_id or ""), asked.name or "")
        return m.ScorersOut([scorer_out(one) for one in found])

    def get(self, call: Call, asked: m.ScorerByName) -> m.OneScorer:
        """Give a version."""
        number = experiment_number(asked.experiment_id or "")
        return m.OneScorer(scorer_out(self.scorers.get(call.project, number, asked.name or "", asked.version)))

    def delete(self, call: Call, asked: m.ScorerByName) -> Empty:
        """Remove a version, or all."""
        number = experiment_number(asked.experiment_id or "")
        self.scorers.delete(call.project, number, asked.name or "", asked.version, actor=call.actor)
        return Empty()

    def online(self, _call: Call, _asked: m.OnlineConfigs) -> m.OnlineConfigsOut:
        """Say how scorers are run on what comes in: this server runs none."""
        return m.OnlineConfigsOut()


def scorer_routes(scorers: Scorers) -> tuple[Route, ...]:
    """List the routes."""
    door, base, look, log = ScorerDoor(scorers), "/mlflow/scorers", Role.VIEWER, Role.CONTRIBUTOR
    v3, named = partial(operation, versions=("3.0",)), "experiment_id name"
    return (
        v3("POST", f"{base}/register", log, door.register, m.RegisterScorer, f"{named} serialized_scorer"),
        v3("GET", f"{base}/list", look, door.latest, m.ListScorers),
        v3("GET", f"{base}/versions", look, door.versions, m.ScorerByName, named),
        v3("GET", f"{base}/get", look, door.get, m.ScorerByName, named),
        v3("DELETE", f"{base}/delete", log, door.delete, m.ScorerByName, named),
        v3("GET", f"{base}/online-configs", look, door.online, m.OnlineConfigs),
    )


def scorer_out(found: ScorerRow) -> m.ScorerOut:
    """Write a version of a scorer."""
    return m.ScorerOut(
        experiment_id=found.experiment_id,
        scorer_name=found.name,
        scorer_version=found.version,
        serialized_scorer=found.body,
        creation_time=found.created_ms,
        scorer_id=found.id,
    )


def _checked_name(name: str | None) -> str:
    if not name or not name.strip() or len(name) > LONGEST_NAME:
        raise ProtocolError(f"Invalid name of a scorer: it has 1 to {LONGEST_NAME} characters.")
    return name


def _checked_body(text: str) -> str:
    """Give a serialized scorer back if it is data: whoever loads one that is code would run it."""
    if len(text) > _LONGEST_BODY:
        raise ProtocolError(f"'serialized_scorer' exceeds the maximum length of {_LONGEST_BODY} characters")
    try:
        body = msgspec.json.decode(text)
    except (msgspec.DecodeError, RecursionError) as error:
        raise ProtocolError("serialized_scorer must be valid JSON") from error
    if not isinstance(body, dict):
        raise ProtocolError("serialized_scorer must be a JSON object")
    if _holds_code(body):
        raise ProtocolError(
            f"A scorer that carries source code ('{_CODE}') cannot be registered: whoever loads it would run it. "
            "Use a built-in scorer or make_judge, or keep the code in a package."
        )
    return text


def _holds_code(value: Any) -> bool:
    waiting = [value]
    while waiting:
        match waiting.pop():
            case dict() as found:
                if found.get(_CODE):
                    return True
                waiting += found.values()
            case list() as found:
                waiting += found
            case _:
                continue
    return False
