"""The rule of a rollout step: harm proven rolls back, harmlessness proven goes on, anything else waits.

Both versions score every request of a step, so each labelled request gives one paired difference of absolute errors,
and each scored request tells of both whether they failed. Four anytime-valid tests run side by side; the error
budget of the step is split over the three that can roll back.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np

from everlearn.core.decisions import Finding, Rule, Verdict
from everlearn.core.json import JSONObject, JSONValue
from everlearn.stats.betting import mean_test
from everlearn.stats.e_process import EProcessResult
from everlearn.stats.error_allocation import Segment, error_allocation_test
from everlearn.stats.exceedance import exceedance_test

STEP = "rollouts.step@1"

# Who may spend how much of the step's error budget on a rollback.
SHARES = {"error": 0.4, "failures": 0.4, "latency": 0.2}


def step(parameters: JSONObject, window: JSONValue) -> Finding:
    """Judge one step on everything seen since it began.

    `window` holds `differences` (candidate's absolute error minus champion's, clipped to ±`largest_difference`, in the
    order of event time), and of all requests scored by both `scored`, `candidate_failures`, `champion_failures` and
    `slow` (candidate over the latency limit).
    """
    asked: Any = parameters
    seen: Any = window
    differences = np.asarray(seen["differences"], dtype=np.float64)
    tests = {
        "error": _harm(differences, asked),
        "failures": _failures(seen, asked),
        "latency": _latency(seen, asked),
    }
    harmless = _harmless(differences, asked)
    evidence: JSONObject = {
        "pairs": int(differences.size),
        "mean_difference": float(differences.mean()) if differences.size else None,
        "scored": seen["scored"],
        "candidate_failures": seen["candidate_failures"],
        "champion_failures": seen["champion_failures"],
        "slow": seen["slow"],
        "harmless": _told(harmless),
        **{name: _told(result) for name, result in tests.items()},
    }
    verdict, reason = _weighed(tests, harmless, differences, asked)
    return Finding(verdict=verdict, reason=reason, evidence=evidence)


def _weighed(
    tests: dict[str, EProcessResult], harmless: EProcessResult, differences: Any, asked: Any
) -> tuple[Verdict, str]:
    harmed = [name for name, result in tests.items() if result.first_crossing is not None]
    if harmed:
        return Verdict.FAIL, f"harm proven by {' and '.join(harmed)} at error budget {asked['alpha']:.3g}"
    mean = f"{differences.mean():+.2f}" if differences.size else "unknown"
    seen = f"mean difference {mean} over {differences.size} pairs"
    if differences.size < asked["minimum_pairs"]:
        return Verdict.NOT_EVALUATED, f"{seen}; {asked['minimum_pairs']} needed"
    if harmless.first_crossing is None:
        return Verdict.NOT_EVALUATED, f"{seen}; neither harm nor harmlessness (margin {asked['margin']:g}) is proven"
    return Verdict.PASS, f"{seen}: worse by less than {asked['margin']:g} at error budget {asked['beta']:.3g}"


def _harm(differences: Any, asked: Any) -> EProcessResult:
    bound = asked["largest_difference"]
    return mean_test(
        differences, mean=0.0, alternative="greater", low=-bound, high=bound, alpha=asked["alpha"] * SHARES["error"]
    )


def _harmless(differences: Any, asked: Any) -> EProcessResult:
    bound = asked["largest_difference"]
    return mean_test(differences, mean=asked["margin"], alternative="less", low=-bound, high=bound, alpha=asked["beta"])


def _failures(seen: Any, asked: Any) -> EProcessResult:
    failed = seen["candidate_failures"]
    both = Segment(candidate_failures=failed, all_failures=failed + seen["champion_failures"], share=0.5)
    return error_allocation_test([both], alpha=asked["alpha"] * SHARES["failures"])


def _latency(seen: Any, asked: Any) -> EProcessResult:
    return exceedance_test(
        [seen["slow"]], [seen["scored"]], allowed=asked["latency_share"], alpha=asked["alpha"] * SHARES["latency"]
    )


def _told(result: EProcessResult) -> JSONObject:
    return {
        "log_e": result.log_e,
        "max_log_e": result.max_log_e,
        "needed_log_e": float(-np.log(result.alpha)),
        "alpha": result.alpha,
        "crossed_at": result.first_crossing,
    }


RULES: Mapping[str, Rule] = {STEP: step}
