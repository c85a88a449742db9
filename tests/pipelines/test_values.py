from datetime import UTC, datetime
from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from numpy.typing import NDArray
from polars.testing import assert_frame_equal
from polars.testing.parametric import dataframes

from everlearn.pipelines.values import BadOutputError, Format, read, written

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)


@given(json_values)
def test_json_comes_back_as_it_was(value: Any) -> None:
    text = written(value)

    assert text.format is Format.JSON
    assert read(text.format, text.content) == value


@given(st.binary(max_size=200))
def test_bytes_come_back_as_they_were(value: bytes) -> None:
    text = written(value)

    assert (text.format, text.content) == (Format.BYTES, value)
    assert read(text.format, text.content) == value


@given(hnp.arrays(st.sampled_from([np.float64, np.float32, np.int64, np.bool_]), hnp.array_shapes(min_side=0)))
def test_arrays_come_back_as_they_were(value: NDArray[Any]) -> None:
    text = written(value)

    again = read(text.format, text.content)
    assert text.format is Format.NPY
    assert again.dtype == value.dtype
    np.testing.assert_array_equal(again, value)


@given(dataframes(max_cols=4, max_size=8, allowed_dtypes=[pl.Int64, pl.Float64, pl.String, pl.Boolean, pl.Date]))
def test_tables_come_back_as_they_were(value: pl.DataFrame) -> None:
    text = written(value)

    assert text.format is Format.PARQUET
    assert_frame_equal(read(text.format, text.content), value)
    assert written(value).digest == text.digest


class Anything:
    pass


@pytest.mark.parametrize(
    "value",
    [
        Anything(),
        float("nan"),
        {"at": datetime(2013, 1, 1, tzinfo=UTC)},
        {1, 2},
        np.int64(3),
        [np.float32(0.5)],
        pl.LazyFrame({"a": [1]}),
        np.array([Anything()], dtype=object),
        pl.DataFrame({"a": [Anything()]}),
        "half a pair \ud800",
        print,
    ],
)
def test_what_would_have_to_be_pickled_is_refused(value: Any) -> None:
    with pytest.raises(BadOutputError):
        written(value)


def test_a_pickle_inside_an_array_file_is_not_read() -> None:
    import io

    file = io.BytesIO()
    np.save(file, np.array([{"a": 1}], dtype=object), allow_pickle=True)

    with pytest.raises(ValueError, match="allow_pickle"):
        read(Format.NPY, file.getvalue())
