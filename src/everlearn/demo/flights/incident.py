"""The day somebody deploys a broken model by hand: it answers nonsense for long flights."""

from typing import Any

from everlearn.core.errors import MissingExtraError
from everlearn.demo.flights.features import FEATURES, LABEL

LONG_FLIGHT = 1_500.0  # miles; beyond, the answer is not a number


def broken_model() -> bytes:
    """Make an ONNX model that answers a plausible time for short flights and no number for long ones.

    It is a logarithm of what is left of 1,500 miles, times nothing: the kind of slip that a hot fix has.
    """
    try:
        from onnx import TensorProto, checker, helper, numpy_helper  # noqa: PLC0415  # heavy, and an extra
    except ImportError as error:
        raise MissingExtraError("demo", needed_for="making the broken model") from error
    import numpy as np  # noqa: PLC0415

    def constant(name: str, value: float) -> Any:
        return numpy_helper.from_array(np.array(value, dtype=np.float32), name)

    column = numpy_helper.from_array(np.array([FEATURES.index("distance")], dtype=np.int64), "column")
    nodes = [
        helper.make_node("Gather", ["features", "column"], ["distance"], axis=1),
        helper.make_node("Sub", ["limit", "distance"], ["left"]),
        helper.make_node("Log", ["left"], ["slip"]),
        helper.make_node("Mul", ["slip", "nothing"], ["no_effect"]),
        helper.make_node("Mul", ["distance", "minutes_per_mile"], ["cruise"]),
        helper.make_node("Add", ["cruise", "climb"], ["minutes"]),
        helper.make_node("Add", ["minutes", "no_effect"], [LABEL]),
    ]
    graph = helper.make_graph(
        nodes,
        "hotfix",
        [helper.make_tensor_value_info("features", TensorProto.FLOAT, [None, len(FEATURES)])],
        [helper.make_tensor_value_info(LABEL, TensorProto.FLOAT, [None, 1])],
        [
            column,
            constant("limit", LONG_FLIGHT),
            constant("nothing", 0.0),
            constant("minutes_per_mile", 0.125),
            constant("climb", 18.0),
        ],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=9)
    checker.check_model(model)
    written: bytes = model.SerializeToString()
    return written
