"""Pages of models: all of them with their health, and the life of one. They stand here because they know everybody."""

from everlearn.governance.pages import compare, model, overview, version

PAGES = (*overview.PAGES, *model.PAGES, *version.PAGES, *compare.PAGES)

__all__ = ["PAGES"]
