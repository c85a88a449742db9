"""What the protocol's metadata endpoints say."""

from collections.abc import Sequence

import msgspec

from everlearn.core.json import JSONObject
from everlearn.registry.model import Signature
from everlearn.serving.model import RESERVED_INPUTS


def server_metadata(release: str) -> bytes:
    """Describe the server."""
    return _encode({"name": "everlearn", "version": release, "extensions": ["binary_tensor_data"]})


def model_metadata(model: str, versions: Sequence[int], signature: Signature) -> bytes:
    """Describe a model as its champion sees it; -1 is the number of rows."""
    return _encode(
        {
            "name": model,
            "versions": [str(version) for version in versions],
            "platform": "onnxruntime_onnx",
            "inputs": [
                {"name": column.name, "datatype": column.datatype, "shape": [-1]} for column in signature.inputs
            ],
            "outputs": [
                {"name": output.name, "datatype": output.datatype, "shape": [-1]} for output in signature.outputs
            ],
            "parameters": {"optional_inputs": ",".join(RESERVED_INPUTS)},
        }
    )


def encode_object(value: JSONObject) -> bytes:
    """Write a small JSON answer."""
    return _encode(value)


def _encode(value: JSONObject) -> bytes:
    return msgspec.json.encode(value)
