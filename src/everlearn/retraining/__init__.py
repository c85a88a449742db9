"""Retraining as an investment: what would it bring, what would it cost, is it worth it now?"""

from everlearn.retraining.events import RetrainingRequested
from everlearn.retraining.model import RetrainingPolicy, Review
from everlearn.retraining.service import Retraining

__all__ = ["Retraining", "RetrainingPolicy", "RetrainingRequested", "Review"]
