import os
import subprocess
import sys
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from everlearn.pipelines import Literal, Output, Parameter, Pipeline, Step, StepContext
from everlearn.pipelines.graph import Input
from everlearn.pipelines.model import BadParametersError, BadPipelineError


def source(context: StepContext) -> int:
    return 1


def passed_on(context: StepContext, *, value: int) -> int:
    return value


def joined(context: StepContext, left: int, right: int = 2) -> int:
    return left + right


def step(name: str, inputs: Mapping[str, Input] | None = None, function: Callable[..., Any] = passed_on) -> Step:
    return Step(name=name, function=function, inputs=inputs or {})


def test_steps_come_after_what_they_need_whatever_order_they_are_given_in() -> None:
    pipeline = Pipeline(
        "p",
        [
            step("last", {"left": Output("b"), "right": Output("a")}, joined),
            step("b", {"value": Output("a")}),
            step("a", function=source),
        ],
    )

    assert [one.name for one in pipeline.steps] == ["a", "b", "last"]


@pytest.mark.parametrize(
    ("steps", "said"),
    [
        (list, "0 steps"),
        (lambda: [step("a", function=source)] * 2, "two steps named a"),
        (lambda: [step("a", {"value": Output("b")}), step("b", {"value": Output("a")})], "wait for each other"),
        (lambda: [step("a", {"value": Output("a")})], "wait for each other"),
        (lambda: [step("a", {"value": Output("b")})], "no such step"),
        (lambda: [step("a")], "missing a required"),
        (lambda: [step("a", {"other": Literal(1)})], "a does not fit its function passed_on"),
        (lambda: [step("a", {"value": Literal(1)}, source)], "unexpected keyword|too many"),
        (lambda: [step("a", {"value": Literal(float("nan"))})], "not JSON"),
        (lambda: [step("a", {"value": Parameter("x", {1, 2})})], "not JSON"),  # type: ignore[arg-type]  # on purpose
        (lambda: [Step(name="a", function=source, attempts=0)], "0 attempts"),
        (lambda: [step("a", function=lambda _: 1)], "needs a function"),
        (lambda: [step("a", function=closure())], "needs a function"),
        (lambda: [step("a", function=Pipeline)], "needs a function"),
        (
            lambda: [step("a", {"value": Parameter("x", 1)}), step("b", {"value": Parameter("x", 2)})],
            "declared in two ways",
        ),
    ],
)
def test_a_pipeline_that_cannot_run_cannot_be_built(steps: Callable[[], list[Step]], said: str) -> None:
    with pytest.raises(BadPipelineError, match=said):
        Pipeline("p", steps())


def closure() -> Callable[..., int]:
    hidden = datetime.now(UTC).year

    def function(context: StepContext) -> int:
        return hidden

    return function


def test_a_submission_names_every_parameter_without_a_default() -> None:
    pipeline = Pipeline("p", [step("a", {"left": Parameter("x"), "right": Parameter("y", None)}, joined)])

    pipeline.check_parameters({"x": None, "more": [1]})
    with pytest.raises(BadParametersError, match="needs the parameters x"):
        pipeline.check_parameters({"y": 1})
    with pytest.raises(BadParametersError, match="not JSON"):
        pipeline.check_parameters({"x": float("inf")})


def test_code_digests_follow_source_revision_and_what_is_used() -> None:
    plain = Step(name="a", function=source)

    assert plain.code_digest == Step(name="renamed", function=source).code_digest
    assert plain.code_digest != Step(name="a", function=source, revision=2).code_digest
    assert plain.code_digest != Step(name="a", function=source, uses=(joined,)).code_digest
    assert plain.code_digest != Step(name="a", function=also_source).code_digest


def also_source(context: StepContext) -> int:
    return 1 + 0


def test_code_digests_are_the_same_in_every_process() -> None:
    program = (
        "import everlearn.pipelines.values as v\n"
        "from everlearn.pipelines.code import code_digest\n"
        "print(code_digest(v.written, (v, v.Format)))"
    )

    digests = {
        subprocess.run(
            [sys.executable, "-c", program],
            env={**os.environ, "PYTHONHASHSEED": seed},
            capture_output=True,
            text=True,
            check=True,
            cwd=Path(__file__).parents[2],
        ).stdout
        for seed in ("1", "2")
    }

    assert len(digests) == 1
    assert digests.pop().startswith("sha256:")
