import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper
from tests.serving.models import BASKET, PLANE, by_column, gather, linear, plane, serialized, unary

from everlearn.core.errors import InvalidError
from everlearn.registry.model import Column, OutputColumn, Signature
from everlearn.serving.gateway.runtime import ScoringError, UnfitModelError, load_scorer
from everlearn.serving.ports import LoadedSpec
from everlearn.serving.protocol.tensors import Column as Values


def points(*rows: tuple[float, float]) -> dict[str, Values]:
    matrix = np.array(rows, dtype=np.float64)
    return {"x": matrix[:, 0], "y": matrix[:, 1]}


def test_a_matrix_graph_takes_the_columns_in_the_order_of_the_signature() -> None:
    scorer = load_scorer(1, plane(2.0, 10.0, intercept=0.5))

    scores = scorer.score(scorer.fit(points((1.0, 2.0), (3.0, 4.0))), 2)

    assert scores.outputs[0].tolist() == [22.5, 46.5]
    assert scores.is_usable.all()


def test_a_graph_of_columns_takes_each_by_its_name() -> None:
    scorer = load_scorer(1, LoadedSpec(onnx=by_column(), signature=BASKET))
    columns: dict[str, Values] = {
        "price": np.array([1.5, 2.0]),
        "count": np.array([2, 3]),
        "is_paid": np.array([True, False]),
    }

    scores = scorer.score(scorer.fit(columns), 2)

    assert [values.tolist() for values in scores.outputs] == [[3.0, 6.0], [0.0, 1.0]]


def test_rows_without_a_number_or_outside_the_bounds_are_told_apart() -> None:
    scorer = load_scorer(1, LoadedSpec(onnx=unary("Log"), signature=PLANE))

    scores = scorer.score(scorer.fit(points((1.0, 0.0), (-1.0, 0.0), (0.0, 0.0))), 3)

    assert scores.is_finite.tolist() == [True, False, False]
    bounds = load_scorer(2, plane(1.0, 0.0))
    bounded = bounds.score(bounds.fit(points((999.0, 0.0), (1001.0, 0.0))), 2)
    assert bounded.is_finite.tolist() == [True, True]
    assert bounded.is_usable.tolist() == [True, False]


def test_a_graph_that_fails_says_so_as_one_kind_of_error() -> None:
    scorer = load_scorer(7, LoadedSpec(onnx=gather(), signature=PLANE))

    with pytest.raises(ScoringError, match="version 7"):
        scorer.score(scorer.fit(points((1.0, 0.0))), 1)


def test_missing_columns_are_named() -> None:
    scorer = load_scorer(1, plane(1.0, 1.0))

    with pytest.raises(InvalidError, match="missing inputs: y"):
        scorer.fit({"x": np.array([1.0])})


def test_features_are_rows_in_the_order_of_the_signature() -> None:
    scorer = load_scorer(1, plane(1.0, 1.0))

    features = scorer.fit({"y": np.array([2.0, np.nan]), "x": np.array([1.0, 3.0])}).features()

    np.testing.assert_array_equal(features, [[1.0, 2.0], [3.0, np.nan]])


def output(name: str, datatype: str) -> OutputColumn:
    return OutputColumn(name=name, datatype=datatype, minimum=0.0, maximum=1.0)


def signature(
    inputs: tuple[Column, ...] = PLANE.inputs, outputs: tuple[OutputColumn, ...] = PLANE.outputs
) -> Signature:
    return Signature(inputs=inputs, outputs=outputs)


@pytest.mark.parametrize(
    "spec",
    [
        LoadedSpec(onnx=b"no graph", signature=PLANE),
        LoadedSpec(onnx=b"", signature=PLANE),
        LoadedSpec(onnx=linear([1.0, 2.0, 3.0]), signature=PLANE),
        LoadedSpec(onnx=by_column(), signature=PLANE),
        LoadedSpec(
            onnx=linear([1.0, 2.0]),
            signature=signature(inputs=(*PLANE.inputs[:1], Column(name="entity_id", datatype="FP32"))),
        ),
        LoadedSpec(onnx=linear([1.0, 2.0]), signature=signature(outputs=(output("a", "INT64"),))),
        LoadedSpec(
            onnx=linear([1.0, 2.0]),
            signature=signature(outputs=(*PLANE.outputs, output("b", "FP32"))),
        ),
    ],
    ids=["bytes", "empty", "width", "names", "reserved", "whole-numbers", "outputs"],
)
def test_graphs_that_do_not_fit_their_signature_are_not_loaded(spec: LoadedSpec) -> None:
    with pytest.raises(UnfitModelError):
        load_scorer(1, spec)


@pytest.mark.parametrize("location", ["/etc/hostname", "../../etc/hostname", "hostname"])
def test_a_graph_cannot_read_files_of_this_machine(location: str) -> None:
    model = onnx.ModelProto.FromString(
        serialized(
            helper.make_graph(
                [helper.make_node("Add", ["matrix", "outside"], ["variable"])],
                "outside",
                [helper.make_tensor_value_info("matrix", TensorProto.FLOAT, [None, 2])],
                [helper.make_tensor_value_info("variable", TensorProto.FLOAT, [None, 2])],
                [helper.make_tensor("outside", TensorProto.FLOAT, [1], [0.0])],
            )
        )
    )
    outside = model.graph.initializer[0]
    outside.ClearField("float_data")
    outside.data_location = TensorProto.EXTERNAL
    outside.external_data.add(key="location", value=location)

    with pytest.raises(UnfitModelError):
        load_scorer(1, LoadedSpec(onnx=model.SerializeToString(), signature=PLANE))
