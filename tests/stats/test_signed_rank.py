"""Wilcoxon's signed-rank test against scipy, a published table and all signs counted out."""

from itertools import product

import numpy as np
import pytest
import scipy.stats
from hypothesis import given, settings
from hypothesis import strategies as st

from everlearn.stats.samples import InvalidSampleError
from everlearn.stats.signed_rank import signed_rank_test


@pytest.mark.parametrize(
    ("count", "critical"),  # Wilcoxon (1945) and every textbook since: two-sided level 0.05, the smaller rank sum
    [(6, 0), (7, 2), (8, 3), (9, 5), (10, 8), (12, 13), (15, 25), (20, 52)],
)
def test_critical_values_are_those_of_the_tables(count: int, critical: int) -> None:
    def p_of(rank_sum: int) -> float:
        negative, left = set[int](), rank_sum
        for rank in range(count, 0, -1):
            if rank <= left:
                negative.add(rank)
                left -= rank
        return signed_rank_test([-rank if rank in negative else rank for rank in range(1, count + 1)]).p_value

    assert p_of(critical) <= 0.05 < p_of(critical + 1)


@given(st.lists(st.integers(-4, 4), min_size=1, max_size=9).filter(any))
@settings(max_examples=60, deadline=None)
def test_with_ties_and_zeros_it_is_still_exact(differences: list[int]) -> None:
    moved = [each for each in differences if each]
    ranks = scipy.stats.rankdata(np.abs(moved))
    seen = sum(rank for rank, each in zip(ranks, moved, strict=True) if each > 0)
    half = ranks.sum() / 2
    sums = [
        sum(r for r, sign in zip(ranks, signs, strict=True) if sign) for signs in product((0, 1), repeat=len(moved))
    ]

    result = signed_rank_test(differences)

    assert result.p_value == pytest.approx(np.mean([abs(each - half) >= abs(seen - half) - 1e-9 for each in sums]))
    assert (result.count, result.zero_count) == (len(moved), len(differences) - len(moved))


@pytest.mark.parametrize("count", [6, 25, 150])
def test_without_ties_it_is_scipys_exact_test(count: int) -> None:
    differences = np.random.default_rng(count).normal(0.2, 1.0, size=count)

    result = signed_rank_test(differences)

    assert result.is_exact
    assert result.p_value == pytest.approx(scipy.stats.wilcoxon(differences, method="exact").pvalue)


def test_many_differences_are_referred_to_the_normal_distribution() -> None:
    differences = np.round(np.random.default_rng(3).normal(0.1, 1.0, size=300), 1)

    result = signed_rank_test(differences)

    theirs = scipy.stats.wilcoxon(differences, method="asymptotic", correction=False)
    assert not result.is_exact
    assert result.p_value == pytest.approx(theirs.pvalue, rel=1e-9)


def test_no_difference_at_all_is_no_evidence() -> None:
    assert signed_rank_test([0.0, 0.0]).p_value == 1.0
    with pytest.raises(InvalidSampleError):
        signed_rank_test([])
