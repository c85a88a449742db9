from datetime import UTC, datetime, timedelta, timezone

import pytest

from everlearn.web import formats

THIN = "\u202f"


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, "\u2013"),
        (0, "0"),
        (0.0, "0"),
        (12, "12"),
        (12345, f"12{THIN}345"),
        (12345.6, f"12{THIN}346"),
        (1234.5, f"1{THIN}234"),
        (999.6, f"1{THIN}000"),
        (-27030.5, f"-27{THIN}030"),
        (999.4, "999"),
        (3.14159, "3.14"),
        (0.0123456, "0.0123"),
        (0.00001234, "1.23e-05"),
        (-8.25, "-8.25"),
    ],
)
def test_numbers_are_short(value: float | None, text: str) -> None:
    assert formats.number(value) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.0021, f"2.1{THIN}ms"),
        (59.94, f"59.9{THIN}s"),
        (60, f"1{THIN}min"),
        (61, f"1{THIN}min 1{THIN}s"),
        (3_660, f"1{THIN}h 1{THIN}min"),
        (timedelta(days=3, hours=2), f"3{THIN}d 2{THIN}h"),
        (None, "\u2013"),
    ],
)
def test_durations_have_two_units(value: float | timedelta | None, text: str) -> None:
    assert formats.duration(value) == text


@pytest.mark.parametrize(("value", "text"), [(0, f"0{THIN}B"), (1_500, f"1.5{THIN}kB"), (2.5e15, f"2.5e+03{THIN}TB")])
def test_sizes_are_decimal(value: float, text: str) -> None:
    assert formats.size(value) == text


def test_instants_are_told_in_utc_whatever_their_zone() -> None:
    at = datetime(2013, 2, 1, 1, 30, tzinfo=timezone(timedelta(hours=2)))

    assert formats.instant(at) == "2013-01-31 23:30 UTC"
    assert formats.minute(at) == "2013-01-31 23:30"
    assert formats.day(at) == "2013-01-31"
    assert formats.day(datetime(2013, 2, 1, tzinfo=UTC)) == "2013-02-01"


def test_digests_are_cut_to_twelve_characters() -> None:
    assert formats.short("sha256:" + "ab" * 32) == "abababababab"
    assert formats.short("dec_1") == "dec_1"


def test_shares_and_columns() -> None:
    assert formats.percent(0.1234) == f"12.3{THIN}%"
    assert formats.fixed(1234.5) == f"1{THIN}234.50"
