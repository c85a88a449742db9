import hashlib

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import kstest

from everlearn.serving.routing import goes_to_candidate, share_of


def test_a_share_is_the_head_of_blake2b_read_as_a_fraction() -> None:
    digest = hashlib.blake2b(b"salt\x00flight-7", digest_size=8).digest()

    assert share_of("salt", "flight-7") == pytest.approx(int.from_bytes(digest, "big") / 2**64, abs=2**-52)


def test_shares_are_even() -> None:
    shares = [share_of("salt", f"entity-{number}") for number in range(20_000)]

    assert kstest(shares, "uniform").pvalue > 0.001


def test_another_salt_places_entities_anew() -> None:
    ours = [share_of("one", f"entity-{number}") for number in range(20_000)]
    theirs = [share_of("two", f"entity-{number}") for number in range(20_000)]

    assert abs(np.corrcoef(ours, theirs)[0, 1]) < 0.03


@given(salt=st.text(), entity_id=st.text(), weights=st.tuples(st.floats(0, 1), st.floats(0, 1)))
def test_who_is_in_a_canary_stays_in_when_it_grows(salt: str, entity_id: str, weights: tuple[float, float]) -> None:
    small, large = sorted(weights)

    assert goes_to_candidate(salt, [entity_id], small) <= goes_to_candidate(salt, [entity_id], large)


@given(entity_id=st.text())
def test_weight_none_takes_nobody_and_weight_one_everybody(entity_id: str) -> None:
    assert goes_to_candidate("s", [entity_id], 0.0) == [False]
    assert goes_to_candidate("s", [entity_id], 1.0) == [True]
