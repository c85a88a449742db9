"""Sorting runs into groups of one setting, and within them by what makes them pairs."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

SEED_NAMES = frozenset({"seed", "random_seed", "random_state", "fold"})
_SEPARATORS = ("__", ".", "/", "-")
_LONGEST_VALUE = 24


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """A run as a comparison sees it."""

    id: str
    name: str
    params: Mapping[str, str]
    tags: Mapping[str, str]
    metrics: Mapping[str, float]  # the newest value of each


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """Runs of one setting: every parameter the same but those that pair them."""

    label: str
    params: Mapping[str, str]  # those in which the groups differ
    trials: Mapping[tuple[str, ...], Sequence[Trial]]  # by the values that pair them

    def values(self, metric: str) -> dict[tuple[str, ...], float]:
        """Give a metric's value by pair; where a setting was tried twice with one seed, the mean."""
        found = {}
        for pair, trials in self.trials.items():
            known = [trial.metrics[metric] for trial in trials if metric in trial.metrics]
            if known:
                found[pair] = math.fsum(known) / len(known) if all(map(math.isfinite, known)) else math.nan
        return found

    @property
    def run_count(self) -> int:
        """Count the runs."""
        return sum(map(len, self.trials.values()))


def guessed_pairing(trials: Sequence[Trial]) -> tuple[str, ...]:
    """Guess which parameters or tags make pairs: those named seed, random_state or fold, also with a prefix."""
    names = {key for trial in trials for key in (*trial.params, *trial.tags)}
    return tuple(sorted(name for name in names if _last_part(name) in SEED_NAMES))


def grouped(trials: Sequence[Trial], by: Sequence[str]) -> list[Group]:
    """Sort runs into groups by all parameters but `by`, in the order in which they come."""
    found: dict[tuple[tuple[str, str], ...], list[Trial]] = {}
    for trial in trials:
        setting = tuple(sorted((key, value) for key, value in trial.params.items() if key not in by))
        found.setdefault(setting, []).append(trial)
    differing = differing_keys([dict(setting) for setting in found])
    return [_group(dict(setting), members, differing, by) for setting, members in found.items()]


def differing_keys(all_params: Sequence[Mapping[str, str]]) -> list[str]:
    """Name the parameters that are not the same everywhere; one that is missing somewhere differs."""
    names = sorted({key for params in all_params for key in params})
    return [name for name in names if len({params.get(name) for params in all_params}) > 1]


def _group(setting: Mapping[str, str], members: Sequence[Trial], differing: Sequence[str], by: Sequence[str]) -> Group:
    pairs: dict[tuple[str, ...], list[Trial]] = {}
    for trial in members:
        pairs.setdefault(tuple(_value(trial, key) for key in by), []).append(trial)
    own = {key: setting[key] for key in differing if key in setting}
    label = ", ".join(f"{key}={_cut(value)}" for key, value in own.items())
    without = f"without {' and '.join(differing)}" if differing else "all runs"
    return Group(label=label or without, params=own, trials=pairs)


def _value(trial: Trial, key: str) -> str:
    return trial.params.get(key, trial.tags.get(key, ""))


def _cut(value: str) -> str:
    return value if len(value) <= _LONGEST_VALUE else f"{value[: _LONGEST_VALUE - 1]}\u2026"


def _last_part(name: str) -> str:
    for separator in _SEPARATORS:
        name = name.rpartition(separator)[2]
    return name.lower()
