"""Tiny ONNX graphs with known answers, and the ports of serving filled with them."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import onnx
from onnx import TensorProto, helper

from everlearn.access import Principal, Role
from everlearn.access.model import require
from everlearn.core.actor import Actor
from everlearn.core.errors import NotFoundError, UnauthenticatedError
from everlearn.registry.model import Column, OutputColumn, Signature
from everlearn.serving.ports import LoadedSpec

PLANE = Signature(
    inputs=(Column(name="x", datatype="FP32"), Column(name="y", datatype="FP32")),
    outputs=(OutputColumn(name="minutes", datatype="FP32", minimum=-1000.0, maximum=1000.0),),
)
"""Two columns, one output; the versions differ in their coefficients."""


def linear(coefficients: Sequence[float], intercept: float = 0.0) -> bytes:
    """Give a graph over one matrix [n, k]: matrix x coefficients + intercept, an output [n, 1]."""
    width = len(coefficients)
    nodes = [
        helper.make_node("MatMul", ["matrix", "coefficients"], ["product"]),
        helper.make_node("Add", ["product", "intercept"], ["variable"]),
    ]
    weights = [
        helper.make_tensor("coefficients", TensorProto.FLOAT, [width, 1], list(coefficients)),
        helper.make_tensor("intercept", TensorProto.FLOAT, [1], [intercept]),
    ]
    return serialized(
        helper.make_graph(
            nodes,
            "linear",
            [helper.make_tensor_value_info("matrix", TensorProto.FLOAT, [None, width])],
            [helper.make_tensor_value_info("variable", TensorProto.FLOAT, [None, 1])],
            weights,
        )
    )


def unary(operator: str) -> bytes:
    """Give a graph over one matrix [n, 2]: an operator of the sum of the columns, e.g. Log (NaN below 0)."""
    nodes = [
        helper.make_node("MatMul", ["matrix", "ones"], ["sum"]),
        helper.make_node(operator, ["sum"], ["variable"]),
    ]
    return serialized(
        helper.make_graph(
            nodes,
            "unary",
            [helper.make_tensor_value_info("matrix", TensorProto.FLOAT, [None, 2])],
            [helper.make_tensor_value_info("variable", TensorProto.FLOAT, [None, 1])],
            [helper.make_tensor("ones", TensorProto.FLOAT, [2, 1], [1.0, 1.0])],
        )
    )


def gather() -> bytes:
    """Give a graph over one matrix [n, 2] that fails on a whole request when the first x is 1 or more."""
    nodes = [
        helper.make_node("MatMul", ["matrix", "ones"], ["sum"]),
        helper.make_node("Cast", ["matrix"], ["index"], to=TensorProto.INT64),
        helper.make_node("Gather", ["list", "index"], ["picked"]),
        helper.make_node("ReduceSum", ["picked", "axis"], ["zero"], keepdims=1),
        helper.make_node("Add", ["sum", "zero"], ["variable"]),
    ]
    return serialized(
        helper.make_graph(
            nodes,
            "gather",
            [helper.make_tensor_value_info("matrix", TensorProto.FLOAT, [None, 2])],
            [helper.make_tensor_value_info("variable", TensorProto.FLOAT, [None, 1])],
            [
                helper.make_tensor("ones", TensorProto.FLOAT, [2, 1], [1.0, 1.0]),
                helper.make_tensor("list", TensorProto.FLOAT, [1], [0.0]),
                helper.make_tensor("axis", TensorProto.INT64, [1], [1]),
            ],
        )
    )


def by_column() -> bytes:
    """Give a graph with an input per column and two outputs: price * count, and whether it is a gift."""
    nodes = [
        helper.make_node("Cast", ["count"], ["number"], to=TensorProto.FLOAT),
        helper.make_node("Mul", ["price", "number"], ["total"]),
        helper.make_node("Not", ["is_paid"], ["is_gift"]),
    ]
    return serialized(
        helper.make_graph(
            nodes,
            "by_column",
            [
                helper.make_tensor_value_info("price", TensorProto.FLOAT, [None, 1]),
                helper.make_tensor_value_info("count", TensorProto.INT64, [None, 1]),
                helper.make_tensor_value_info("is_paid", TensorProto.BOOL, [None]),
            ],
            [
                helper.make_tensor_value_info("total", TensorProto.FLOAT, [None, 1]),
                helper.make_tensor_value_info("is_gift", TensorProto.BOOL, [None]),
            ],
        )
    )


BASKET = Signature(
    inputs=(
        Column(name="price", datatype="FP32"),
        Column(name="count", datatype="INT64"),
        Column(name="is_paid", datatype="BOOL"),
    ),
    outputs=(
        OutputColumn(name="total", datatype="FP32", minimum=-math.inf, maximum=math.inf),
        OutputColumn(name="is_gift", datatype="BOOL", minimum=0.0, maximum=1.0),
    ),
)


def serialized(graph: onnx.GraphProto) -> bytes:
    """Give the graph as the bytes of a model."""
    content: bytes = helper.make_model(
        graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9
    ).SerializeToString()
    return content


@dataclass
class Shelf:
    """Model versions by number, for any project and model; a `ModelSource`."""

    versions: dict[int, LoadedSpec] = field(default_factory=dict)
    failure: Exception | None = None

    def load(self, project: str, model: str, version: int) -> LoadedSpec:
        """Give a version, or fail as told."""
        if self.failure is not None:
            raise self.failure
        if version not in self.versions:
            raise NotFoundError(f"no version {version}")
        return self.versions[version]

    def version(self, project: str, model: str, number: int) -> LoadedSpec:
        """Give a version."""
        return self.load(project, model, number)


def plane(*coefficients: float, intercept: float = 0.0) -> LoadedSpec:
    """Give a version of the two-column model."""
    return LoadedSpec(onnx=linear(coefficients, intercept), signature=PLANE)


@dataclass
class Keeper:
    """Tokens and grants in memory; a `Doorkeeper`."""

    grants: dict[str, Mapping[str, Role]] = field(
        default_factory=lambda: {"good": {"default": Role.CONTRIBUTOR}, "looker": {"*": Role.VIEWER}}
    )
    failure: Exception | None = None
    asked: int = 0

    def authenticate(self, secret: str) -> Principal:
        """Give the owner of a token."""
        self.asked += 1
        if self.failure is not None:
            raise self.failure
        if secret not in self.grants:
            raise UnauthenticatedError("nobody's token")
        return Principal(actor=Actor(f"user:{secret}"), name=secret, grants=self.grants[secret])

    def require(self, principal: Principal, project: str, role: Role) -> None:
        """Let pass who may."""
        require(principal, project, role)
