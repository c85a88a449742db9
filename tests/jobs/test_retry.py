"""Backoff with full jitter."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from everlearn.jobs.retry import LONGEST_S, backoff_s


@pytest.mark.parametrize(("rounds", "longest"), [(1, 1), (2, 2), (3, 4), (9, 256), (10, 300), (5_000, 300)])
def test_the_longest_wait_doubles_up_to_five_minutes(rounds: int, longest: float) -> None:
    assert backoff_s(rounds, 1.0) == longest


@given(rounds=st.integers(-5, 10_000), jitter=st.floats(0, 1, exclude_max=True))
def test_a_wait_is_a_share_of_the_longest_one(rounds: int, jitter: float) -> None:
    assert 0 <= backoff_s(rounds, jitter) <= LONGEST_S
    assert backoff_s(rounds, 0.0) == 0
    assert backoff_s(rounds, jitter) == pytest.approx(jitter * backoff_s(rounds, 1.0))
