"""The tables of runs and experiments: what is asked stands in the address, what is wrong stands at the field."""

import csv
import io
from collections.abc import Iterator
from html import unescape

import pytest
from tests.app.lived import ADA, Seen, Visitor
from tests.tracking.trials import AT, log_trials, visited_trials

from everlearn.tracking import Metric

RUNS = "/projects/default/runs"


@pytest.fixture(scope="module")
def visitor(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Visitor]:
    with visited_trials(tmp_path_factory.mktemp("trials") / "home") as visit:
        yield visit


def ids(seen: Seen) -> list[str]:
    """The runs of the table, in order."""
    return [part.partition('"')[0] for part in seen.html.split('name="run" value="')[1:]]


def heads(seen: Seen) -> list[str]:
    table = seen.html.partition("<thead>")[2].partition("</thead>")[0]
    cells = [cell.rpartition("</a>")[0] or cell.rpartition("</th>")[0] for cell in table.split("<th ")[2:]]
    return [unescape(cell).rpartition(">")[2] for cell in cells]


def test_the_columns_are_those_in_which_the_runs_differ(visitor: Visitor) -> None:
    seen = visitor.sees(RUNS, experiment="eta")

    assert heads(seen)[2:6] == ["rmse", "loss", "depth", "seed"]
    assert "model" not in heads(seen)
    assert "rmse min" in seen.text


def test_a_filter_and_an_order_in_the_protocols_words(visitor: Visitor) -> None:
    seen = visitor.sees(
        RUNS, experiment="eta", filter="metrics.rmse < 4.9 and params.depth = '6'", order="metrics.rmse"
    )

    assert ids(seen) == [f"eta-6-{seed}" for seed in (4, 2, 5, 0, 1)]
    assert 'aria-sort="ascending"' in seen.html


def test_heads_sort_and_sort_the_other_way(visitor: Visitor) -> None:
    first = visitor.sees(visitor.sees(RUNS, experiment="eta").links["rmse"])
    second = visitor.sees(first.links["rmse"])

    assert ids(first)[0] == "eta-6-4"
    assert ids(second)[0] == "eta-4-3"
    assert ids(second) != ids(first)


def test_a_filter_that_cannot_be_read_says_where(visitor: Visitor) -> None:
    seen = visitor.sees(RUNS, experiment="eta", filter="metrics.rmse < 5 OR params.depth = '6'")

    assert seen.status == 400
    assert "'OR' after a clause" in seen.text
    assert "at character 18" in seen.text
    pointer = seen.html.partition('<pre aria-hidden="true">')[2].partition("</pre>")[0].splitlines()[1]
    assert len(pointer) == 18
    assert 'aria-invalid="true"' in seen.html
    assert ids(seen) == []


def test_every_example_is_a_filter_that_works(visitor: Visitor) -> None:
    seen = visitor.sees(RUNS, experiment="eta")
    examples = [text for text in seen.links if text.startswith(("metrics.", "params.", "attributes."))]

    answers = [visitor.sees(seen.links[text]) for text in examples]

    assert len(examples) >= 3
    assert [answer.status for answer in answers] == [200] * len(examples)
    assert ids(answers[0])


def test_chosen_columns_stay_while_one_goes_on(visitor: Visitor) -> None:
    seen = visitor.sees(f"{RUNS}?experiment=eta&columns=params.model&columns=tags.team&filter=params.depth='4'")
    sorted_one = visitor.sees(seen.links["team"])

    assert heads(seen)[2:4] == heads(sorted_one)[2:4] == ["model", "team"]
    assert ids(sorted_one) == [f"eta-4-{seed}" for seed in (5, 4, 3, 2, 1, 0)]
    assert heads(visitor.sees(sorted_one.links["Those that vary"]))[2] == "rmse"


def test_pages_follow_each_other_in_the_order(visitor: Visitor) -> None:
    platform = visitor.platform
    for number in range(120):
        run = platform.tracking.start_run("default", "many", run_id=f"many-{number}", actor=ADA)
        platform.tracking.log_metrics(run.id, [Metric(key="score", value=number % 7, step=0, at=AT)])

    pages = [visitor.sees(RUNS, experiment="many", order="metrics.score DESC")]
    while "Next" in pages[-1].links:
        pages.append(visitor.sees(pages[-1].links["Next"]))

    found = [run for page in pages for run in ids(page)]
    scores = [int(run.removeprefix("many-")) % 7 for run in found]
    assert (len(pages), len(found), len(set(found))) == (3, 120, 120)
    assert scores == sorted(scores, reverse=True)


def test_the_csv_holds_what_is_shown_and_no_formulas(visitor: Visitor) -> None:
    log_trials(visitor.platform, "sheet")
    visitor.platform.tracking.log_params("sheet-4-0", {"formula": "=cmd|' /C calc'!A0"})
    path = visitor.sees(f"{RUNS}?experiment=sheet&columns=metrics.rmse,params.formula&order=metrics.rmse").links["CSV"]

    answer = visitor.client.get(path)

    rows = list(csv.DictReader(io.StringIO(answer.text)))
    assert answer.headers["content-type"].startswith("text/csv")
    assert [row["metrics.rmse"] for row in rows][:2] == ["4.4", "4.5"]
    assert len(rows) == 12
    assert next(row for row in rows if row["run_id"] == "sheet-4-0")["params.formula"] == "'=cmd|' /C calc'!A0"


def test_values_out_of_their_range_are_flagged(visitor: Visitor) -> None:
    platform = visitor.platform
    log_trials(platform, "strange")
    run = platform.tracking.start_run("default", "strange", run_id="odd", actor=ADA)
    platform.tracking.log_metrics(run.id, [Metric(key="rmse", value=-1.0, step=0, at=AT)])

    table = visitor.sees(RUNS, experiment="strange", filter="metrics.rmse < 0")
    shown = visitor.sees(f"{RUNS}/odd")

    assert ids(table) == ["odd"]
    assert "declared is at least 0" in table.html
    assert "Outside of its declared range: rmse" in shown.text


def test_experiments_say_how_much_happens_in_them(visitor: Visitor) -> None:
    seen = visitor.sees("/projects/default/experiments", filter="name = 'eta'")
    wrong = visitor.sees("/projects/default/experiments", filter="nam = 'eta'")

    assert "rmse (lower)" in seen.text
    assert seen.links["eta"] == f"{RUNS}?experiment=eta"
    assert wrong.status == 400
    assert "at character 1" in wrong.text


def test_another_projects_runs_are_not_found(visitor: Visitor) -> None:
    assert ids(visitor.sees("/projects/other/runs", experiment="eta")) == []
    assert "No runs of eta" in visitor.sees("/projects/other/runs", experiment="eta").text
    assert visitor.sees("/projects/other/runs/eta-4-0").status == 404
