"""Pages of pipeline runs, as somebody sees them."""

from collections.abc import Iterator

import pytest
from tests.app.lived import Visitor, a_visit

from everlearn.pipelines import RunState


@pytest.fixture(scope="module")
def visitor() -> Iterator[Visitor]:
    with a_visit() as visit:
        yield visit


def run_in(visitor: Visitor, state: RunState) -> str:
    runs = visitor.platform.pipelines.runs("default").items
    return next(run.id for run in runs if run.state is state)


def test_the_list_shows_states_and_what_went_wrong(visitor: Visitor) -> None:
    seen = visitor.sees("/projects/default/pipeline-runs")

    runs = visitor.platform.pipelines.runs("default").items
    assert [run.id for run in runs if f"/pipeline-runs/{run.id}" not in seen.html] == []
    assert "failed" in seen.text
    assert "ValueError: no room left" in seen.text
    assert "eta-export" not in visitor.sees("/projects/default/pipeline-runs", pipeline="eta-training").text.split(
        "what went wrong"
    )[1].replace("by", "")


def test_a_failed_run_names_the_step_and_what_is_kept(visitor: Visitor) -> None:
    seen = visitor.sees(f"/projects/default/pipeline-runs/{run_in(visitor, RunState.FAILED)}")

    assert "Step upload failed; 2 of 3 steps done, 2 of them used again." in seen.text
    assert "ValueError: no room left" in seen.text


def test_a_finished_run_shows_its_steps_and_leads_to_what_it_tracked(visitor: Visitor) -> None:
    run = visitor.platform.pipelines.run(run_in(visitor, RunState.FINISHED))

    seen = visitor.sees(f"/projects/default/pipeline-runs/{run.id}")
    tracked = visitor.sees(seen.links["Tracked run"])

    assert all(step in seen.text for step in ("rows", "fit", "profile", "holdout", "package"))
    assert "5 of 5 steps done" in seen.text
    assert tracked.status == 200
    assert run.tracking_run_id in tracked.text


def test_a_project_without_runs_says_what_to_do(visitor: Visitor) -> None:
    assert "everlearn pipelines run eta-export" in visitor.sees("/projects/nothing/pipeline-runs").text


def test_an_unknown_run_is_a_page_that_says_so(visitor: Visitor) -> None:
    assert visitor.sees("/projects/default/pipeline-runs/none").status == 404
