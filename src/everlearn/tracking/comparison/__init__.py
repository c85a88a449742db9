"""Do settings differ, or only their seeds? Runs grouped by their parameters and compared pair by pair.

`groups` sorts runs into groups and pairs, `judging` tests every two groups on a metric, `verdicts` is what comes out,
`service` reads the runs and puts it together.
"""

from everlearn.tracking.comparison.service import Comparisons
from everlearn.tracking.comparison.verdicts import Comparison, Correction, GroupSummary, Omnibus, PairResult, Verdict

__all__ = ["Comparison", "Comparisons", "Correction", "GroupSummary", "Omnibus", "PairResult", "Verdict"]
