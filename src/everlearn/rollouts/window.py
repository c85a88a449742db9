"""What a rollout step has seen so far, as the value its rule judges and its decision keeps."""

from datetime import datetime

from everlearn.core.json import JSONObject
from everlearn.db import Tx
from everlearn.rollouts.model import Rollout, RolloutPolicy
from everlearn.serving import Pair, paired


def step_window(tx: Tx, rollout: Rollout, policy: RolloutPolicy, *, through: datetime) -> JSONObject:
    """Gather the pairs of the running step, in the order of event time."""
    pairs = paired(
        tx,
        rollout.project,
        rollout.model,
        champion=rollout.champion,
        candidate=rollout.candidate,
        since=rollout.step_since,
        until=through,
    )
    differences = [difference for pair in pairs if (difference := _difference(pair, policy)) is not None]
    limit_us = policy.latency_limit_ms * 1000
    return {
        "since": rollout.step_since.isoformat(),
        "through": through.isoformat(),
        "differences": list(differences),
        "scored": len(pairs),
        "candidate_failures": sum(pair.candidate_value is None for pair in pairs),
        "champion_failures": sum(pair.champion_value is None for pair in pairs),
        "slow": sum(pair.candidate_duration_us > limit_us for pair in pairs),
    }


def _difference(pair: Pair, policy: RolloutPolicy) -> float | None:
    """Give the clipped difference of absolute errors; None without a label or with a failure (counted apart)."""
    if pair.label is None or pair.candidate_value is None or pair.champion_value is None:
        return None
    difference = abs(pair.candidate_value - pair.label) - abs(pair.champion_value - pair.label)
    return max(-policy.largest_difference, min(policy.largest_difference, difference))
