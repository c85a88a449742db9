"""What an `MLmodel` file says of a model: its signature and its example. It is read as text and never loaded.

mlflow's clients write it as YAML in block style; the columns of a signature are JSON in a quoted line of it.
"""

import json
import re
from dataclasses import dataclass
from typing import Any

_COLUMNS = re.compile(r"^  (inputs|outputs): '((?:[^']|'')*)'", re.MULTILINE)
_EXAMPLE = re.compile(r"^saved_input_example_info:\n(?:  .*\n)*?  artifact_path: ['\"]?([\w./-]+)", re.MULTILINE)
_SIGNATURE = re.compile(r"^signature:\n((?:  .*\n?|\n)*)", re.MULTILINE)


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedColumn:
    """One column of a signature."""

    role: str  # "input" or "output"
    name: str
    datatype: str
    note: str = ""


def columns_of(described: str) -> list[SignedColumn]:
    """Read the columns of a signature; none where there is none, or none that can be read."""
    block = _SIGNATURE.search(f"{described}\n")
    found = []
    for role, quoted in _COLUMNS.findall(block.group(1) if block else ""):
        try:
            columns = json.loads(re.sub(r"\s*\n\s*", " ", quoted.replace("''", "'")))
        except ValueError:
            continue
        found += [_column(role.removesuffix("s"), one) for one in columns if isinstance(one, dict)]
    return found


def example_of(described: str) -> str | None:
    """Give the path of the input example beside the file."""
    found = _EXAMPLE.search(described)
    return None if found is None or ".." in found.group(1) else found.group(1)


def _column(role: str, column: dict[str, Any]) -> SignedColumn:
    kind, tensor = str(column.get("type", "")), column.get("tensor-spec")
    if isinstance(tensor, dict):
        kind = f"tensor {tensor.get('dtype', '')} {tensor.get('shape', '')}"
    note = "" if column.get("required", True) else "optional"
    return SignedColumn(role=role, name=str(column.get("name", "")) or "(unnamed)", datatype=kind, note=note)
