"""Pages of runs, as somebody sees them."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.app.lived import ADA, Visitor, a_copy_of_it, a_visit, visiting


@pytest.fixture(scope="module")
def visitor() -> Iterator[Visitor]:
    with a_visit() as visit:
        yield visit


def test_the_list_shows_every_run_and_narrows_to_an_experiment(visitor: Visitor) -> None:
    everything = visitor.sees("/projects/default/runs")
    exports = visitor.sees("/projects/default/runs", experiment="eta-export")

    runs = visitor.platform.tracking.runs("default").items
    assert all(f"/projects/default/runs/{run.id}" in everything.html for run in runs)
    assert [run.id for run in runs if run.id in exports.html] == [
        run.id for run in runs if run.experiment == "eta-export"
    ]


def test_a_run_shows_what_it_logged_and_leads_to_its_pipeline_run(visitor: Visitor) -> None:
    run = next(run for run in visitor.platform.tracking.runs("default").items if run.experiment == "eta-training")
    detail = visitor.platform.tracking.detail(run.id)

    seen = visitor.sees(f"/projects/default/runs/{run.id}")

    assert "training loss" in seen.text
    assert f"held_out.mae {detail.metrics['held_out.mae'].value:.4g}" in seen.text
    assert f"rows {detail.params['rows']}" in seen.text
    assert "Metrics over steps" in seen.text
    assert detail.tags["everlearn.pipeline_run"] in " ".join(seen.links.values())


def test_files_are_downloads_and_never_pages(visitor: Visitor) -> None:
    run = next(run for run in visitor.platform.tracking.runs("default").items if run.experiment == "eta-training")
    seen = visitor.sees(f"/projects/default/runs/{run.id}")

    answer = visitor.client.get(seen.links["fit/notes/reading me.html"])

    assert answer.content == b"<script>alert('never runs')</script>"
    assert answer.headers["content-disposition"].startswith("attachment")


def test_a_project_without_runs_says_what_to_do(visitor: Visitor) -> None:
    seen = visitor.sees("/projects/nothing/runs")

    assert "No runs yet" in seen.text
    assert "everlearn pipelines run" in seen.text


def test_an_unknown_run_is_a_page_that_says_so(visitor: Visitor) -> None:
    seen = visitor.sees("/projects/default/runs/none")

    assert seen.status == 404
    assert "Run with id=none not found" in seen.text


def test_many_runs_come_in_pages_and_what_people_write_is_text(tmp_path: Path) -> None:
    with a_copy_of_it(tmp_path / "home") as life, visiting(life) as visitor:
        for number in range(55):
            life.platform.tracking.start_run("many", "<b>bold</b>", run_id=f"run-{number}", actor=ADA)

        first = visitor.sees("/projects/many/runs", experiment="<b>bold</b>")
        second = visitor.sees(first.links["Next"])

        assert "<b>" not in first.html
        assert first.html.count("/projects/many/runs/run-") == 50
        assert second.html.count("/projects/many/runs/run-") == 5
        assert "Next" not in second.links
        assert visitor.sees(second.links["First"]).html == first.html
