"""Pages of the ledger: all decisions, and one with the plot that convinces and the way to compute it again."""

from everlearn.decisions.pages.routes import PAGES

__all__ = ["PAGES"]
