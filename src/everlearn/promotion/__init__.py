"""Promotion as a contract: what a version must fulfil before an alias names it, enforced by the server.

A contract is policy data (kind `alias`), set in advance for a model or for all models of a project. The registry asks
before an alias moves; the answer is a decision with every condition, met or not, that anybody can compute again.
"""

from everlearn.promotion.model import AliasPolicy
from everlearn.promotion.ports import Inspector
from everlearn.promotion.service import Contracts

__all__ = ["AliasPolicy", "Contracts", "Inspector"]
