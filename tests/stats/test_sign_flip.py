"""The sign-flip test against scipy's permutation test and Fisher's own count."""

import numpy as np
import pytest
import scipy.stats

from everlearn.stats.samples import InvalidSampleError
from everlearn.stats.sign_flip import sign_flip_test

# Darwin's maize, crossed minus self-fertilised, eighths of an inch; Fisher (1935), section 21
DARWIN = [49, -67, 8, 16, 6, 23, 28, 41, 14, 29, 56, 24, 75, 60, -48]


def test_fishers_count_of_darwins_maize() -> None:
    # "in 863 cases out of 32,768 the total deviation will have a positive value as great or greater than that observed"
    assert sign_flip_test(DARWIN).p_value == 2 * 863 / 32_768


@pytest.mark.parametrize("count", [2, 5, 9])
def test_it_is_scipys_permutation_test_over_all_signs(count: int) -> None:
    differences = np.random.default_rng(count).normal(0.5, 1.0, size=count)

    theirs = scipy.stats.permutation_test((differences,), np.sum, permutation_type="samples", n_resamples=np.inf)

    assert sign_flip_test(differences).p_value == pytest.approx(theirs.pvalue)


def test_forty_differences_of_one_sign_are_as_rare_as_can_be() -> None:
    assert sign_flip_test(np.arange(1.0, 41.0)).p_value == 2.0**-39


def test_what_is_alike_to_rounding_counts_as_alike() -> None:
    assert sign_flip_test([0.1, 0.2, -0.3]).p_value == 1.0
    assert sign_flip_test([0.1, 0.2, 0.3, 0.0]).p_value == 0.25


def test_more_than_forty_are_refused() -> None:
    with pytest.raises(InvalidSampleError, match="at most 40"):
        sign_flip_test(np.ones(41))
