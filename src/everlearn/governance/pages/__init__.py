"""Pages of models: all of them with their health, and the life of one. They stand here because they know everybody."""

from everlearn.governance.pages import model, overview

PAGES = (*overview.PAGES, *model.PAGES)

__all__ = ["PAGES"]
