"""False discovery rates against scipy, statsmodels, the definition, and simulation."""

import math

import numpy as np
import pytest
import scipy.stats
from hypothesis import given, settings
from hypothesis import strategies as st
from statsmodels.stats.multitest import multipletests

from everlearn.stats.multiplicity import benjamini_hochberg, e_benjamini_hochberg, holm
from everlearn.stats.samples import InvalidSampleError

# Benjamini and Hochberg (1995), section 3.2: fifteen p-values of a study on heart attacks
HEART = [
    *(0.0001, 0.0004, 0.0019, 0.0095, 0.0201, 0.0278, 0.0298, 0.0344),
    *(0.0459, 0.3240, 0.4262, 0.5719, 0.6528, 0.7590, 1.0),
]


def test_the_example_of_the_paper_has_four_discoveries() -> None:
    selection = benjamini_hochberg(HEART, rate=0.05)

    assert selection.rejected_count == 4
    assert selection.rejected == (True,) * 4 + (False,) * 11


@given(p_values=st.lists(st.floats(0.0, 1.0), min_size=1, max_size=30), rate=st.sampled_from([0.01, 0.05, 0.2]))
@settings(max_examples=80, deadline=None)
def test_adjusted_p_values_are_those_of_scipy_and_statsmodels(p_values: list[float], rate: float) -> None:
    ours = benjamini_hochberg(p_values, rate=rate)

    assert ours.adjusted == pytest.approx(scipy.stats.false_discovery_control(p_values), rel=1e-9, abs=1e-15)
    theirs = multipletests(p_values, alpha=rate, method="fdr_bh")
    near = [abs(value - rate) < 1e-9 for value in ours.adjusted]  # on the border, rounding decides
    assert all(mine == other or edge for mine, other, edge in zip(ours.rejected, theirs[0], near, strict=True))


@pytest.mark.parametrize("count", [1, 2, 7, 30])
def test_holms_adjusted_p_values_are_those_of_statsmodels(count: int) -> None:
    p_values = np.random.default_rng(count).beta(0.3, 2.0, size=count)

    ours = holm(p_values, rate=0.05)

    theirs = multipletests(p_values, alpha=0.05, method="holm")
    assert ours.adjusted == pytest.approx(tuple(theirs[1]), rel=1e-9, abs=1e-15)
    assert ours.rejected == tuple(theirs[0])


def test_of_nothing_nothing_is_rejected() -> None:
    assert holm([]).rejected == ()


@given(logs=st.lists(st.floats(-5.0, 12.0), max_size=20), rate=st.sampled_from([0.05, 0.1, 0.3]))
def test_e_values_are_rejected_by_the_definition(logs: list[float], rate: float) -> None:
    ordered = sorted(logs, reverse=True)
    enough = [k for k in range(1, len(logs) + 1) if ordered[k - 1] >= math.log(len(logs) / (k * rate)) - 1e-12]
    border = ordered[max(enough) - 1] if enough else math.inf

    assert e_benjamini_hochberg(logs, rate=rate).rejected == tuple(log >= border for log in logs)


def test_the_share_of_false_discoveries_keeps_below_the_rate() -> None:
    random = np.random.default_rng(1995)
    shares, found = [], []
    for _ in range(400):
        shifted = np.arange(50) < 15
        p_values = scipy.stats.norm.sf(random.normal(np.where(shifted, 3.0, 0.0)))
        rejected = np.array(benjamini_hochberg(p_values, rate=0.1).rejected)
        shares.append((rejected & ~shifted).sum() / max(rejected.sum(), 1))
        found.append((rejected & shifted).sum() / 15)

    assert np.mean(shares) == pytest.approx(0.1 * 35 / 50, abs=4.0 * np.std(shares) / 20.0)  # pi0 rate, exactly
    assert np.mean(found) > 0.7


def test_e_values_keep_the_rate_however_they_depend_on_each_other() -> None:
    random = np.random.default_rng(2022)
    false_alarms = []
    for _ in range(2000):
        common = random.random()  # one and the same bet in all forty columns
        e_value = 40.0 if common < 1.0 / 40.0 else 1e-9
        false_alarms.append(e_benjamini_hochberg(np.log(np.full(40, e_value)), rate=0.05).rejected_count > 0)

    assert np.mean(false_alarms) <= 0.05
    assert np.mean(false_alarms) > 0.01  # and the bound is not idle


def test_order_is_kept_and_nothing_is_fine() -> None:
    assert benjamini_hochberg([0.9, 0.001, 0.5]).rejected == (False, True, False)
    assert benjamini_hochberg([]).adjusted == ()
    assert e_benjamini_hochberg([]).rejected == ()


def test_what_are_no_p_values_is_refused() -> None:
    for wrong in ([1.1], [-0.1], [float("nan")]):
        with pytest.raises(InvalidSampleError):
            benjamini_hochberg(wrong)
    with pytest.raises(InvalidSampleError):
        benjamini_hochberg([0.5], rate=0.0)
    with pytest.raises(InvalidSampleError):
        e_benjamini_hochberg([math.inf])
