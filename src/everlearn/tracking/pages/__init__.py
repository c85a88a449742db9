"""Pages of tracked runs: what was tried, how it came out, how runs compare, and what they left behind.

`experiments` and `runs` are tables; `run` is one run with its curves, `live` keeps it moving; `words` is how all of
them speak of runs.
"""

from everlearn.tracking.pages import comparison, experiments, export, files, live, run, runs
from everlearn.tracking.pages.words import PIPELINE_RUN_TAG

PAGES = (*experiments.PAGES, *runs.PAGES, *export.PAGES, *run.PAGES, *live.PAGES, *comparison.PAGES, *files.PAGES)

__all__ = ["PAGES", "PIPELINE_RUN_TAG"]
