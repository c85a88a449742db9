"""What a contract finds in a partition."""

import math
import random
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import datetime
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.datasets.flights import CONTRACT, DAY, NEW_YEAR, frame, parquet

from everlearn.core.decisions import Verdict
from everlearn.core.digest import digest_bytes
from everlearn.core.errors import InvalidError
from everlearn.datasets import Check, Column, Contract, Nulls, Partition, Range, Severity, UniqueKey
from everlearn.datasets.model import (
    BadContractError,
    ContractConflictError,
    NotParquetError,
    PartitionTooLargeError,
    canonical_dtype,
)
from everlearn.datasets.parquet import frame_type
from everlearn.datasets.validation import Earlier, validate


def checks(rows: pl.DataFrame, contract: Contract = CONTRACT) -> dict[str, Check]:
    report = validate(parquet(rows), contract.checked(), Earlier()).report
    return {check.expectation: check for check in report.checks}


def violations(rows: pl.DataFrame, contract: Contract = CONTRACT) -> list[str]:
    return [one.sentence for one in validate(parquet(rows), contract.checked(), Earlier()).report.violations]


def single(dtype: str, **options: Any) -> Contract:
    return Contract(columns=(Column(name="x", dtype=dtype, **options),))


def test_data_as_it_should_be_has_neither_violations_nor_defects() -> None:
    looked_at = validate(parquet(frame()), CONTRACT, Earlier())

    assert (looked_at.rows, looked_at.first_at, looked_at.last_at) == (3, NEW_YEAR, NEW_YEAR)
    assert looked_at.report.violations == looked_at.report.defects == ()
    assert {check.verdict for check in looked_at.report.checks} == {Verdict.PASS}


def test_what_is_only_reported_is_counted_with_examples() -> None:
    rows = frame([{"flight": f"AA{number}", "delay": 700.0 + number} for number in range(7)] + [{"flight": "UA1"}])

    found = checks(rows)["delay lies between -60 and 600"]

    assert (found.verdict, found.severity, found.found, found.checked) == (Verdict.FAIL, Severity.REPORT, 7, 8)
    assert found.examples == tuple({"row": row, "value": 700.0 + row} for row in range(5))
    assert violations(rows) == []


def test_a_share_of_nulls_is_allowed_up_to_its_end() -> None:
    half = frame([{"flight": "A", "delay": None}, {"flight": "B"}])
    most = frame([{"flight": "A", "delay": None}, {"flight": "B", "delay": None}, {"flight": "C"}])
    expected = "delay is null in at most 50 % of rows"

    assert (checks(half)[expected].verdict, checks(half)[expected].found) == (Verdict.PASS, 1)
    assert (checks(most)[expected].verdict, checks(most)[expected].found) == (Verdict.FAIL, 2)


def test_violations_say_what_where_and_how_often() -> None:
    rows = frame([{"flight": None}, {"flight": "B", "distance": 0}, {"flight": "C"}, {"flight": "C"}])

    assert violations(rows) == [
        'flight is not null: 1 of 4 rows is against it, such as {"row":0}',
        'distance is at least 1: 1 of 4 rows is against it, such as {"row":1,"value":0}',
        (
            "flight and at together are unique: 1 of 3 rows is against it, such as "
            '{"key":{"at":"2013-01-01T00:00:00+00:00","flight":"C"},"row":3}'
        ),
    ]


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        (frame().drop("distance"), 'distance is Int64: 3 of 3 rows are against it, such as {"found":"missing"}'),
        (frame().cast({"distance": pl.Int32}), '{"found":"Int32"}'),
        (frame().cast({"at": pl.Datetime("ns", "UTC")}), '{"found":"Datetime[ns, UTC]"}'),
        (frame().with_columns(pl.col("at").dt.replace_time_zone(None)), '{"found":"Datetime[us]"}'),
        (frame().with_columns(pl.lit(1).alias("secret")), '{"column":"secret"}'),
        (
            pl.DataFrame({"foreign": [[1, 2]]}),
            'flight is String: 1 of 1 rows is against it, such as {"found":"missing"',
        ),
    ],
)
def test_columns_must_be_those_of_the_contract(rows: pl.DataFrame, said: str) -> None:
    assert any(said in violation for violation in violations(rows)), violations(rows)


def test_what_cannot_be_looked_at_is_not_called_good() -> None:
    nothing = frame([{"flight": "A", "delay": None}])
    missing = frame().drop("distance", "flight")

    assert checks(nothing)["delay lies between -60 and 600"].verdict is Verdict.NOT_EVALUATED
    assert checks(missing)["distance is at least 1"].verdict is Verdict.NOT_EVALUATED
    assert checks(missing)["distance is not null"].verdict is Verdict.NOT_EVALUATED
    assert checks(missing)["flight and at together are unique"].verdict is Verdict.NOT_EVALUATED


@pytest.mark.parametrize(
    ("dtype", "limits", "values", "outside"),
    [
        ("Float64", Range(minimum=0, maximum=1), [0.0, 1.0, 1.1, math.nan, math.inf, None], [1.1, "nan", "inf"]),
        ("UInt64", Range(maximum=2**64 - 2), [2**64 - 1, 2**64 - 2], [2**64 - 1]),
        ("Int8", Range(minimum=1.5), [1, 2], [1]),
        ("Date", Range(minimum="2013-01-01"), ["2012-12-31", "2013-01-01"], ["2012-12-31"]),
        (
            "Datetime[ms, America/New_York]",
            Range(maximum="2013-01-01T00:00:00Z"),
            ["2013-01-01T00:00:00Z", "2013-01-01T00:00:01Z"],
            ["2013-01-01T00:00:01+00:00"],
        ),
        ("Datetime[ns]", Range(minimum="2013-01-01"), ["2012-12-31", "2013-01-01"], ["2012-12-31T00:00:00"]),
    ],
)
def test_ranges_include_their_ends(dtype: str, limits: Range, values: Sequence[Any], outside: Sequence[Any]) -> None:
    contract = single(dtype, range=limits, nulls=Nulls(max_share=1)).checked()
    parsed = [datetime.fromisoformat(value) if isinstance(value, str) else value for value in values]
    kind = frame_type(dtype)
    zone = getattr(kind, "time_zone", None)
    series = pl.Series("x", parsed) if isinstance(values[0], str) else pl.Series("x", values, dtype=kind)
    rows = pl.DataFrame(series.dt.convert_time_zone(zone) if zone else series).cast({"x": kind})

    (found,) = (check for check in checks(rows, contract).values() if "null" not in check.expectation and check.found)

    assert [example["value"] for example in found.examples] == outside


@settings(deadline=None)
@given(st.lists(st.tuples(st.sampled_from("ABC"), st.integers(0, 3)), min_size=1, max_size=12), st.integers(0, 12))
def test_repeated_keys_are_found_wherever_the_rows_are_cut(rows: list[tuple[str, int]], cut: int) -> None:
    whole = frame([{"flight": name, "at": NEW_YEAR + day * DAY} for name, day in rows])
    first, second = whole[:cut], whole[cut:]
    if first.is_empty() or second.is_empty():
        return
    for keys in (("flight", "at"), ("flight",)):
        contract = replace(CONTRACT, unique=(UniqueKey(columns=keys),))
        at = first["at"].to_list()
        partition = Partition(
            number=1,
            key="first",
            digest=digest_bytes(b""),
            rows=first.height,
            size_bytes=0,
            first_at=min(at),
            last_at=max(at),
        )
        earlier = Earlier((partition,), lambda _, columns: first.select(columns))

        found = validate(parquet(second), contract, earlier).report.checks[-1].found

        before = set(first.select(keys).rows())
        expected = 0
        for row in second.select(keys).rows():
            expected += row in before
            before.add(row)
        assert found == expected


def test_partitions_that_cannot_hold_a_key_are_not_read() -> None:
    asked: list[str] = []

    def read(partition: Partition, columns: Sequence[str]) -> pl.DataFrame:
        asked.append(partition.key)
        return frame(day=9).select(columns)

    partitions = [
        Partition(
            number=day + 1,
            key=f"day-{day}",
            digest=digest_bytes(b""),
            rows=3,
            size_bytes=0,
            first_at=NEW_YEAR + day * DAY,
            last_at=NEW_YEAR + (day + 1) * DAY,
        )
        for day in range(4)
    ]

    validate(parquet(frame(day=2)), CONTRACT, Earlier(partitions, read))
    assert asked == ["day-1", "day-2"]
    asked.clear()
    anywhere = replace(CONTRACT, unique=(UniqueKey(columns=("flight",)),))
    report = validate(parquet(frame(day=2)), anywhere, Earlier(partitions, read)).report
    assert asked == ["day-0", "day-1", "day-2", "day-3"]
    assert report.violations[0].examples[0] == {"row": 0, "key": {"flight": "AA0"}, "partition": "day-3"}


@pytest.mark.parametrize("content", [b"", b"a,b\n1,2\n", b"PAR1" + bytes(60) + b"PAR1", parquet(frame())[:-20]])
def test_what_is_not_parquet_is_refused(content: bytes) -> None:
    with pytest.raises(NotParquetError, match="write it anew"):
        validate(content, CONTRACT, Earlier())


def test_damage_anywhere_is_refused_or_harmless(capfd: pytest.CaptureFixture[str]) -> None:
    content, dice = parquet(frame(count=2_000)), random.Random(7)
    for _ in range(200):
        damaged = bytearray(content)
        for _ in range(dice.randint(1, 4)):
            damaged[dice.randrange(len(damaged))] = dice.randrange(256)
        with suppress(InvalidError, PartitionTooLargeError):
            validate(bytes(damaged), CONTRACT, Earlier())
    capfd.readouterr()  # the reader's own complaints about panics


def test_no_rows_are_no_partition() -> None:
    with pytest.raises(InvalidError, match="no rows"):
        validate(parquet(frame().clear()), CONTRACT, Earlier())


def test_a_small_file_that_claims_a_world_of_rows_is_refused() -> None:
    bomb = parquet(pl.DataFrame({"x": pl.repeat(0, 50_000_001, dtype=pl.Int8, eager=True)}))

    with pytest.raises(PartitionTooLargeError, match="50000001 rows"):
        validate(bomb, single("Int8").checked(), Earlier())


@pytest.mark.parametrize(
    ("contract", "said"),
    [
        (Contract(columns=()), "1 to 1000 columns, not 0"),
        (single("Int65"), "no data type 'Int65'"),
        (single("Datetime"), "no data type"),
        (single("Datetime[us, Mars/Olympus]"), "no time zone"),
        (single("Datetime[us, ../../etc]"), "no data type"),
        (single("Int64", nulls=Nulls(max_share=1.5)), "share from 0 to 1"),
        (single("Int64", nulls=Nulls(max_share=math.nan)), "share from 0 to 1"),
        (single("Int64", range=Range()), "needs an end"),
        (single("Int64", range=Range(minimum=2, maximum=1)), "lower one first"),
        (single("Int64", range=Range(minimum="2013-01-01")), "no end of a range of Int64"),
        (single("Float64", range=Range(maximum=math.inf)), "no end of a range"),
        (single("String", range=Range(minimum=1)), "no end of a range of String"),
        (single("Datetime[us, UTC]", range=Range(minimum="2013-01-01T00:00:00")), "no end of a range"),
        (Contract(columns=(Column(name="a\nb", dtype="Int64"),)), "not a column name"),
        (Contract(columns=(Column(name="a", dtype="Int64"),) * 2), "names the column 'a' twice"),
        (replace(CONTRACT, unique=(UniqueKey(columns=("tail",)),)), "'tail', which is no column"),
        (replace(CONTRACT, unique=(UniqueKey(columns=()),)), "at least one column"),
        (replace(CONTRACT, event_time="tail"), "is no column"),
        (replace(CONTRACT, event_time="delay"), "must be a Datetime with a zone"),
        (
            Contract(
                columns=(Column(name="at", dtype="Datetime[us, UTC]", nulls=Nulls(max_share=1)),), event_time="at"
            ),
            "may not be null",
        ),
    ],
)
def test_contracts_that_no_data_could_keep_are_refused(contract: Contract, said: str) -> None:
    with pytest.raises(BadContractError, match=said):
        contract.checked()


@pytest.mark.parametrize(
    "dtype",
    [pl.Datetime("us", "UTC"), pl.Datetime("ns"), pl.Datetime("ms", "Europe/Berlin"), pl.Duration("ms"), pl.Int64()],
)
def test_types_are_understood_as_polars_prints_them(dtype: pl.DataType) -> None:
    name = canonical_dtype(str(dtype))

    assert frame_type(name) == dtype
    assert canonical_dtype(name) == name


def test_a_contract_that_earlier_partitions_can_be_read_by_follows() -> None:
    new = Column(name="tail", dtype="String", nulls=Nulls(max_share=1))
    fewer = replace(CONTRACT, columns=CONTRACT.columns[:3])
    other_type = Column(name="distance", dtype="Float64", nulls=Nulls(max_share=1))

    replace(CONTRACT, columns=(*CONTRACT.columns, new)).check_follows([CONTRACT])
    fewer.check_follows([CONTRACT])
    with pytest.raises(ContractConflictError, match="lack the new column 'tail'"):
        replace(CONTRACT, columns=(*CONTRACT.columns, replace(new, nulls=Nulls()))).check_follows([CONTRACT])
    with pytest.raises(ContractConflictError, match="'distance' is Int64 in partitions that are there"):
        replace(CONTRACT, columns=(*fewer.columns, other_type)).check_follows([CONTRACT, fewer])
    with pytest.raises(ContractConflictError, match="make another data set"):
        replace(CONTRACT, event_time=None).check_follows([CONTRACT])
