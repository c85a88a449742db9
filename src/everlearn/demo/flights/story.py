"""One line for people for each event that matters in a model's life."""

from collections.abc import Callable
from typing import Any

Payload = dict[str, Any]

_LINES: dict[str, Callable[[Payload], str]] = {
    "registry.version_registered": lambda event: f"version {event['version']} registered",
    "quality.gate_passed": lambda event: f"version {event['version']} passed its gate: {event['reason']}",
    "quality.gate_failed": lambda event: (
        f"version {event['version']} did not pass its gate ({event['verdict'].replace('_', ' ')}): {event['reason']}"
    ),
    "rollouts.started": lambda event: f"version {event['candidate']} in {event['phase']}: {event['reason']}",
    "rollouts.stepped": lambda event: (
        f"version {event['candidate']} on to {event['phase']} {event['weight']:.0%}: {event['reason']}"
    ),
    "rollouts.ended": lambda event: (
        f"version {event['candidate']} {event['state'].replace('_', ' ')}: {event['reason']}"
    ),
    "monitoring.alert_raised": lambda event: f"{event['level']} alert, {event['kind']}: {event['message']}",
    "monitoring.alert_resolved": lambda event: f"alert {event['kind']} resolved: {event['resolution']}",
    "retraining.requested": lambda event: f"retraining, because of {', '.join(event['signals'])}",
}


def told(entry: dict[str, Any]) -> str:
    """Give the line of a log entry; empty where it is not worth one."""
    line = _LINES.get(entry["name"])
    if line is None:
        return ""
    event = entry["payload"]
    return f"{event['effective_at'][:10]}  {line(event)}"
