"""Store a sample of every event that has none yet, below `tests/eventlog/samples/`.

A sample is what was once written, and must stay readable for ever: one that is there is never written again. An event
whose fields change needs a new revision, an upgrader, and then a new sample.

    python scripts/event_samples.py
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import fields, is_dataclass
from datetime import UTC, date, datetime, timedelta
from enum import Enum
from pathlib import Path
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, NewType, Union, get_args, get_origin, get_type_hints

from everlearn.app.events import CATALOGUE
from everlearn.core.json import canonical_json
from everlearn.eventlog import Catalogue, Event

SAMPLES = Path(__file__).parents[1] / "tests/eventlog/samples"

_PLAIN: dict[Any, Any] = {
    int: 7,
    float: 0.25,
    bool: True,
    NoneType: None,
    datetime: datetime(2013, 2, 1, 12, 30, 0, 250_000, tzinfo=UTC),
    date: date(2013, 2, 1),
    timedelta: timedelta(hours=36),
    bytes: b"bytes",
    Any: {"any": [1, 0.5, "text", None, True]},
}
_MAPPINGS, _LISTS = (dict, Mapping), (list, tuple, set, frozenset, Sequence)


def sample_of(event: type[Event]) -> Event:
    """Make an event with a telling value in every field."""
    made: Event = _filled(event)
    return made


def _filled(of: Any) -> Any:
    hints = get_type_hints(of, include_extras=True)
    return of(**{each.name: _value(hints[each.name], each.name) for each in fields(of)})


def _value(hint: Any, name: str) -> Any:  # noqa: PLR0911  # one line for each kind of type
    origin, arguments = get_origin(hint), get_args(hint)
    if hint is str:
        return f"some {name}"
    if hint in _PLAIN:
        return _PLAIN[hint]
    if isinstance(hint, NewType):
        return _value(hint.__supertype__, name)
    if origin is Annotated or origin in (Union, UnionType):
        return _value(next(each for each in arguments if each is not NoneType), name)  # absence is the poorer sample
    if origin is Literal:
        return arguments[0]
    if isinstance(hint, type) and issubclass(hint, Enum):
        return list(hint)[-1]
    if is_dataclass(hint):
        return _filled(hint)
    if (origin or hint) in _MAPPINGS:
        key, value = arguments or (str, Any)
        return {_value(key, f"{name} key"): _value(value, f"{name} value")}
    if (origin or hint) in _LISTS:
        return _several(origin or hint, arguments or (Any,), name)
    raise SystemExit(f"the field {name} has a type that no sample can be made of: {hint!r}; teach this script")


def _several(kind: Any, arguments: tuple[Any, ...], name: str) -> Any:
    is_fixed = kind is tuple and Ellipsis not in arguments
    items = [_value(each, name) for each in arguments if each is not Ellipsis]
    return tuple(items) if is_fixed else (list if kind is Sequence else kind)(items)


def stored(catalogue: Catalogue, folder: Path) -> list[Path]:
    """Write the samples that are missing and give their paths."""
    folder.mkdir(parents=True, exist_ok=True)
    written = []
    for event in catalogue:
        path = folder / f"{event.name}@{event.revision}.json"
        if path.exists():
            continue
        payload = json.loads(catalogue.encode(sample_of(event)))
        assert catalogue.decode(event.name, event.revision, payload) == sample_of(event)  # noqa: S101  # before it is kept for ever
        path.write_text(json.dumps(json.loads(canonical_json(payload)), indent=2, ensure_ascii=False) + "\n")
        written.append(path)
    return written


def main() -> None:
    """Store what is missing."""
    for path in stored(CATALOGUE, SAMPLES):
        print(f"stored {path.name}")


if __name__ == "__main__":
    main()
