"""Feature sets over several sources, and the proof that a computation does not look ahead."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.features.frames import Row, facts, facts_of, hours, questions, spine

from everlearn.features import (
    Aggregate,
    AsOf,
    FeatureSet,
    FeatureView,
    FutureLeakError,
    Rolling,
    check_no_future,
    compute,
    known_columns,
)
from everlearn.features.model import BadDefinitionError, FrameMismatchError, span_text

DELAYS = FeatureView(
    name="carrier-delays",
    entity=("carrier",),
    source="landed",
    known_at="known_at",
    latest=(AsOf(columns=("delay",), prefix="last_", max_age=timedelta(hours=6)),),
    rolling=tuple(Rolling(value="delay", window=timedelta(hours=3), aggregate=each) for each in Aggregate),
)
TRAFFIC = FeatureView(
    name="traffic",
    entity=(),
    source="everything",
    known_at="known_at",
    rolling=(Rolling(value="delay", window=timedelta(days=1), aggregate=Aggregate.COUNT, name="landings"),),
)
SET = FeatureSet(name="eta", at="at", views=(DELAYS, TRAFFIC))
KNOWN_AT = {"landed": "known_at", "everything": "known_at"}


def test_a_set_is_applied_view_by_view() -> None:
    known = facts([("AA", hours(1), 10), ("AA", hours(2), 30), ("UA", hours(2), 5)])

    computed = compute(SET, spine([("AA", hours(3)), ("UA", hours(9))]), {"landed": known, "everything": known.lazy()})

    assert tuple(computed.columns[2:]) == SET.outputs
    assert computed.rows() == [
        ("AA", hours(3), 30, 20.0, 2, 40, 10, 30, 3),
        ("UA", hours(9), None, None, 0, None, None, None, 3),
    ]


def test_the_digest_says_what_is_computed() -> None:
    same = replace(SET, views=(replace(DELAYS), TRAFFIC))
    other = replace(SET, views=(replace(DELAYS, known_at="landed_at"), TRAFFIC))
    turned = replace(SET, views=(TRAFFIC, DELAYS))

    assert same.digest == SET.digest
    assert len({SET.digest, other.digest, turned.digest, replace(SET, at="departure").digest}) == 4


@settings(deadline=None)
@given(questions, facts_of(st.floats(-1e6, 1e6)), st.sets(st.integers(0, 12), min_size=1, max_size=3))
def test_no_feature_of_ours_looks_ahead(rows: list[Row], known: list[Row], cuts: set[int]) -> None:
    rows = [("AA", hours(0)), *rows]
    world = facts(known, pl.Float64)

    check_no_future(
        partial(compute, SET),
        spine(rows),
        {"landed": world, "everything": world},
        at="at",
        known_at=known_columns(SET),
        through=[hours(cut) for cut in sorted(cuts)],
    )


def totals(spine: pl.DataFrame, facts: Mapping[str, pl.DataFrame]) -> pl.DataFrame:
    """Do what everybody does first: the mean over all of the data."""
    return spine.join(facts["landed"].group_by("carrier").agg(pl.col("delay").mean()), on="carrier", how="left")


def ranks(spine: pl.DataFrame, facts: Mapping[str, pl.DataFrame]) -> pl.DataFrame:
    return spine.with_columns(pl.len().over("carrier").alias("flights"))


def test_a_mean_over_all_of_the_data_is_caught() -> None:
    asked = spine([("UA", hours(1)), ("AA", hours(2)), ("AA", hours(5))])
    known = facts([("AA", hours(1), 10), ("AA", hours(4), 20), ("UA", hours(1), 7)])

    with pytest.raises(FutureLeakError, match="delay") as caught:
        check_no_future(totals, asked, {"landed": known}, at="at", known_at=KNOWN_AT, through=[hours(3)])

    assert caught.value.details["columns"] == {
        "delay": {"rows": 1, "examples": [{"row": 1, "then": "10.0", "now": "15.0"}]}
    }


def test_what_is_taken_from_later_rows_is_caught_too() -> None:
    asked = spine([("AA", hours(2)), ("AA", hours(5))])

    with pytest.raises(FutureLeakError, match="flights"):
        check_no_future(ranks, asked, {}, at="at", known_at={}, through=[hours(3)])


def test_a_proof_of_nothing_is_refused() -> None:
    asked, known = spine([("AA", hours(2))]), {"landed": facts([])}
    prove = partial(check_no_future, totals, asked, known, at="at")

    with pytest.raises(BadDefinitionError, match="at least one instant"):
        prove(known_at=KNOWN_AT, through=[])
    with pytest.raises(BadDefinitionError, match="cut where there are rows"):
        prove(known_at=KNOWN_AT, through=[hours(1)])
    with pytest.raises(BadDefinitionError, match="facts of 'landed' became known"):
        prove(known_at={}, through=[hours(3)])


def test_a_computation_that_drops_rows_is_refused() -> None:
    with pytest.raises(FrameMismatchError, match="0 rows for 1"):
        check_no_future(
            lambda rows, _: rows.clear(), spine([("AA", hours(2))]), {}, at="at", known_at={}, through=[hours(3)]
        )


def test_a_missing_source_is_named() -> None:
    with pytest.raises(FrameMismatchError, match="no facts of the source 'everything'"):
        compute(SET, spine([]), {"landed": facts([])})


def test_views_that_disagree_about_a_source_are_refused() -> None:
    other = replace(TRAFFIC, source="landed", known_at="seen_at")

    with pytest.raises(BadDefinitionError, match="two names"):
        known_columns(FeatureSet(name="eta", at="at", views=(DELAYS, other)))


@pytest.mark.parametrize(
    ("view", "said"),
    [
        (replace(DELAYS, name="../x"), "not a feature view name"),
        (replace(DELAYS, source="a b"), "not a source name"),
        (replace(DELAYS, entity=("",)), "not a column name"),
        (replace(DELAYS, latest=(), rolling=()), "0 features"),
        (replace(DELAYS, latest=(AsOf(columns=("a", "a")),)), "none twice"),
        (replace(DELAYS, latest=(AsOf(columns=("delay_sum_3h",)),)), "two features named 'delay_sum_3h'"),
        (replace(DELAYS, latest=(AsOf(columns=()),)), "at least one column"),
    ],
)
def test_views_that_cannot_be_computed_are_refused(view: FeatureView, said: str) -> None:
    with pytest.raises(Exception, match=said):
        FeatureSet(name="eta", at="at", views=(view,)).check()


def test_spans_are_written_in_their_units() -> None:
    assert span_text(timedelta(days=1, hours=2, minutes=3, seconds=4, microseconds=5)) == "1d2h3m4s5us"


def test_an_instant_without_a_zone_is_refused() -> None:
    with pytest.raises(Exception, match="without a zone"):
        check_no_future(
            totals,
            spine([("AA", hours(2))]),
            {"landed": facts([])},
            at="at",
            known_at=KNOWN_AT,
            through=[datetime(2013, 1, 1, 3, tzinfo=UTC).replace(tzinfo=None)],
        )
