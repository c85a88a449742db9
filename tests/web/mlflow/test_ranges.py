"""Parts of a file, by RFC 9110: the examples of its section 14 and the cases around them."""

import pytest

from everlearn.web.mlflow.ranges import RangeError, Span, is_known, wanted_span

ETAG = '"sha256:abc"'


@pytest.mark.parametrize(
    ("asked", "size", "expected"),
    [
        ("bytes=0-499", 10_000, Span(0, 500)),
        ("bytes=500-999", 10_000, Span(500, 1_000)),
        ("bytes=-500", 10_000, Span(9_500, 10_000)),
        ("bytes=9500-", 10_000, Span(9_500, 10_000)),
        ("bytes=0-0", 10_000, Span(0, 1)),
        ("bytes=0-99999", 10_000, Span(0, 10_000)),
        ("bytes=-99999", 10_000, Span(0, 10_000)),
        ("BYTES=1-2", 10, Span(1, 3)),
        ("bytes=5-2", 10, None),  # not a range at all: ignored
        ("bytes=0-1,3-4", 10, None),  # several: a server may ignore them
        ("bytes=-", 10, None),
        ("rows=0-1", 10, None),
        ("bytes=one-two", 10, None),
        ("bytes=" + "9" * 40 + "-", 10, None),
        ("", 10, None),
    ],
)
def test_the_wanted_part(asked: str, size: int, expected: Span | None) -> None:
    assert wanted_span({b"range": asked.encode()}, ETAG, size) == expected


@pytest.mark.parametrize(("asked", "size"), [("bytes=10-", 10), ("bytes=10-20", 10), ("bytes=-0", 10), ("bytes=0-", 0)])
def test_a_part_outside_the_file_cannot_be_given(asked: str, size: int) -> None:
    with pytest.raises(RangeError, match=f"{size} bytes"):
        wanted_span({b"range": asked.encode()}, ETAG, size)


@pytest.mark.parametrize(
    ("condition", "expected"), [(ETAG, Span(0, 2)), ('"sha256:other"', None), ("W/" + ETAG, None), ("a date", None)]
)
def test_a_part_is_only_given_of_the_content_that_the_client_knows(condition: str, expected: Span | None) -> None:
    assert wanted_span({b"range": b"bytes=0-1", b"if-range": condition.encode()}, ETAG, 10) == expected


@pytest.mark.parametrize(
    ("said", "known"), [(ETAG, True), (f'"x", W/{ETAG}', True), ("*", True), ('"sha256:ab"', False), ("", False)]
)
def test_what_the_client_has_already(said: str, known: bool) -> None:  # a parameter of the test
    assert is_known({b"if-none-match": said.encode()}, ETAG) is known
