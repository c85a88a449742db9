"""Looking after the queue: which jobs there are, driving dead ones again, cancelling, and whether all is settled.

The queue itself is `everlearn.jobs`; this is its door for people and programs.
"""

from everlearn.operations.model import JobView, Redriven, Settlement
from everlearn.operations.service import Operations

__all__ = ["JobView", "Operations", "Redriven", "Settlement"]
