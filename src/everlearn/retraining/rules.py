"""The rule that weighs a retraining: expected gain against cost, in money.

What retraining would bring is estimated with a probe that costs nothing: the champion's answers are corrected by
its own recent median error, band by band, fitted on one stretch of days and tried on the next. A full retraining
sees more than the answers, so the probe is a lower bound of what it can repair; where the probe finds nothing
to repair, the error is noise and retraining would buy none of it back.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from everlearn.core.decisions import Finding, Rule, Verdict
from everlearn.core.json import JSONObject, JSONValue

WORTHWHILE = "retraining.worthwhile@1"
BANDS = 8
SMALLEST_SAMPLE = 50


def worthwhile(parameters: JSONObject, window: JSONValue) -> Finding:
    """Weigh one retraining.

    `window` holds the champion's labelled answers of the stretch the probe is fitted on and of the stretch it is
    tried on (`fit` and `test`, each with `value` and `label`), `predictions_per_day`, `cpu_s` and `signals`.
    """
    seen: Any = window
    asked: Any = parameters
    fit, test = _Stretch(seen["fit"]), _Stretch(seen["test"])
    if min(fit.value.size, test.value.size) < SMALLEST_SAMPLE:
        reason = (
            f"{fit.value.size} and {test.value.size} labelled answers are too few to judge; {SMALLEST_SAMPLE} needed"
        )
        return Finding(verdict=Verdict.NOT_EVALUATED, reason=reason, evidence=_no_evidence(seen))
    now = float(np.mean(np.abs(test.label - test.value)))
    repaired = float(np.mean(np.abs(test.label - corrected(fit.value, fit.label, test.value))))
    answers = seen["predictions_per_day"] * asked["traffic_weight"] * asked["horizon_days"]
    gain = (now - repaired) * answers * asked["value_per_unit"]
    compute = seen["cpu_s"] / 3600 * asked["cpu_hour_price"]
    cost = compute + asked["fixed_cost"]
    is_worth_it = gain > cost
    money = asked["currency"]
    verb = "brings more than" if is_worth_it else "does not bring back"
    reason = (
        f"error {now:.2f}, reachable {repaired:.2f}: a gain of {gain:,.0f} {money} over "
        f"{asked['horizon_days']:.0f} days {verb} its cost of {cost:,.0f} {money}"
    )
    evidence: JSONObject = {
        "signals": seen["signals"],
        "error_now": now,
        "error_reachable": repaired,
        "answers_in_horizon": answers,
        "expected_gain": gain,
        "compute_cost": compute,
        "expected_cost": cost,
        "net": gain - cost,
        "n_fit": int(fit.value.size),
        "n_test": int(test.value.size),
    }
    return Finding(verdict=Verdict.PASS if is_worth_it else Verdict.FAIL, reason=reason, evidence=evidence)


def corrected(
    value: NDArray[np.float64], label: NDArray[np.float64], target: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Add to each of `target` the median error that answers of its size had in (`value`, `label`).

    Bands are the octiles of `value`; a band's correction applies at its median, linear between, flat outside.
    """
    edges = np.quantile(value, np.linspace(0, 1, BANDS + 1))
    band = np.clip(np.searchsorted(edges, value, side="right") - 1, 0, BANDS - 1)
    filled = [index for index in range(BANDS) if np.any(band == index)]
    centres = np.array([np.median(value[band == index]) for index in filled])
    shifts = np.array([np.median((label - value)[band == index]) for index in filled])
    moved: NDArray[np.float64] = target + np.interp(target, centres, shifts)
    return moved


class _Stretch:
    def __init__(self, columns: Any) -> None:
        self.value = np.asarray(columns["value"], dtype=np.float64)
        self.label = np.asarray(columns["label"], dtype=np.float64)


def _no_evidence(seen: Any) -> JSONObject:
    return {
        "signals": seen["signals"],
        "expected_gain": 0.0,
        "expected_cost": 0.0,
        "n_fit": len(seen["fit"]["value"]),
        "n_test": len(seen["test"]["value"]),
    }


RULES: Mapping[str, Rule] = {WORTHWHILE: worthwhile}
