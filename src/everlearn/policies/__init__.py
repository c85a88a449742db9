"""What people decide in advance about a model: gates, rollout plans, objectives, prices.

A policy is a typed document per (project, model, kind). The packages above own the types; this package keeps the
documents, who set them, and every earlier revision, because a decision must name the parameters it was made with.
"""

from everlearn.policies.events import PolicySet
from everlearn.policies.service import Policies

__all__ = ["Policies", "PolicySet"]
