"""Rollouts: how a version earns its traffic, step by step, and how it loses it.

In every step both versions score the same requests, so what is compared is paired. Each step is watched with
anytime-valid tests: looking every day costs nothing in error rate, and harm is acted on when it is proven,
not when the calendar says so.
"""

from everlearn.rollouts.events import RolloutEnded, RolloutStarted, RolloutStepped
from everlearn.rollouts.model import Rollout, RolloutPolicy, Step
from everlearn.rollouts.service import Rollouts
from everlearn.rollouts.store import busy_at
from everlearn.rollouts.store import running as running_rollout

__all__ = [
    "Rollout",
    "RolloutEnded",
    "RolloutPolicy",
    "RolloutStarted",
    "RolloutStepped",
    "Rollouts",
    "Step",
    "busy_at",
    "running_rollout",
]
