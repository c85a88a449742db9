"""Pages of traces: which requests came and how they went, and one of them step by step."""

from everlearn.tracing.pages import trace, traces

PAGES = (*traces.PAGES, *trace.PAGES)

__all__ = ["PAGES"]
