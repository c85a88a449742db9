"""Runs side by side, as somebody sees them."""

from collections.abc import Iterator
from urllib.parse import urlencode

import pytest
from tests.app.lived import ADA, Seen, Visitor
from tests.tracking.trials import ERRORS, visited_trials

PAGE = "/projects/default/comparison"
IDS = [f"eta-{depth}-{seed}" for depth in ERRORS for seed in range(6)]


@pytest.fixture(scope="module")
def visitor(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Visitor]:
    with visited_trials(tmp_path_factory.mktemp("trials") / "home") as visit:
        yield visit


def compared(visitor: Visitor, *runs: str, **query: str) -> Seen:
    return visitor.sees(f"{PAGE}?{urlencode([('run', run) for run in runs] + [*query.items()])}")


def test_what_differs_comes_first_and_what_is_the_same_is_folded(visitor: Visitor) -> None:
    seen = compared(visitor, "eta-4-0", "eta-6-1")

    differing, _, rest = seen.text.partition("The same everywhere: 1")
    assert "depth 4 6" in differing
    assert "seed 0 1" in differing
    assert "model tree" in rest


def test_the_best_value_is_marked_in_the_direction_declared(visitor: Visitor) -> None:
    seen = compared(visitor, "eta-4-3", "eta-6-4", "eta-6-0")

    assert "rmse min lower is better 5.6 best: 4.4 4.7" in seen.text
    assert "best" not in seen.text.partition("loss ")[2].partition("More than chance")[0]  # nobody said which way


def test_the_verdict_comes_in_words_with_its_numbers(visitor: Visitor) -> None:
    seen = compared(visitor, *IDS)

    assert "rmse is lower with depth=6 than with depth=4, by 0.5 min (95 % interval" in seen.text
    assert "depth=6 is better" in seen.text
    assert "paired by it" in seen.text


def test_too_few_seeds_are_said_to_be_too_few(visitor: Visitor) -> None:
    seen = compared(visitor, "eta-4-0", "eta-6-0")

    assert "not evaluated" in seen.text
    assert "5 are the least" in seen.text


def test_curves_scatter_and_parallel_axes_are_drawn_of_every_run(visitor: Visitor) -> None:
    seen = compared(visitor, *IDS[:4], across="params.seed", up="metrics.rmse")

    assert seen.html.count('<path class="line hue-') == 4
    assert seen.html.count('<circle class="spot hue-') == 4
    assert seen.html.count('<path class="strand hue-') == 4
    assert "rmse against seed" in seen.text
    assert '<option value="params.seed" selected>' in seen.html


def test_other_ways_to_draw_keep_the_runs(visitor: Visitor) -> None:
    seen = visitor.sees(compared(visitor, "eta-4-0", "eta-6-0", metric="rmse").links["log"])

    assert seen.status == 200
    assert "eta-4-0" in seen.html
    assert "y=log" in seen.links["time"]
    assert "metric=rmse" in seen.links["time"]


def test_a_run_can_be_left_out(visitor: Visitor) -> None:
    seen = compared(visitor, *IDS[:3])

    assert "Comparison of 3 runs" in seen.text
    assert "Comparison of 2 runs" in visitor.sees(seen.links["leave out"]).text


def test_files_that_differ_are_named(visitor: Visitor) -> None:
    assert "notes/about.txt" in compared(visitor, "eta-4-0", "eta-6-0").text.partition("Files that differ")[2]
    assert "No file differs: 1 are the same" in compared(visitor, "eta-4-0", "eta-4-1").text


def test_more_runs_than_fit_are_all_in_the_statistics(visitor: Visitor) -> None:
    for seed in range(21):
        run = visitor.platform.tracking.start_run("default", "many", run_id=f"m{seed}", actor=ADA)
        visitor.platform.tracking.log_params(run.id, {"seed": str(seed)})

    seen = compared(visitor, *(f"m{seed}" for seed in range(21)))

    assert "The first 20 are shown side by side" in seen.text


def test_what_cannot_be_compared_as_asked_is_said(visitor: Visitor) -> None:
    seen = compared(visitor, "eta-4-0", "eta-6-0", by="fold")

    assert seen.status == 400
    assert "no run has a parameter or tag 'fold' to pair by" in seen.text


def test_one_run_alone_is_no_comparison(visitor: Visitor) -> None:
    assert "Choose at least two runs" in compared(visitor, "eta-4-0").text
    assert compared(visitor, "eta-4-0", "none").status == 404
