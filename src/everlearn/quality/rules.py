"""The gate's rule: a paired test on the difference of absolute errors, with an interval and a minimum effect."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from everlearn.core.decisions import Finding, Rule, Verdict
from everlearn.core.json import JSONObject, JSONValue
from everlearn.stats.paired import paired_mean_test

PAIRED_ERROR = "quality.paired_error@1"
FEWEST_BLOCKS = 2  # one day has no spread between days


def paired_error(parameters: JSONObject, window: JSONValue) -> Finding:
    """Ask whether the candidate errs less than the baseline by at least the minimum, on the same rows.

    `window` holds `candidate` and `baseline` (absolute errors, one a row; null where the answer was no number) and
    `block` (the day of each row). Passes when the candidate answered every row, the interval of the improvement lies
    above zero and the improvement itself reaches the minimum.
    """
    asked: Any = parameters
    seen: Any = window
    candidate = np.asarray(seen["candidate"], dtype=np.float64)
    unanswered = int(np.isnan(candidate).sum())
    if unanswered:
        reason = f"{unanswered} of {candidate.size} answers are no numbers"
        told: JSONObject = {"n": int(candidate.size), "unanswered": unanswered}
        return Finding(verdict=Verdict.FAIL, reason=reason, evidence=told)
    baseline = np.asarray(seen["baseline"], dtype=np.float64)
    answered = ~np.isnan(baseline)  # rows that the baseline could not answer say nothing about the difference
    candidate, baseline, blocks = candidate[answered], baseline[answered], np.asarray(seen["block"])[answered]
    block_count = len(set(blocks.tolist()))
    blocks_needed = max(asked["minimum_blocks"], FEWEST_BLOCKS)
    if candidate.size < asked["minimum_rows"] or block_count < blocks_needed:
        reason = (
            f"{candidate.size} rows on {block_count} days are too few to judge; "
            f"{asked['minimum_rows']} on {blocks_needed} needed"
        )
        evidence: JSONObject = {"n": int(candidate.size), "blocks": block_count}
        return Finding(verdict=Verdict.NOT_EVALUATED, reason=reason, evidence=evidence)
    result = paired_mean_test(baseline - candidate, blocks=blocks, confidence=asked["confidence"])
    is_better = result.lower > 0 and result.mean_difference >= asked["minimum_improvement"]
    evidence = {
        "improvement": result.mean_difference,
        "lower": result.lower,
        "upper": result.upper,
        "confidence": result.confidence,
        "standard_error": result.standard_error,
        "p_value": result.p_value,
        "standardised_effect": result.standardised_effect,
        "candidate_error": float(candidate.mean()),
        "baseline_error": float(baseline.mean()),
        "n": result.count,
        "blocks": result.block_count,
    }
    reason = (
        f"error {candidate.mean():.2f} against {baseline.mean():.2f} of {asked['baseline']}: improvement "
        f"{result.mean_difference:+.2f} [{result.lower:+.2f}, {result.upper:+.2f}], "
        f"at least {asked['minimum_improvement']:g} asked"
    )
    return Finding(verdict=Verdict.PASS if is_better else Verdict.FAIL, reason=reason, evidence=evidence)


RULES: Mapping[str, Rule] = {PAIRED_ERROR: paired_error}
