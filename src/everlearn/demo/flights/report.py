"""What came of the year, as data and as tables for people."""

from typing import Any

from everlearn.core.json import JSONObject
from everlearn.demo.flights.client import Client
from everlearn.demo.flights.comparison import FROZEN, LOOP, MONTHLY, Comparison
from everlearn.demo.flights.journey import Journey
from everlearn.demo.flights.platform import Running
from everlearn.demo.flights.setting import MODEL_PATH, PROJECT
from everlearn.demo.flights.training import PIPELINE


def facts(client: Client) -> dict[str, Any]:
    """Ask the platform for everything that happened."""
    return {
        "versions": client.pages(f"{MODEL_PATH}/versions")[::-1],
        "decisions": client.pages(f"/api/projects/{PROJECT}/decisions")[::-1],
        "rollouts": client.get(f"{MODEL_PATH}/rollouts")["items"][::-1],
        "alerts": client.get(f"{MODEL_PATH}/alerts")["items"][::-1],
        "reviews": client.get(f"{MODEL_PATH}/retraining-reviews")["items"][::-1],
        "datasets": {name: client.get(f"/api/projects/{PROJECT}/datasets/{name}") for name in ("flights", "weather")},
    }


def training_costs(client: Client) -> list[float]:
    """Give the CPU seconds of every training run, oldest first."""
    runs = client.pages(f"/api/projects/{PROJECT}/pipeline-runs", pipeline=PIPELINE)[::-1]
    steps = [client.get(f"/api/projects/{PROJECT}/pipeline-runs/{run['id']}")["steps"] for run in runs]
    return [sum(step["cpu_s"] or 0.0 for step in one) for one in steps]


def proofs(platform: Running) -> dict[str, Any]:
    """Verify the log and replay every decision, with the commands that anybody would use."""
    return {"audit": platform.command("audit", "verify"), "replay": platform.command("decisions", "replay", "--all")}


def as_json(journey: Journey, found: dict[str, Any], comparison: Comparison, proven: dict[str, Any]) -> JSONObject:
    """Put everything together."""
    return {
        "plan": {
            "days": journey.plan.days,
            "one_in": journey.plan.one_in,
            "minutes": journey.plan.minutes,
            "flights_answered": len(journey.answers),
        },
        "versions": [_version(one) for one in found["versions"]],
        "decisions": [_decision(one) for one in found["decisions"]],
        "rollouts": found["rollouts"],
        "alerts": found["alerts"],
        "reviews": found["reviews"],
        "datasets": found["datasets"],
        "requests": {"failed": 0, "sent_again": journey.client.retries},
        "mean_absolute_error": {
            "months": list(comparison.months),
            "flights": list(comparison.rows),
            **{name: [round(value, 3) for value in values] for name, values in comparison.error.items()},
            "overall": {name: round(value, 3) for name, value in comparison.overall.items()},
        },
        "training": {
            name: {"runs": comparison.trainings[name], "cpu_s": round(comparison.cpu_s[name], 2)}
            for name in (LOOP, FROZEN, MONTHLY)
        },
        "proofs": proven,
    }


def _version(version: dict[str, Any]) -> JSONObject:
    kept = ("number", "stage", "trained_through", "run_id", "model_digest", "metrics", "lineage")
    return {name: version[name] for name in kept}


def _decision(decision: dict[str, Any]) -> JSONObject:
    finding = decision["finding"]
    return {
        "id": decision["id"],
        "kind": decision["kind"],
        "effective_at": decision["effective_at"],
        "verdict": finding["verdict"],
        "reason": finding["reason"],
        "rule": decision["rule"],
        "evidence": finding["evidence"],
    }
