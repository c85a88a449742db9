from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from everlearn.tracking import checked_artifact_path
from everlearn.tracking.artifact_path import BadArtifactPathError, folders_of

safe_parts = st.text("abcXYZ019._- äß", min_size=1, max_size=12).filter(
    lambda part: part == part.strip() and part not in {".", ".."}
)
safe_paths = st.lists(safe_parts, min_size=1, max_size=6).map("/".join)


@pytest.mark.parametrize(
    "path",
    [
        "",
        ".",
        "..",
        "../secret",
        "model/../../secret",
        "/etc/passwd",
        "//host/share",
        "a//b",
        "a/",
        "a/./b",
        "C:/windows",
        "C:\\windows",
        "..\\secret",
        "a\x00b",
        "a\nb",
        "a\x1b[31m",
        "a\u202egpj.exe",
        "\ufeffa",
        "a\ud800",
        "%2e%2e/secret",
        "%2e%2e%2fsecret",
        "%252e%252e%252fsecret",
        "%25252e%25252e/secret",
        "..%c0%af..%c0%afsecret",
        "%2fetc/passwd",
        "a%00b",
        "a%0ab",
        "\uff0e\uff0e/secret",
        "a\uff0f..\uff0f..\uff0fsecret",
        "model.onnx#fragment",
        "model.onnx;type=i",
        "model.onnx?download",
        "a b /c",
        "%2525252525252525252525252e",
        "x" * 501,
        "x" * 201,
    ],
)
def test_a_path_that_some_reader_could_misread_is_refused(path: str) -> None:
    with pytest.raises(BadArtifactPathError):
        checked_artifact_path(path)


@pytest.mark.parametrize(
    "path",
    ["model.onnx", "model/model.onnx", "plots/mae by month.svg", "grün.txt", "100%.txt", "a/...b", ".hidden", "a%20b"],
)
def test_an_ordinary_path_is_kept_as_it_is(path: str) -> None:
    assert checked_artifact_path(path) == path


@given(safe_paths)
def test_every_path_of_plain_parts_is_kept(path: str) -> None:
    assert checked_artifact_path(path) == path


@given(safe_paths, st.integers(1, 8))
def test_climbing_out_is_refused_however_often_it_is_encoded(path: str, times: int) -> None:
    climbing = f"{path}/../x"
    for _ in range(times):
        climbing = quote(climbing, safe="").replace(".", "%2e")[:480]

    with pytest.raises(BadArtifactPathError):
        checked_artifact_path(climbing)


def test_a_path_lies_in_every_folder_above_it() -> None:
    assert folders_of("a/b/c") == ["a", "a/b"]
    assert folders_of("a") == []
