"""Collecting knows what packed blobs need."""

import random

import pytest
from tests.storage.place import Place

from everlearn.blobs import BlobNotFoundError
from everlearn.blobs.packing import pack
from everlearn.core.digest import Digest

FIRST = random.Random(1).randbytes(20_000)
SECOND, THIRD = FIRST + b" and more", FIRST + b" and something else"


def collect_for_days(place: Place) -> None:
    for _ in range(3):
        place.pass_hours(100)
        place.collect()


def packed_chain(place: Place) -> list[Digest]:
    digests = [place.blobs.put(content) for content in (FIRST, SECOND, THIRD)]
    pack(place.blobs, digests[1], against=digests[2])
    pack(place.blobs, digests[0], against=digests[1])
    return digests


def test_what_a_packed_blob_needs_stays_as_long_as_it_does(place: Place) -> None:
    first, second, third = packed_chain(place)
    place.files.put("default", "model.bin", first, len(FIRST))  # nothing refers to the others

    collect_for_days(place)

    assert place.blobs.get(first) == FIRST
    assert (place.blobs.get(second), place.blobs.get(third)) == (SECOND, THIRD)


def test_an_old_version_that_is_given_up_keeps_nothing(place: Place) -> None:
    first, second, third = packed_chain(place)
    place.files.put("default", "model.bin", third, len(THIRD))

    collect_for_days(place)

    assert place.blobs.get(third) == THIRD
    for gone in (first, second):
        with pytest.raises(BlobNotFoundError):
            place.blobs.get(gone)


def test_a_packed_blob_that_was_put_aside_comes_back_with_what_it_needs(place: Place) -> None:
    first, *_ = packed_chain(place)
    place.pass_hours(100)
    place.collect()
    assert list(place.blobs.kept()) == []

    assert place.blobs.get(first) == FIRST

    place.files.put("default", "model.bin", first, len(FIRST))
    collect_for_days(place)
    assert place.blobs.get(first) == FIRST


def test_a_reference_that_comes_late_brings_back_what_the_packed_blob_needs(place: Place) -> None:
    first, *_ = packed_chain(place)
    place.pass_hours(100)
    place.collect()

    place.files.put("default", "model.bin", first, len(FIRST))
    place.pass_hours(100)
    place.collect()

    assert place.blobs.get(first) == FIRST
