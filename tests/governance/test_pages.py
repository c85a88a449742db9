"""Pages of models, as somebody sees them."""

import csv
import io
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from tests.app.lived import Visitor, a_visit
from tests.app.small_world import BEGIN

ETA = "/projects/default/models/eta"


@pytest.fixture(scope="module")
def visitor() -> Iterator[Visitor]:
    with a_visit() as visit:
        yield visit


def test_the_worst_model_comes_first_and_each_says_why(visitor: Visitor) -> None:
    seen = visitor.sees("/projects/default/models")

    assert seen.text.index("parking") < seen.text.index("eta degraded")
    assert "parking not deployed Version 1 is registered and none answers" in seen.text
    assert "above the objective of 8; its alarm is open since 2013-04-05; version 3 in canary at 10 %" in seen.text


def test_the_error_is_that_of_the_last_seven_windows(visitor: Visitor) -> None:
    windows = visitor.platform.monitoring.windows("default", "eta", limit=7).items
    errors = [window.mae for window in windows if window.mae is not None]  # each of 40 labels

    seen = visitor.sees("/projects/default/models")

    assert len(errors) == 7
    assert f"{sum(errors) / 7:.2f} / 8.00" in seen.text


def test_a_life_shows_versions_rollouts_alerts_reviews_and_decisions(visitor: Visitor) -> None:
    seen = visitor.sees(ETA)

    assert f"v1 since {BEGIN:%Y-%m-%d}" in seen.text
    assert "v2 against v1 rolled back" in seen.text
    assert "v3 against v1 running" in seen.text
    assert "critical error level 2013-04-05 00:00 open" in seen.text
    assert "not worth it" in seen.text
    assert "worth it" in seen.text
    assert "3 candidate" in seen.text
    assert "2 rejected" in seen.text


def test_what_is_shown_leads_to_its_evidence(visitor: Visitor) -> None:
    seen = visitor.sees(ETA)

    for text in ("error level", "run", "steps", "card", "pipeline run", "Decisions", "Log"):
        assert visitor.client.get(seen.links[text]).status_code == 200, text


def test_the_month_is_the_mean_over_its_labels(visitor: Visitor) -> None:
    windows = visitor.platform.monitoring.windows("default", "eta", limit=400).items
    march = [window for window in windows if window.start.month == 3]
    mean = sum((window.mae or 0) * window.label_count for window in march) / sum(w.label_count for w in march)

    seen = visitor.sees(ETA)

    assert f"2013-03 {mean:.2f} {mean / 8 * 100:.0f}" in seen.text
    assert visitor.sees(seen.links["2013-03"]).status == 200


def test_a_range_leaves_out_what_was_outside(visitor: Visitor) -> None:
    seen = visitor.sees(ETA, since="2013-03-05", until="2013-03-20")

    assert "2013-03-05 to 2013-03-20" in seen.text
    assert "v2 against v1 rolled back" in seen.text
    assert "v3 against v1" not in seen.text
    assert "No alerts in this time" in seen.text


def test_the_csv_holds_the_windows_of_the_range(visitor: Visitor) -> None:
    seen = visitor.sees(ETA, since="2013-03-05", until="2013-03-20")

    answer = visitor.client.get(seen.links["Download as .csv"])

    rows = list(csv.DictReader(io.StringIO(answer.text)))
    wanted = [
        window
        for window in reversed(visitor.platform.monitoring.windows("default", "eta", limit=400).items)
        if datetime(2013, 3, 5, tzinfo=UTC) <= window.start < datetime(2013, 3, 20, tzinfo=UTC)
    ]
    assert [float(row["mae"]) for row in rows] == [window.mae for window in wanted]
    assert answer.headers["content-disposition"].startswith("attachment")


def test_a_model_that_never_answered_is_shown_all_the_same(visitor: Visitor) -> None:
    seen = visitor.sees("/projects/default/models/parking")

    assert "not deployed" in seen.text
    assert "1 rejected" in seen.text
    assert "Nothing to draw yet." in seen.text


def test_a_project_without_models_says_what_to_do(visitor: Visitor) -> None:
    assert "everlearn demo" in visitor.sees("/projects/nothing/models").text


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/projects/default/models/none", 404),
        (f"{ETA}?since=yesterday", 400),
        (f"{ETA}?since=2013-04-01&until=2013-03-01", 400),
        (f"{ETA}?since=2030-01-01", 200),
        (f"{ETA}?until=1990-01-01", 200),
        (f"{ETA}?since=2013-03-04T12:00:00Z", 200),
    ],
)
def test_odd_ranges_and_names(visitor: Visitor, path: str, status: int) -> None:
    assert visitor.sees(path).status == status


def test_a_version_says_how_it_stands_and_leads_to_its_evidence(visitor: Visitor) -> None:
    seen = visitor.sees(f"{ETA}/versions/3")

    assert "version eta v3 in traffic" in seen.text
    assert "It is the canary 10 % of eta since" in seen.text
    assert "champion moved by rollout unmet" in seen.text
    assert "input distance FP32" in seen.text
    assert "output air_time FP32 from 5 to 900" in seen.text
    assert "# Model card: eta, version 3" in seen.text
    for text in ("quality gate", "rollouts step", "Lineage", "Compare with v2", "JSON"):
        assert visitor.client.get(seen.links[text], headers={"accept": "text/html"}).status_code == 200, text


def test_a_version_that_was_turned_away_says_why(visitor: Visitor) -> None:
    seen = visitor.sees(f"{ETA}/versions/2")

    assert "version eta v2 rejected" in seen.text
    assert "quality gate fail" in seen.text
    assert "became rejected" in seen.text


def test_versions_are_compared(visitor: Visitor) -> None:
    seen = visitor.sees(f"{ETA}/compare?a=1&b=3")

    assert "eta v1 with v3 compatible" in seen.text
    assert "both take and give the same" in seen.text
    assert "as_of 2013-03-01" in seen.text


def test_aliases_have_lanes_and_a_table(visitor: Visitor) -> None:
    seen = visitor.sees(ETA)

    assert "@champion" in seen.text
    assert "Aliases over time" in seen.text


@pytest.mark.parametrize("path", ["versions/9", "versions/0", "compare?a=1&b=9", "compare?a=1&b=-1"])
def test_versions_that_are_not_there_are_not_found(visitor: Visitor, path: str) -> None:
    assert visitor.sees(f"{ETA}/{path}").status == 404
