"""The rules of monitoring: is the error still at its level, are the inputs still what they were?"""

from collections.abc import Mapping
from typing import Any

import numpy as np

from everlearn.core.decisions import Finding, Rule, Verdict
from everlearn.core.json import JSONObject, JSONValue
from everlearn.stats.control_chart import ewma_chart
from everlearn.stats.ks import ks_of_cumulated
from everlearn.stats.multiplicity import benjamini_hochberg
from everlearn.stats.page_hinkley import page_hinkley
from everlearn.stats.psi import psi_test

ERROR_LEVEL = "monitoring.error_level@1"
INPUT_DRIFT = "monitoring.input_drift@1"
SHORTEST_SERIES = 3


def error_level(parameters: JSONObject, window: JSONValue) -> Finding:
    """Chart the mean absolute error of a version's windows against the level it had on held-out days.

    `window` holds `mae` (one mean a window, oldest first, since the version took over). An EWMA chart sees lasting
    shifts from the reference; Page-Hinkley sees changes within the series, whatever the reference was. Fails when the
    newest window is above the chart's limit, or Page-Hinkley has just alarmed.
    """
    asked: Any = parameters
    seen: Any = window
    series = np.asarray(seen["mae"], dtype=np.float64)
    if series.size < SHORTEST_SERIES:
        reason = f"{series.size} windows are too few to judge; {SHORTEST_SERIES} needed"
        return Finding(verdict=Verdict.NOT_EVALUATED, reason=reason, evidence={"n": int(series.size)})
    mean, sd = asked["reference_mean"], asked["reference_sd"]
    if not sd > 0.0:
        reason = f"the reference error {mean:.2f} has no spread, so nothing can be told from noise"
        return Finding(
            verdict=Verdict.NOT_EVALUATED, reason=reason, evidence={"n": int(series.size), "reference": mean}
        )
    chart = ewma_chart(series, centre=mean, sd=sd, smoothing=asked["ewma_weight"], width=asked["ewma_limit"])
    jumps = page_hinkley(
        (series - mean) / sd,
        tolerance=asked["page_hinkley_delta"],
        threshold=asked["page_hinkley_threshold"],
        minimum_count=SHORTEST_SERIES,
    )
    last = int(series.size) - 1
    above = chart.statistic[-1] > chart.limit[-1]
    jumped = last in jumps.alarms
    smoothed = mean + sd * chart.statistic[-1]
    evidence: JSONObject = {
        "n": int(series.size),
        "smoothed": smoothed,
        "limit": mean + sd * chart.limit[-1],
        "reference": mean,
        "objective": asked["objective"],
        "is_above_limit": bool(above),
        "has_jumped": jumped,
        "breaks_objective": bool(smoothed > asked["objective"]),
        "page_hinkley": jumps.statistic,
        "page_hinkley_threshold": jumps.threshold,
        "path": [round(mean + sd * value, 4) for value in chart.statistic],
    }
    if above or jumped:
        what = "is above its limit" if above else "has jumped"
        reason = f"smoothed error {smoothed:.2f} {what} (limit {evidence['limit']:.2f}, reference {mean:.2f})"
        return Finding(verdict=Verdict.FAIL, reason=reason, evidence=evidence)
    reason = f"smoothed error {smoothed:.2f} is within its limit {evidence['limit']:.2f}"
    return Finding(verdict=Verdict.PASS, reason=reason, evidence=evidence)


def input_drift(parameters: JSONObject, window: JSONValue) -> Finding:
    """Compare each column's counts with the reference: Kolmogorov-Smirnov at the edges, false discoveries controlled.

    `window` holds `columns`: by name `reference` and `current` counts in the same bins, and the missing counts of both
    as a last bin. A column is reported when it is significant at the false-discovery rate over all columns *and* its
    population stability index reaches the least that matters.
    """
    asked: Any = parameters
    seen: Any = window
    names = sorted(seen["columns"])
    needed = max(asked["minimum_rows"], 1)
    fewest = min((sum(seen["columns"][name]["current"]) for name in names), default=0)
    if fewest < needed:
        reason = f"{fewest} rows in the window are too few to judge; {needed} needed"
        evidence: JSONObject = {"columns": len(names), "n": fewest}
        return Finding(verdict=Verdict.NOT_EVALUATED, reason=reason, evidence=evidence)
    tests = [_column(seen["columns"][name]) for name in names]
    found = benjamini_hochberg([test["p_value"] for test in tests], rate=asked["false_discovery"])
    drifted = [
        name
        for name, test, is_significant in zip(names, tests, found.rejected, strict=True)
        if is_significant and test["psi"] >= asked["minimum_psi"]
    ]
    columns: JSONObject = {
        name: {**test, "adjusted_p": adjusted}
        for name, test, adjusted in zip(names, tests, found.adjusted, strict=True)
    }
    evidence = {"columns": columns, "drifted": list(drifted), "false_discovery": asked["false_discovery"]}
    if drifted:
        reason = f"{len(drifted)} of {len(names)} columns drifted: {', '.join(drifted)}"
        return Finding(verdict=Verdict.FAIL, reason=reason, evidence=evidence)
    return Finding(verdict=Verdict.PASS, reason=f"none of {len(names)} columns drifted", evidence=evidence)


def _column(counts: Any) -> dict[str, Any]:
    reference = np.asarray(counts["reference"], dtype=np.int64)
    current = np.asarray(counts["current"], dtype=np.int64)
    gap = ks_of_cumulated(np.cumsum(reference), np.cumsum(current), at=np.arange(reference.size, dtype=np.float64))
    shift = psi_test(reference, current)
    return {
        "ks": gap.statistic,
        "p_value": gap.p_value,
        "psi": shift.psi,
        "psi_p_value": shift.p_value,
        "n": int(current.sum()),
    }


RULES: Mapping[str, Rule] = {ERROR_LEVEL: error_level, INPUT_DRIFT: input_drift}
