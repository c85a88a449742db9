"""Friedman's and Nemenyi's tests against Demsar's tables and scipy."""

import numpy as np
import pytest
import scipy.stats

from everlearn.stats.friedman import (
    friedman_test,
    iman_davenport,
    nemenyi_critical_difference,
    nemenyi_p_value,
)
from everlearn.stats.samples import InvalidSampleError

# Demsar (2006), table 6: ranks of C4.5 and C4.5 with parameters m, cf, both, on 14 data sets (1 is the best)
DEMSAR = np.array(
    [
        *([4, 3, 2, 1], [1, 2, 3, 4], [4, 1, 2, 3], [4, 1, 3, 2], [4, 2, 3, 1], [1, 2.5, 4, 2.5], [3, 2, 4, 1]),
        *(
            [2.5, 2.5, 4, 1],
            [4, 3, 2, 1],
            [2.5, 2.5, 2.5, 2.5],
            [4, 2.5, 1, 2.5],
            [3, 2, 4, 1],
            [4, 1, 2, 3],
            [3, 1, 4, 2],
        ),
    ]
)


def test_demsars_example() -> None:
    result = friedman_test(list(DEMSAR))

    assert result.mean_ranks == pytest.approx((3.143, 2.000, 2.893, 1.964), abs=5e-4)
    assert result.chi_square_uncorrected == pytest.approx(9.28, abs=0.005)
    assert iman_davenport(result.chi_square_uncorrected, blocks=14, treatments=4) == pytest.approx(3.69, abs=0.005)
    assert nemenyi_critical_difference(blocks=14, treatments=4) == pytest.approx(1.25, abs=0.005)
    assert nemenyi_critical_difference(blocks=14, treatments=4, level=0.10) == pytest.approx(1.12, abs=0.005)


@pytest.mark.parametrize(
    ("treatments", "at_5", "at_10"),  # Demsar (2006), table 5(a): cut, not rounded
    [(2, 1.960, 1.645), (3, 2.343, 2.052), (4, 2.569, 2.291), (5, 2.728, 2.459), (7, 2.949, 2.693), (10, 3.164, 2.920)],
)
def test_critical_values_of_nemenyis_test(treatments: int, at_5: float, at_10: float) -> None:
    error = np.sqrt(treatments * (treatments + 1) / (6 * 20))

    found = [nemenyi_critical_difference(blocks=20, treatments=treatments, level=level) for level in (0.05, 0.10)]

    assert np.array(found) / error == pytest.approx([at_5, at_10], abs=1e-3)


@pytest.mark.parametrize("decimals", [8, 0])  # without ties, and with many
def test_chi_square_is_scipys(decimals: int) -> None:
    means = np.array([0.0, 0.2, 0.4, 0.9, 1.0])
    table = np.round(np.random.default_rng(5).normal(means, 1.5, size=(11, 5)), decimals)

    result = friedman_test(list(table))

    theirs = scipy.stats.friedmanchisquare(*table.T)
    assert (result.chi_square, result.p_value) == pytest.approx((theirs.statistic, theirs.pvalue))
    f = result.f_statistic
    assert f is not None
    assert result.f_p_value == pytest.approx(scipy.stats.f.sf(f, 4, 40))


@pytest.mark.parametrize("difference", [0.0, 0.4, 1.3, 2.9])
def test_p_values_are_those_of_the_studentised_range(difference: float) -> None:
    q = difference / np.sqrt(6 * 7 / (6 * 9)) * np.sqrt(2)

    ours = nemenyi_p_value(difference, blocks=9, treatments=6)

    assert ours == pytest.approx(scipy.stats.studentized_range.sf(q, 6, np.inf), abs=1e-6)


def test_the_same_order_in_every_block_leaves_no_doubt() -> None:
    result = friedman_test([[1.0, 2.0, 3.0]] * 8)

    assert (result.f_statistic, result.f_p_value) == (None, 0.0)
    assert result.p_value == pytest.approx(scipy.stats.chi2.sf(16.0, 2))


def test_what_cannot_be_ranked_is_refused() -> None:
    with pytest.raises(InvalidSampleError, match="two blocks"):
        friedman_test([[1.0, 2.0, 3.0], [1.0, 2.0, 3.0, 4.0]])
    with pytest.raises(InvalidSampleError, match="at least 3"):
        friedman_test([[1.0, 2.0]] * 3)
    assert friedman_test([[1.0, 1.0, 1.0]] * 3).p_value == 1.0
