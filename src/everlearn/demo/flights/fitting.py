"""Fitting the model, writing it as ONNX, and scoring with it."""

import warnings
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from everlearn.core.errors import EverlearnError, MissingExtraError
from everlearn.demo.flights.features import FEATURES, LABEL

LARGEST_PARITY_GAP = 0.01  # minutes between scikit-learn's answer and the exported model's
TREES = 120


class ParityError(EverlearnError):
    """The exported model does not answer like the one that was fitted."""

    code = "demo.parity"


def fitted(rows: pl.DataFrame) -> Any:
    """Fit gradient-boosted trees on absolute loss: the median of the air time."""
    try:
        from sklearn.ensemble import HistGradientBoostingRegressor  # noqa: PLC0415  # heavy, and an extra
        from threadpoolctl import threadpool_limits  # noqa: PLC0415  # comes with it
    except ImportError as error:
        raise MissingExtraError("demo", needed_for="training the flights model") from error
    model = HistGradientBoostingRegressor(
        loss="absolute_error",
        max_iter=TREES,
        # flights of one day err together, so leaves of few flights learn days and not flying
        max_leaf_nodes=16,
        min_samples_leaf=300,
        early_stopping=False,
        random_state=0,
    )
    # one thread: threads that spin for each other take minutes where the processor is busy with something else
    with threadpool_limits(1):
        return model.fit(matrix(rows), rows[LABEL].to_numpy())


def exported(model: Any) -> bytes:
    """Write a fitted model as ONNX: one matrix of all features in, one column of minutes out."""
    from skl2onnx import to_onnx  # noqa: PLC0415  # heavy, and an extra
    from skl2onnx.common.data_types import FloatTensorType  # noqa: PLC0415

    kind = [("features", FloatTensorType([None, len(FEATURES)]))]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # it hands numpy booleans to protobuf, which warns of them
        onnx: bytes = to_onnx(model, initial_types=kind, target_opset=18).SerializeToString()
    return onnx


def answers(onnx: bytes, rows: pl.DataFrame) -> NDArray[np.float64]:
    """Score rows with an exported model; gives shape (n,)."""
    import onnxruntime  # noqa: PLC0415  # heavy

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    session = onnxruntime.InferenceSession(onnx, options, providers=["CPUExecutionProvider"])
    scored: Any = session.run(None, {"features": matrix(rows)})[0]
    return np.asarray(scored, dtype=np.float64).reshape(rows.height)


def parity_gap(model: Any, onnx: bytes, rows: pl.DataFrame) -> float:
    """Compare both forms of a model on some rows; give the largest difference in minutes.

    Raises
    ------
    ParityError
        When it is larger than a hundredth of a minute.
    """
    gap = float(np.max(np.abs(model.predict(matrix(rows)) - answers(onnx, rows))))
    if gap > LARGEST_PARITY_GAP:
        raise ParityError(f"the exported model differs from the fitted one by up to {gap:.4f} minutes")
    return gap


def mean_absolute_error(onnx: bytes, rows: pl.DataFrame) -> float:
    """Score rows and compare with their labels."""
    return float(np.mean(np.abs(answers(onnx, rows) - rows[LABEL].to_numpy())))


def matrix(rows: pl.DataFrame) -> NDArray[np.float32]:
    """Give the features as models take them: shape (n, features), missing as NaN."""
    return np.ascontiguousarray(rows.select(FEATURES).cast(pl.Float32).to_numpy(), dtype=np.float32)
