"""Pages of models that were registered with mlflow's client, as somebody sees them."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.app.lived import Life, Visitor, living, visiting
from tests.lineage.history import ADA

from everlearn.core.clock import SystemClock
from everlearn.registry.aliases import Wish
from everlearn.registry.catalogue import NewEntry
from everlearn.tracking import Metric

FARE = "/projects/default/models/fare"
DESCRIBED = """artifact_path: model
flavors:
  python_function:
    loader_module: mlflow.sklearn
saved_input_example_info:
  artifact_path: input_example.json
  type: dataframe
signature:
  inputs: '[{"type": "double", "name": "distance", "required": true}, {"type": "long",
    "name": "COLUMN", "required": false}]'
  outputs: '[{"type": "double", "name": "it''s", "required": true}]'
  params: null
"""


def register(life: Life, number: int, *, column: str) -> None:
    platform = life.platform
    run = platform.tracking.start_run("default", "first", name=f"try {number}", actor=ADA).id
    now = SystemClock().now()
    measured = [Metric(key="rmse", value=5.0 - number, step=0, at=now)]
    platform.tracking.log_batch(run, params={"depth": str(number)}, metrics=measured)
    platform.tracking.log_artifact(run, "model/MLmodel", DESCRIBED.replace("COLUMN", column).encode())
    platform.tracking.log_artifact(run, "model/input_example.json", b'{"data": [[1089.0, 5]], "x": "<b>"}')
    platform.tracking.log_artifact(run, "model/model.pkl", b"\x80\x04")
    entry = NewEntry(
        model="fare",
        source=f"runs:/{run}/model",
        run_id=run,
        run_link="",
        model_id="",
        description="Says what a ride costs.",
        tags={"team": "pricing"},
    )
    platform.catalogue.add("default", entry, actor=ADA)


def name(life: Life, alias: str, number: int, reason: str) -> None:
    wish = Wish(project="default", model="fare", alias=alias, number=number, reason=reason, actor=ADA, role=None)
    life.platform.aliases.set(wish)


@pytest.fixture(scope="module")
def visitor(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Visitor]:
    home: Path = tmp_path_factory.mktemp("catalogue")
    with living(home) as life, visiting(life) as visit:
        life.platform.catalogue.create("default", "fare", description="", tags={}, actor=ADA)
        register(life, 1, column="hour")
        register(life, 2, column="weekday")
        name(life, "best", 1, "the first")
        name(life, "best", 2, "better on the holdout")
        yield visit


def test_a_model_of_the_catalogue_is_not_called_broken(visitor: Visitor) -> None:
    listed, seen = visitor.sees("/projects/default/models"), visitor.sees(FARE)

    assert "fare registered Versions up to 2 are registered with mlflow's client" in listed.text
    assert "2 @best" in seen.text
    assert "better on the holdout" in seen.text
    assert "@best v1" in seen.text
    assert "Mean absolute error" not in seen.text
    assert visitor.sees(seen.links["2"]).status == 200


def test_a_version_shows_what_its_files_say(visitor: Visitor) -> None:
    seen = visitor.sees(f"{FARE}/versions/2")

    assert "version fare v2 named" in seen.text
    assert "Named @best." in seen.text
    assert "input distance double" in seen.text
    assert "input weekday long optional" in seen.text
    assert "output it's double" in seen.text
    assert '{"data": [[1089.0, 5]], "x": "<b>"}' in seen.text
    assert "<b>" not in seen.html  # what was uploaded is text, never markup
    assert "model.pkl 2 B runs code when loaded" in seen.text
    assert "@best came from version 1 better on the holdout user:ada" in seen.text
    assert "team pricing" in seen.text
    assert "rmse 3" in seen.text
    assert visitor.sees(seen.links["try 2"]).status == 200


def test_a_version_that_lost_its_name_says_to_whom(visitor: Visitor) -> None:
    seen = visitor.sees(f"{FARE}/versions/1")

    assert "version fare v1 registered" in seen.text
    assert "No alias names it." in seen.text
    assert "@best went to version 2" in seen.text


def test_a_comparison_shows_what_differs(visitor: Visitor) -> None:
    seen = visitor.sees(f"{FARE}/compare?a=1&b=2")

    assert "fare v1 with v2 incompatible" in seen.text
    assert "rmse 4 3 -1 -25" in seen.text
    assert "input hour long optional" in seen.text
    assert "depth 1 2" in seen.text
