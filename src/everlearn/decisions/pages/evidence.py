"""Reading evidence and parameters as recorded: JSON that rules of any revision have written, so nothing is certain."""

from collections.abc import Iterator, Mapping
from typing import Any

from everlearn.core.decisions import Decision
from everlearn.core.json import JSONObject, JSONValue
from everlearn.web.formats import number
from everlearn.web.view import Cell, Pair

_LABELS = {
    "n": "Observations",
    "n_fit": "Answers fitted on",
    "n_test": "Answers tried on",
    "p_value": "p-value",
    "lower": "Interval from",
    "upper": "Interval to",
    "page_hinkley": "Page-Hinkley",
    "page_hinkley_threshold": "Page-Hinkley threshold",
    "page_hinkley_delta": "Page-Hinkley delta",
    "ewma_limit": "EWMA limit",
    "ewma_weight": "EWMA weight",
    "reference_sd": "Reference deviation",
    "latency_limit_ms": "Latency limit (ms)",
    "cpu_hour_price": "Price of a CPU hour",
}
_FIRST = (
    *("improvement", "lower", "upper", "candidate_error", "baseline_error"),
    *("smoothed", "limit", "reference", "objective"),
    *("expected_gain", "expected_cost", "net", "error_now", "error_reachable"),
    *("mean_difference", "pairs", "scored", "candidate_failures", "champion_failures", "slow"),
)
"""What people look for, before the rest by name."""
_LONGEST_TEXT = 160


def amount(document: JSONObject, name: str) -> float | None:
    """Give a number, or None where there is none of that name."""
    value: Any = document.get(name)
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None


def amounts(document: JSONObject, *names: str) -> tuple[float, ...] | None:
    """Give all of these numbers, or None when one is missing."""
    found = [amount(document, name) for name in names]
    return tuple(value for value in found if value is not None) if None not in found else None


def part(document: JSONObject, name: str) -> JSONObject:
    """Give a nested object, empty where there is none of that name."""
    value: Any = document.get(name)
    return value if isinstance(value, dict) else {}


def text(document: JSONObject, name: str, default: str = "") -> str:
    """Write a value of any kind."""
    value = document.get(name)
    return default if value is None else _written(value)


def label_of(name: str) -> str:
    """Write a field's name as words."""
    words = name.removeprefix("is_").replace("_", " ").replace(".", " ")
    return _LABELS.get(name, words[:1].upper() + words[1:])


def numbers_of(decision: Decision) -> tuple[Pair, ...]:
    """Give what the rule found as a key-value list; long series are left to the plots and the raw JSON."""
    return tuple(
        Pair(label=label_of(name), value=Cell(text=_written(value)))
        for name, value in sorted(decision.finding.evidence.items(), key=_rank)
        if not isinstance(value, dict) and not (isinstance(value, list) and len(value) > 8)
    )


def nested_numbers_of(decision: Decision) -> Iterator[tuple[str, Mapping[str, JSONValue]]]:
    """Give the nested objects of the evidence that hold plain values: one row each of a table."""
    for name, value in decision.finding.evidence.items():
        if isinstance(value, dict):
            plain = {key: each for key, each in value.items() if not isinstance(each, dict | list)}
            if plain:
                yield name, plain
            for key, each in value.items():
                if isinstance(each, dict):
                    yield key, {inner: leaf for inner, leaf in each.items() if not isinstance(leaf, dict | list)}


def parameters_of(decision: Decision) -> tuple[Pair, ...]:
    """Give what the rule was asked as a key-value list."""
    return tuple(
        Pair(label=label_of(name), value=Cell(text=_written(value))) for name, value in decision.parameters.items()
    )


def _rank(item: tuple[str, JSONValue]) -> tuple[int, str]:
    name = item[0]
    return _FIRST.index(name) if name in _FIRST else len(_FIRST), name


def _written(value: JSONValue) -> str:
    match value:
        case bool():
            return "yes" if value else "no"
        case int() | float():
            return number(value, 4)
        case None:
            return "\u2013"
        case str():
            return value if len(value) <= _LONGEST_TEXT else f"{value[:_LONGEST_TEXT]}\u2026"
        case list():
            return ", ".join(_written(each) for each in value) or "none"
        case _:
            return f"{len(value)} values"


def cell_of(value: JSONValue) -> Cell:
    """Write one value into a table."""
    return Cell(text=_written(value))
