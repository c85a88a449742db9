"""Model versions in memory: ONNX graphs that take columns and give one number a row for each output.

A graph takes either one tensor per column of the signature, by name, or a single matrix of all columns in order.
Its outputs are found by name, or else by position. Everything runs on one thread; requests are the parallelism.
"""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import onnxruntime
from onnxruntime.capi import onnxruntime_pybind11_state as ort

from everlearn.core.errors import InvalidError
from everlearn.registry.model import Signature
from everlearn.serving.model import RESERVED_INPUTS
from everlearn.serving.ports import LoadedSpec
from everlearn.serving.protocol.tensors import DTYPES, FLOATS, Column, cast, cast_floats

_GRAPH_FAILURES: tuple[type[Exception], ...] = (
    *(kind for kind in vars(ort).values() if isinstance(kind, type) and issubclass(kind, Exception)),
    RuntimeError,
    ValueError,
    TypeError,
)
_GRAPH_TYPES = {
    "tensor(float)": "FP32",
    "tensor(double)": "FP64",
    "tensor(float16)": "FP16",
    "tensor(bool)": "BOOL",
} | {f"tensor({kind}{bits})": f"{kind.upper()}{bits}" for kind in ("int", "uint") for bits in (8, 16, 32, 64)}


class UnfitModelError(InvalidError):
    """The graph cannot be run, or is not what its signature says."""

    code = "serving.unfit_model"


class ScoringError(Exception):
    """A version failed on a whole request; what it said goes to the log of the gateway, not to the caller."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fitted:
    """The columns of a batch in the types and the order of a version's signature."""

    columns: Mapping[str, Column]
    matrix: Column | None  # (columns, rows), where all are of one floating-point type

    def features(self) -> npt.NDArray[np.float64]:
        """Give what is remembered of each row: (rows, columns), NaN for missing."""
        matrix = np.array(list(self.columns.values())) if self.matrix is None else self.matrix
        return matrix.T.astype(np.float64)


Feeds = Callable[[Fitted], dict[str, Column]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Scores:
    """What a version makes of a batch."""

    outputs: tuple[npt.NDArray[np.float64], ...]  # one array of n values per output of the signature
    is_finite: npt.NDArray[np.bool_]  # (n,): every output is a number
    is_usable: npt.NDArray[np.bool_]  # (n,): and within the signature's bounds
    duration_us: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Scorer:
    """One version, ready to score."""

    version: int
    signature: Signature
    session: Any
    feeds: Feeds
    output_names: tuple[str, ...]
    float_type: str | None  # that all columns have; None: they differ, or are not floating-point

    def score(self, fitted: Fitted, rows: int) -> Scores:
        """Score a batch that was made fitting.

        Raises
        ------
        ScoringError
            When the graph fails.
        """
        started_ns = time.perf_counter_ns()
        try:
            results = self.session.run(self.output_names, self.feeds(fitted))
            outputs = tuple(
                _declared(result, output.datatype, rows)
                for result, output in zip(results, self.signature.outputs, strict=True)
            )
        except _GRAPH_FAILURES as error:
            raise ScoringError(f"version {self.version}: {error}") from error
        is_finite = np.isfinite(outputs[0])
        for values in outputs[1:]:
            is_finite &= np.isfinite(values)
        return Scores(
            outputs=outputs,
            is_finite=is_finite,
            is_usable=is_finite & self._is_within(outputs),
            duration_us=(time.perf_counter_ns() - started_ns) // 1_000,
        )

    def fit(self, given: Mapping[str, Column]) -> Fitted:
        """Choose and cast the columns that the signature names.

        Raises
        ------
        InvalidError
            When one is missing or a value does not fit its type; the caller can mend that.
        """
        wanted = self.signature.inputs
        try:
            chosen = [given[column.name] for column in wanted]
        except KeyError as error:
            missing = [column.name for column in wanted if column.name not in given]
            raise InvalidError(f"missing inputs: {', '.join(missing)}") from error
        names = [column.name for column in wanted]
        if self.float_type is None:
            each = zip(names, chosen, wanted, strict=True)
            columns = {name: cast(values, column.datatype, name=name) for name, values, column in each}
            return Fitted(columns=columns, matrix=None)
        matrix = cast_floats(chosen, self.float_type, names=names)
        return Fitted(columns=dict(zip(names, matrix, strict=True)), matrix=matrix)

    def _is_within(self, outputs: tuple[npt.NDArray[np.float64], ...]) -> npt.NDArray[np.bool_] | bool:
        is_within: npt.NDArray[np.bool_] | bool = True
        for values, output in zip(outputs, self.signature.outputs, strict=True):
            is_within &= (values >= output.minimum) & (values <= output.maximum)
        return is_within


def load_scorer(version: int, spec: LoadedSpec) -> Scorer:
    """Load a version and score one row of zeros, so that the first request finds everything in place.

    Raises
    ------
    UnfitModelError
        When the bytes are no ONNX graph, or the graph and the signature do not fit together.
    """
    _check_columns(version, spec.signature)
    try:
        session = onnxruntime.InferenceSession(spec.onnx, _options(), providers=["CPUExecutionProvider"])
    except _GRAPH_FAILURES as error:
        raise UnfitModelError(f"version {version} is not an ONNX graph that can be run here") from error
    scorer = Scorer(
        version=version,
        signature=spec.signature,
        session=session,
        feeds=_feeds(session, spec.signature),
        output_names=_output_names(session, spec.signature),
        float_type=_float_type(spec.signature),
    )
    _warm_up(scorer)
    return scorer


def _check_columns(version: int, signature: Signature) -> None:
    for column in signature.inputs:
        if column.name in RESERVED_INPUTS:
            raise UnfitModelError(f"version {version} has a column named {column.name}, which requests use otherwise")
    datatypes = {each.datatype for each in signature.inputs} | {each.datatype for each in signature.outputs}
    if unknown := sorted(datatypes - set(DTYPES)):
        raise UnfitModelError(f"version {version} has columns of type {unknown[0]}; only numbers are served")


def _declared(result: Any, datatype: str, rows: int) -> npt.NDArray[np.float64]:
    values = np.asarray(result).reshape(rows)
    if values.dtype == np.float64 and datatype in FLOATS:
        with np.errstate(over="ignore"):
            values = values.astype(DTYPES[datatype])  # what is recorded is what is answered
    return values.astype(np.float64)


def _options() -> Any:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.inter_op_num_threads = 1
    options.log_severity_level = 4
    return options


def _warm_up(scorer: Scorer) -> None:
    zeros = {column.name: np.zeros(1, dtype=DTYPES[column.datatype]) for column in scorer.signature.inputs}
    try:
        scorer.score(scorer.fit(zeros), 1)
    except ScoringError as error:
        raise UnfitModelError(f"version {scorer.version} cannot score a row of zeros: {error}") from error


def _float_type(signature: Signature) -> str | None:
    datatypes = {column.datatype for column in signature.inputs}
    return datatypes.pop() if len(datatypes) == 1 and datatypes <= FLOATS else None


def _feeds(session: Any, signature: Signature) -> Feeds:
    graph = {each.name: each for each in session.get_inputs()}
    names = [column.name for column in signature.inputs]
    if set(graph) == set(names):
        return _column_feeds(graph)
    if len(graph) == 1:
        (matrix,) = graph.values()
        return _matrix_feeds(matrix, names)
    raise UnfitModelError(f"the graph takes {', '.join(sorted(graph))}, the signature says {', '.join(sorted(names))}")


def _matrix_feeds(matrix: Any, names: list[str]) -> Feeds:
    datatype = _datatype(matrix)
    if len(matrix.shape) != 2 or (isinstance(matrix.shape[1], int) and matrix.shape[1] != len(names)):
        raise UnfitModelError(f"the graph takes one matrix that is not as wide as the signature's {len(names)} columns")

    def feeds(fitted: Fitted) -> dict[str, Column]:
        values = np.array(list(fitted.columns.values())) if fitted.matrix is None else fitted.matrix
        return {matrix.name: np.ascontiguousarray(values.T, dtype=DTYPES[datatype])}

    return feeds


def _column_feeds(graph: Mapping[str, Any]) -> Feeds:
    places = [(name, DTYPES[_datatype(each)], len(each.shape) == 2) for name, each in graph.items()]

    def feeds(fitted: Fitted) -> dict[str, Column]:
        return {
            name: fitted.columns[name].astype(dtype, copy=False).reshape((-1, 1) if is_tall else -1)
            for name, dtype, is_tall in places
        }

    return feeds


def _datatype(each: Any) -> str:
    datatype = _GRAPH_TYPES.get(each.type)
    if datatype is None:
        raise UnfitModelError(f"the graph has {each.type} as {each.name}; only numbers and booleans are supported")
    return datatype


def _output_names(session: Any, signature: Signature) -> tuple[str, ...]:
    graph = {each.name: each for each in session.get_outputs()}
    wanted = [output.name for output in signature.outputs]
    names = wanted if set(wanted) <= set(graph) else list(graph)[: len(wanted)]
    if not wanted or len(names) < len(wanted):
        raise UnfitModelError(f"the graph gives {len(graph)} outputs, the signature has {len(wanted)}")
    for name, output in zip(names, signature.outputs, strict=True):
        if _datatype(graph[name]) in FLOATS and output.datatype not in FLOATS:
            raise UnfitModelError(f"the graph gives floating-point values as {output.name}, not {output.datatype}")
    return tuple(names)
