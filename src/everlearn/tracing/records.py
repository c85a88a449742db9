"""Records of evaluation data sets: the same inputs are the same record, and what is said of it later adds to it."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from typing import Any

Record = dict[str, Any]
"""What is kept of a record: `inputs`, and where given `outputs`, `expectations`, `tags`, `source`, who made it."""

USER = "mlflow.user"
_PARTS = ("inputs", "outputs", "expectations")


def inputs_digest(inputs: Mapping[str, Any]) -> str:
    """Name inputs by their content, whatever the order of their keys."""
    return hashlib.sha256(json.dumps(inputs, sort_keys=True).encode()).hexdigest()


def new_record(given: Record) -> Record:
    """Make a record of what a client sends."""
    tags = given.get("tags") or {}
    made: Record = {"inputs": given.get("inputs") or {}, "outputs": given.get("outputs", {}), "tags": tags}
    if given.get("expectations") is not None:
        made["expectations"] = given["expectations"]
    if given.get("source"):
        made["source"] = given["source"]
    made["created_by"] = made["updated_by"] = tags.get(USER)
    return made


def merged(before: Record, given: Record) -> Record:
    """Add to a record: new outputs replace, expectations and tags join, the source of the first time stays."""
    after = dict(before)
    if given.get("outputs") is not None:
        after["outputs"] = given["outputs"]
    if given.get("expectations"):
        after["expectations"] = {**(before.get("expectations") or {}), **given["expectations"]}
    if given.get("tags"):
        after["tags"] = {**(before.get("tags") or {}), **given["tags"]}
        after["updated_by"] = given["tags"].get(USER, before.get("updated_by"))
    if given.get("source") and not before.get("source"):
        after["source"] = given["source"]
    return after


def widened(schema: Record | None, given: Sequence[Record]) -> Record:
    """Add the names and types of fields that a schema does not have yet; the first type that was seen stays."""
    known: Record = schema or {"inputs": {}, "outputs": {}, "expectations": {}, "version": "1.0"}
    known = {name: dict(part) if isinstance(part, dict) else part for name, part in known.items()}
    for record in given:
        for part in _PARTS:
            value = record.get(part)
            if isinstance(value, dict) and isinstance(known[part], dict):
                known[part] |= {key: type_of(one) for key, one in value.items() if key not in known[part]}
            elif value is not None and not isinstance(value, dict) and not known[part]:
                known[part] = type_of(value)
    return known


def type_of(value: Any) -> str:  # noqa: PLR0911  # one for each type
    """Name the type of a JSON value."""
    match value:
        case None:
            return "null"
        case bool():
            return "boolean"
        case int():
            return "integer"
        case float():
            return "float"
        case str():
            return "string"
        case list():
            return "array"
        case _:
            return "object"


def dataset_digest(name: str, updated_ms: int) -> str:
    """Name a state of a data set: it changes with every change."""
    return hashlib.sha256(f"{name}:{updated_ms}".encode()).hexdigest()[:8]
