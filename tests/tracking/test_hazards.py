"""Which files could run code: real pickles of every kind, and files that only look a little like them."""

import bz2
import gzip
import io
import json
import lzma
import pickle
import zipfile
import zlib
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from everlearn.tracking.hazards import HEAD, TAIL, Hazard, Sample, hazard_of


class Malicious:
    """Leaves a file behind if anybody loads it."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[type, tuple[str]]:
        return Path, (str(self.path),)


def sampled(content: bytes, piece: int = 100_000) -> Sample:
    sample = Sample()
    for start in range(0, len(content), piece):
        sample.take(content[start : start + piece])
    return sample


def hazard(content: bytes, path: str = "model/data.bin") -> Hazard | None:
    return hazard_of(path, sampled(content))


def zipped(**files: bytes) -> bytes:
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w") as archive:
        for name, content in files.items():
            archive.writestr(name.replace("__", "/").replace("_dot_", "."), content)
    return written.getvalue()


def saved(array: "np.ndarray[tuple[int, ...], np.dtype[np.generic]]") -> bytes:
    written = io.BytesIO()
    np.save(written, array, allow_pickle=True)
    return written.getvalue()


PICKLE = pickle.dumps({"weights": list(range(1_000)), "third": Fraction(1, 3)})


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
@pytest.mark.parametrize("thing", [Malicious(Path("/x")), Fraction(1, 3), [Fraction(1, 3)] * 9, {"a": 1}, [1.5] * 500])
def test_pickles_of_every_protocol_are_found_by_their_bytes(protocol: int, thing: object) -> None:
    content = pickle.dumps(thing, protocol=protocol)

    assert hazard(content, "weights.txt") is Hazard.PICKLE


def test_a_pickle_is_told_by_its_beginning_however_long_it_is() -> None:
    assert hazard(pickle.dumps([1.5] * 500_000, protocol=4), "weights.txt") is Hazard.PICKLE


@pytest.mark.parametrize("packed", [gzip.compress, zlib.compress, bz2.compress, lzma.compress])
def test_a_compressed_pickle_is_one_too(packed: Callable[[bytes], bytes]) -> None:
    assert hazard(packed(PICKLE), "weights") is Hazard.PICKLE


def test_an_archive_with_a_pickle_in_it_is_told_by_its_names() -> None:
    torch = zipped(archive__data_dot_pkl=PICKLE, archive__data__0=b"\0" * 1_000_000, archive__version=b"3")
    last = zipped(**{f"texts__{number}": b"x" * 100 for number in range(500)}, hidden_dot_pickle=PICKLE)

    assert hazard(torch, "weights") is Hazard.ARCHIVED_PICKLE
    assert hazard(last, "texts.zip") is Hazard.ARCHIVED_PICKLE
    assert hazard(b"#!/bin/sh\n" + last, "installer") is Hazard.ARCHIVED_PICKLE


def test_an_array_of_objects_is_pickled_and_one_of_numbers_is_not() -> None:
    mixed = np.array([(1, "a")], dtype=[("n", "<i8"), ("o", "O")])

    assert hazard(saved(np.array([{}, None], dtype=object)), "a.npy") is Hazard.NUMPY_OBJECTS
    assert hazard(saved(mixed), "a.npy") is Hazard.NUMPY_OBJECTS
    assert hazard(saved(np.arange(100_000.0)), "a.npy") is None
    assert hazard(saved(np.array([(1, 2.0)], dtype=[("n", "<i8"), ("Other", "<f8")])), "a.npy") is None


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("model/model.pkl", Hazard.NAMED_PICKLE),
        ("model/MODEL.PICKLE", Hazard.NAMED_PICKLE),
        ("model/python_model.cloudpickle", Hazard.NAMED_PICKLE),
        ("model/forest.joblib.lz4", Hazard.NAMED_PICKLE),
        ("net.pth", Hazard.NAMED_PICKLE),
        ("net.keras", Hazard.NAMED_CODE),
        ("pkl/notes.md", None),
        ("pkl", None),
        ("model.skops", None),
        ("model.onnx", None),
    ],
)
def test_names_tell_when_bytes_do_not(path: str, expected: Hazard | None) -> None:
    assert hazard(b"\x13\x37 something", path) is expected


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b".",
        b"country,city\n1,2\n3,4\n",
        b"count\nabc\ndef\n",
        b"id\nname\nvalue\n",
        b"class Model:\n    def predict(self):\n        pass\n",
        b"import os\nimport sys\n",
        b"(a, b)\n(c, d)\n",
        b"flavors:\n  sklearn:\n    pickled_model: model.pkl\n",
        json.dumps({"a": [1, 2, 3]}).encode(),
        b"]}[{\n",
        b"\x89PNG\r\n\x1a\n" + bytes(100),
        b"PAR1" + bytes(1_000) + b"PAR1",
        b"\x80",
        b"\x80\x02",
        b"\x80\x09rest",
        b"\x08\x07\x12\x08skl2onnx",
        bytes(range(256)) * 2_000,
        gzip.compress(b"a,b\n1,2\n" * 1_000, mtime=0),
        b"\x1f\x8bnot gzip at all",
        b"x\x9cnot zlib at all",
        b"PK\x03\x04",
        b"PK\x05\x06" + bytes(18),
        b"PK\x01\x02" * 100 + b"PK\x05\x06" + bytes(18),
        zipped(schema_dot_json=b"{}", weights_dot_npy=b"x"),
    ],
)
def test_other_files_have_no_hazard(content: bytes) -> None:
    assert hazard(content, "file.txt") is None


def test_a_sample_is_the_beginning_and_the_end_whatever_the_pieces() -> None:
    content = bytes(range(256)) * 4_000

    for piece in (1_000, 65_536, 300_000, 2_000_000):
        sample = sampled(content, piece)
        assert (sample.head, sample.tail, sample.size_bytes) == (content[:HEAD], content[-TAIL:], len(content))


def test_looking_loads_nothing(tmp_path: Path) -> None:
    class Touch:
        def __reduce__(self) -> tuple[object, tuple[str, str]]:
            return open, (str(tmp_path / "loaded"), "w")

    assert hazard(pickle.dumps(Touch())) is Hazard.PICKLE
    assert not (tmp_path / "loaded").exists()


def test_what_unpacks_to_very_much_is_not_unpacked() -> None:
    bomb = gzip.compress(bytes(50_000_000), 1)

    assert hazard(bomb, "data.csv.gz") is None
