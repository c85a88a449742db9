"""The rules of CONTRIBUTING.md that a machine can hold true."""

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SOURCE = ROOT / "src" / "everlearn"
FILES = sorted(path for path in SOURCE.rglob("*.py") if "migrations/versions" not in path.as_posix())
FORBIDDEN_NAMES = {"utils", "helpers", "common", "misc", "manager", "base"}
LONGEST_FILE, LONGEST_FUNCTION, MOST_BROAD_EXCEPTS = 500, 60, 12
HEAVY = ("numpy", "polars", "scipy", "onnxruntime", "sqlalchemy", "sklearn", "litestar", "pandas")


def functions() -> Iterator[tuple[Path, ast.FunctionDef | ast.AsyncFunctionDef]]:
    for path in FILES:
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                yield path, node


def place(path: Path, line: int) -> str:
    return f"{path.relative_to(ROOT)}:{line}"


def test_no_file_is_too_long_to_hold_in_a_head() -> None:
    long = [place(path, lines) for path in FILES if (lines := path.read_text().count("\n")) > LONGEST_FILE]

    assert long == []


def code_lines(node: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """Count a function's lines without its docstring, which may be as long as the theory needs."""
    first = node.body[0]
    documented = ast.get_docstring(node) is not None
    docstring = (first.end_lineno or 0) - first.lineno + 1 if documented else 0
    return (node.end_lineno or 0) - node.lineno + 1 - docstring


def test_no_function_is_too_long_and_nine_in_ten_are_short() -> None:
    lengths = {place(path, node.lineno): code_lines(node) for path, node in functions()}

    assert [where for where, length in lengths.items() if length > LONGEST_FUNCTION] == []
    assert sorted(lengths.values())[int(0.9 * len(lengths))] <= 30


def test_no_file_has_a_name_that_says_nothing() -> None:
    assert [place(path, 1) for path in FILES if path.stem in FORBIDDEN_NAMES] == []


def test_broad_excepts_are_few_and_explained() -> None:
    broad = [
        (path, node.lineno)
        for path in FILES
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.ExceptHandler)
        and (node.type is None or ast.unparse(node.type) in {"Exception", "BaseException"})
    ]

    unexplained = [place(path, line) for path, line in broad if "#" not in path.read_text().splitlines()[line - 1]]
    assert unexplained == []
    assert len(broad) <= MOST_BROAD_EXCEPTS, [place(path, line) for path, line in broad]


def test_nothing_reads_unfinished() -> None:
    unfinished = re.compile(r"\b(TODO|FIXME|XXX|HACK)\b")
    found = [
        place(path, number)
        for path in FILES
        for number, line in enumerate(path.read_text().splitlines(), 1)
        if unfinished.search(line)
    ]

    assert found == []


def test_every_public_name_is_documented() -> None:
    missing = []
    for path in FILES:
        tree = ast.parse(path.read_text())
        if not ast.get_docstring(tree):
            missing.append(place(path, 1))
        missing += [
            place(path, node.lineno)
            for node in tree.body
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef)
            and not node.name.startswith("_")
            and not ast.get_docstring(node)
        ]

    assert missing == []


@pytest.mark.parametrize("arguments", [["-c", "import everlearn"], ["-m", "everlearn", "--help"]])
def test_the_way_in_loads_nothing_heavy(arguments: list[str]) -> None:
    answer = subprocess.run(
        [sys.executable, "-X", "importtime", *arguments], capture_output=True, text=True, check=True, cwd=ROOT
    )

    loaded = {line.rsplit("|", 1)[-1].strip() for line in answer.stderr.splitlines()}
    assert loaded.isdisjoint(HEAVY), loaded & set(HEAVY)


def test_the_import_order_holds() -> None:
    answer = subprocess.run(
        [str(Path(sys.executable).parent / "lint-imports"), "--no-cache"],
        capture_output=True,
        text=True,
        check=False,
        cwd=ROOT,
    )

    assert answer.returncode == 0, answer.stdout
