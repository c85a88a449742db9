"""Quality gates: is a candidate better than what it would replace, on data neither of them learned from?"""

from everlearn.quality.events import GateFailed, GatePassed
from everlearn.quality.service import Gates

__all__ = ["GateFailed", "GatePassed", "Gates"]
