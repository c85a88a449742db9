"""What a comparison of runs is asked, as it stands in the address."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from urllib.parse import urlencode

from everlearn.core.errors import InvalidError
from everlearn.tracking.comparison import Correction
from everlearn.tracking.pages.curves import CurvesQuery, read_query
from everlearn.web.links import path_of

MOST_SIDE_BY_SIDE = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class ComparisonQuery:
    """The whole state of the page."""

    project: str
    runs: tuple[str, ...]
    by: tuple[str, ...] = ()
    metrics: tuple[str, ...] = ()
    correction: Correction = Correction.HOLM
    across: str = ""  # of the scatter plot: params.depth, metrics.rmse
    up: str = ""
    curves: CurvesQuery

    @property
    def path(self) -> str:
        """Where the page is."""
        return path_of("projects", self.project, "comparison")

    def given(self, *left_out: str) -> tuple[tuple[str, str], ...]:
        """Give what is asked as names and values, but for those that a form asks itself."""
        said = [
            *(("run", run) for run in self.runs),
            *(("by", key) for key in self.by),
            *(("metric", key) for key in self.metrics),
            ("correction", "" if self.correction is Correction.HOLM else self.correction.value),
            ("across", self.across),
            ("up", self.up),
            ("x", self.curves.axis),
            ("y", self.curves.scale),
            ("smooth", self.curves.smooth),
        ]
        return tuple((name, value) for name, value in said if value and name not in left_out)

    def href(self) -> str:
        """Write the address."""
        return f"{self.path}?{urlencode(self.given())}"

    def without(self, run_id: str) -> "ComparisonQuery":
        """Leave a run out."""
        return replace(self, runs=tuple(run for run in self.runs if run != run_id))

    def drawn(self, curves: CurvesQuery) -> "ComparisonQuery":
        """Draw curves in another way."""
        return replace(self, curves=curves)


def read_comparison(
    project: str, said: Mapping[str, str], *, runs: Sequence[str], by: Sequence[str], metrics: Sequence[str]
) -> ComparisonQuery:
    """Read what an address asks.

    Raises
    ------
    InvalidError
        When a choice is none of those offered.
    """
    correction = said.get("correction") or Correction.HOLM
    if correction not in {*Correction}:
        raise InvalidError("correction is left out, holm or bh")
    drawing = {name: said[name] for name in ("x", "y", "smooth") if name in said}
    return ComparisonQuery(
        project=project,
        runs=tuple(dict.fromkeys(run for run in runs if run)),
        by=tuple(key for key in by if key),
        metrics=tuple(key for key in metrics if key),
        correction=Correction(correction),
        across=said.get("across", ""),
        up=said.get("up", ""),
        curves=read_query("", drawing),
    )
