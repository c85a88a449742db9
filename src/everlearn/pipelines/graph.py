"""Pipelines as values: steps and what they take. A pipeline that cannot run cannot be built.

pipeline = Pipeline(
"eta-training",
[
Step(name="rows", function=rows, inputs={"datasets": Parameter("datasets")}),
Step(name="model", function=fit, inputs={"rows": Output("rows"), "depth": Literal(6)}),
],
)
"""

import inspect
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from graphlib import CycleError, TopologicalSorter
from typing import Any, TypeAlias

from everlearn.core.digest import Digest, digest_json
from everlearn.core.json import JSONObject, JSONValue, canonical_json
from everlearn.core.names import checked_name
from everlearn.pipelines.code import Source, code_digest
from everlearn.pipelines.model import MOST_STEPS, BadParametersError, BadPipelineError

StepFunction: TypeAlias = Callable[..., Any]
"""A function of a `StepContext` and its inputs by keyword, at the top level of a module."""


class Required(Enum):
    """Says that there is no default; None would be one."""

    REQUIRED = "required"


@dataclass(frozen=True, slots=True)
class Parameter:
    """A parameter of the run, by name. Without a default every submission must name it."""

    name: str
    default: JSONValue | Required = Required.REQUIRED


@dataclass(frozen=True, slots=True)
class Output:
    """What another step returned."""

    step: str


@dataclass(frozen=True, slots=True)
class Literal:
    """Always the same JSON value."""

    value: JSONValue


Input: TypeAlias = Parameter | Output | Literal


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One function and where its inputs come from.

    Its result is found again by the source of the function (and of everything in `uses`: functions, classes or modules
    that it calls), the `revision`, and the contents of its inputs. Raise `revision` when something changes that none of
    these show, such as the version of a library.
    """

    name: str
    function: StepFunction
    inputs: Mapping[str, Input] = field(default_factory=dict)
    revision: int = 1
    uses: tuple[Source, ...] = ()
    attempts: int = 1  # how often it may fail before the run fails

    def __post_init__(self) -> None:
        """Refuse steps that could not be called."""
        checked_name(self.name, kind="step")
        if self.attempts < 1:
            raise BadPipelineError(f"step {self.name} has {self.attempts} attempts; it needs one at least")
        _check_call(self)
        for keyword, source in self.inputs.items():
            match source:
                case Literal(value) | Parameter(_, value) if value is not Required.REQUIRED:
                    _check_json(value, where=f"input {keyword} of step {self.name}")
                case _:
                    pass

    @property
    def code_digest(self) -> Digest:
        """Digest everything that says what the step does."""
        return digest_json({"source": code_digest(self.function, self.uses), "revision": self.revision})

    @property
    def needs(self) -> frozenset[str]:
        """Name the steps that must be done before."""
        return frozenset(source.step for source in self.inputs.values() if isinstance(source, Output))


@dataclass(frozen=True, slots=True, init=False)
class Pipeline:
    """Steps in an order in which each comes after what it needs."""

    name: str
    steps: tuple[Step, ...]

    def __init__(self, name: str, steps: Sequence[Step]) -> None:
        """Put steps together.

        Raises
        ------
        BadPipelineError
            When names repeat, an output is of no step, steps wait for each other in a circle, or a parameter has
            two defaults.
        """
        object.__setattr__(self, "name", checked_name(name, kind="pipeline"))
        object.__setattr__(self, "steps", _in_order(name, steps))
        self.declared_parameters()

    @property
    def code_digest(self) -> Digest:
        """Digest the code of all steps and how they are connected."""
        return digest_json(
            {
                step.name: {
                    "code": step.code_digest,
                    "inputs": {keyword: repr(source) for keyword, source in step.inputs.items()},
                }
                for step in self.steps
            }
        )

    def declared_parameters(self) -> dict[str, Parameter]:
        """Give the parameters that steps ask for, by name."""
        found: dict[str, Parameter] = {}
        for step in self.steps:
            for source in step.inputs.values():
                if isinstance(source, Parameter) and found.setdefault(source.name, source) != source:
                    raise BadPipelineError(f"parameter {source.name} of pipeline {self.name} is declared in two ways")
        return found

    def check_parameters(self, parameters: JSONObject) -> None:
        """Refuse a submission that leaves out a parameter. More than the steps ask for is allowed, and recorded.

        Raises
        ------
        BadParametersError
            When one is missing or is not JSON.
        """
        missing = sorted(
            name
            for name, declared in self.declared_parameters().items()
            if declared.default is Required.REQUIRED and name not in parameters
        )
        if missing:
            raise BadParametersError(
                f"pipeline {self.name} needs the parameters {', '.join(missing)}", missing=[*missing]
            )
        try:
            canonical_json(parameters)
        except (TypeError, ValueError) as error:
            raise BadParametersError(f"the parameters are not JSON: {error}") from error


def _in_order(name: str, steps: Sequence[Step]) -> tuple[Step, ...]:
    by_name = {step.name: step for step in steps}
    if not 0 < len(steps) <= MOST_STEPS:
        raise BadPipelineError(f"pipeline {name} has {len(steps)} steps; 1 to {MOST_STEPS} are possible")
    if len(by_name) < len(steps):
        twice = sorted({step.name for step in steps if [one.name for one in steps].count(step.name) > 1})
        raise BadPipelineError(f"pipeline {name} has two steps named {twice[0]}")
    for step in steps:
        for needed in sorted(step.needs - set(by_name)):
            raise BadPipelineError(
                f"step {step.name} of pipeline {name} takes the output of {needed!r}; there is no such step, "
                f"only {', '.join(sorted(by_name))}"
            )
    try:
        order = TopologicalSorter({step.name: sorted(step.needs) for step in steps}).static_order()
        return tuple(by_name[one] for one in order)
    except CycleError as error:
        circle = " <- ".join(error.args[1])
        raise BadPipelineError(f"steps of pipeline {name} wait for each other: {circle}") from error


def _check_call(step: Step) -> None:
    function = step.function
    if not inspect.isfunction(function) or function.__name__ == "<lambda>" or function.__closure__:
        raise BadPipelineError(
            f"step {step.name} needs a function defined at the top of a module: a lambda, a method or a closure holds "
            "values that its source does not show"
        )
    code_digest(function, step.uses)
    signature = inspect.signature(function)
    try:
        signature.bind(None, **dict.fromkeys(step.inputs))
    except TypeError as error:
        raise BadPipelineError(
            f"step {step.name} does not fit its function {function.__qualname__}: {error}"
        ) from error


def _check_json(value: JSONValue, *, where: str) -> None:
    try:
        canonical_json(value)
    except (TypeError, ValueError) as error:
        raise BadPipelineError(f"{where} is not JSON: {error}") from error
