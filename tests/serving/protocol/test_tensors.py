import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from everlearn.core.errors import InvalidError
from everlearn.serving.protocol.tensors import DTYPES, cast


@pytest.mark.parametrize(
    ("values", "dtype", "datatype"),
    [
        ([1, 2], "<i8", "FP32"),
        ([True, False], "?", "FP64"),
        ([1.0, 0.0], "<f8", "BOOL"),
        ([1, 0], "<i8", "BOOL"),
        ([3.0, -4.0], "<f8", "INT64"),
        ([127, -128], "<i8", "INT8"),
        ([1.5, 2.5], "<f8", "FP32"),
    ],
)
def test_values_that_fit_are_kept(values: list[float], dtype: str, datatype: str) -> None:
    column = cast(np.array(values, dtype=dtype), datatype, name="x")

    assert column.dtype == DTYPES[datatype]
    assert column.tolist() == values


@pytest.mark.parametrize(
    ("values", "dtype", "datatype"),
    [
        ([1.5], "<f8", "INT64"),
        ([np.nan], "<f8", "INT64"),
        ([np.nan], "<f8", "BOOL"),
        ([2], "<i8", "BOOL"),
        ([128], "<i8", "INT8"),
        ([-1], "<i8", "UINT8"),
        ([2.0**63], "<f8", "INT64"),
        ([-(2.0**64)], "<f8", "INT64"),
        ([2**63], "<u8", "INT64"),
        ([1e39], "<f8", "FP32"),
    ],
)
def test_values_that_do_not_fit_are_refused(values: list[float], dtype: str, datatype: str) -> None:
    with pytest.raises(InvalidError, match="input x"):
        cast(np.array(values, dtype=dtype), datatype, name="x")


@given(
    values=st.lists(st.floats(allow_nan=True, allow_infinity=False), min_size=1, max_size=5),
    datatype=st.sampled_from(sorted(DTYPES)),
)
def test_a_cast_keeps_whole_values_or_refuses(values: list[float], datatype: str) -> None:
    column = np.array(values, dtype=np.float64)

    try:
        fitted = cast(column, datatype, name="x")
    except InvalidError:
        return

    assert not np.isinf(fitted.astype(np.float64)).any()
    if not datatype.startswith("FP"):
        assert fitted.astype(np.float64).tolist() == values
