"""Contents like those that models are kept in, and changes like those that training makes."""

import io
import json
import struct
from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

ODD = (0.0, -0.0, float("nan"), float("inf"), -float("inf"), 5e-324, -1.4e-45, 1.1754942e-38, 3.4e38)


def weights(count: int, seed: int, dtype: str = "<f4") -> NDArray[np.generic]:
    """Floats as in a trained net, a few odd ones among them."""
    source = np.random.default_rng(seed)
    made = source.normal(scale=0.05, size=count)
    made[: len(ODD)] = ODD[:count]
    with np.errstate(over="ignore"):
        return made.astype(dtype)


def trained(before: NDArray[np.generic], seed: int) -> NDArray[np.generic]:
    """The same floats after a little more training."""
    step = np.random.default_rng(seed).normal(scale=1e-4, size=before.shape)
    with np.errstate(all="ignore"):
        return (before.astype("f8") + step).astype(before.dtype)


def safetensors(tensors: Mapping[str, NDArray[np.generic]]) -> bytes:
    """A safetensors file, by its format's description."""
    names, header, position = {"f2": "F16", "f4": "F32", "f8": "F64", "i8": "I64"}, {}, 0
    for name, tensor in tensors.items():
        end = position + tensor.nbytes
        header[name] = {
            "dtype": names[tensor.dtype.str[1:]],
            "shape": list(tensor.shape),
            "data_offsets": [position, end],
        }
        position = end
    written = json.dumps(header).encode()
    return struct.pack("<Q", len(written)) + written + b"".join(tensor.tobytes() for tensor in tensors.values())


def npy(array: NDArray[np.generic]) -> bytes:
    """A `.npy` file, by numpy."""
    file = io.BytesIO()
    np.save(file, array)
    return file.getvalue()


def npz(arrays: Mapping[str, NDArray[np.generic]]) -> bytes:
    """An `.npz` file, by numpy."""
    file = io.BytesIO()
    np.savez(file, **arrays)  # type: ignore[arg-type]  # the names are ours
    return file.getvalue()


def ubjson(arrays: Mapping[str, NDArray[np.generic]]) -> bytes:
    """Typed arrays as XGBoost writes them."""
    types = {"f4": b"d", "i4": b"l", "u1": b"U"}
    parts = [
        b"L"
        + struct.pack(">q", len(name))
        + name.encode()
        + b"[$"
        + types[array.dtype.str[1:]]
        + b"#L"
        + struct.pack(">q", len(array))
        + array.astype(array.dtype.newbyteorder(">")).tobytes()
        for name, array in arrays.items()
    ]
    return b"{" + b"".join(parts) + b"}"


def json_state(arrays: Mapping[str, NDArray[np.generic]]) -> bytes:
    """A learner's state as Python's `json` writes it."""
    return json.dumps({name: array.tolist() for name, array in arrays.items()}).encode()


def onnx_model(tensors: Mapping[str, NDArray[np.generic]]) -> bytes:
    """A model of initialisers, by the `onnx` package."""
    from onnx import helper, numpy_helper

    made = [numpy_helper.from_array(tensor, name) for name, tensor in tensors.items()]
    graph = helper.make_graph([], "net", [], [], initializer=made)
    return bytes(helper.make_model(graph).SerializeToString())


def onnx_trees(thresholds: NDArray[np.generic], features: NDArray[np.generic]) -> bytes:
    """A tree ensemble's node with its lists, by the `onnx` package."""
    from onnx import helper

    node = helper.make_node(
        "TreeEnsembleRegressor",
        ["x"],
        ["y"],
        domain="ai.onnx.ml",
        nodes_values=thresholds.tolist(),
        nodes_featureids=features.tolist(),
        nodes_modes=["LEAF" if value < 0 else "BRANCH_LEQ" for value in thresholds.tolist()],
        nodes_nodeids=list(range(len(thresholds))),
    )
    return bytes(helper.make_model(helper.make_graph([node], "trees", [], [])).SerializeToString())
