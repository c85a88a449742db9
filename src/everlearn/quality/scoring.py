"""What a version says to held-out rows."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from everlearn.core.errors import DamagedError


def predictions_of(onnx: bytes, rows: NDArray[np.float32]) -> NDArray[np.float64]:
    """Score rows of shape (n, columns) with an ONNX model; gives shape (n,).

    Raises
    ------
    DamagedError
        When the model cannot be run.
    """
    import onnxruntime  # noqa: PLC0415  # heavy; needed only where a model is scored

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1  # the same sums in the same order everywhere
    try:
        session = onnxruntime.InferenceSession(onnx, options, providers=["CPUExecutionProvider"])
        answer: Any = session.run(None, {session.get_inputs()[0].name: rows})[0]
    except onnxruntime.capi.onnxruntime_pybind11_state.Fail as error:
        raise DamagedError("the model cannot be run by ONNX Runtime") from error
    return np.asarray(answer, dtype=np.float64).reshape(len(rows))
