"""Comparing runs of a project."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from everlearn.core.errors import InvalidError
from everlearn.tracking.comparison.groups import Group, Trial, grouped, guessed_pairing
from everlearn.tracking.comparison.judging import CONFIDENCE, LEVEL, judge
from everlearn.tracking.comparison.verdicts import Comparison, Correction, GroupSummary
from everlearn.tracking.journal import RunRecord
from everlearn.tracking.metric_schema import MetricSchema, metric_schemas
from everlearn.tracking.searching import Search
from everlearn.tracking.store.points import value_of

MOST_RUNS = 200
MOST_GROUPS = 12
MOST_METRICS = 20
_METRICS_GUESSED = 6


class BadComparisonError(InvalidError):
    """A comparison that cannot be made as it was asked for."""

    code = "tracking.bad_comparison"


@dataclass(frozen=True, slots=True)
class Comparisons:
    """Compares runs."""

    search: Search

    def read(self, project: str, run_ids: Sequence[str]) -> list[RunRecord]:
        """Give the runs to be compared.

        Raises
        ------
        BadComparisonError
            When there are too many.
        RunNotFoundError
            When one is not there.
        """
        if len(run_ids) > MOST_RUNS:
            raise BadComparisonError(f"{len(run_ids)} runs are too many to compare; {MOST_RUNS} are the most")
        return self.search.records_of(project, run_ids)

    def schemas(self, project: str, records: Sequence[RunRecord]) -> dict[str, MetricSchema]:
        """Give what the runs' experiments declare of their metrics; where two do, the first run's counts."""
        found: dict[str, MetricSchema] = {}
        for name in reversed(dict.fromkeys(record.run.experiment for record in records)):
            experiment = self.search.experiment_named(project, name)
            found |= metric_schemas(experiment.tags) if experiment else {}
        return found

    def compare(
        self,
        project: str,
        run_ids: Sequence[str],
        *,
        by: Sequence[str] = (),
        metrics: Sequence[str] = (),
        correction: Correction = Correction.HOLM,
    ) -> Comparison:
        """Group runs by all their parameters but `by`, and test every two groups on every metric.

        `by` empty: parameters and tags named seed, random_state or fold. `metrics` empty: those declared, or else a
        few that every run has. Too few pairs are no error but a verdict, `not_evaluated`.
        """
        records = self.read(project, run_ids)
        return compared(
            [trial_of(record) for record in records],
            self.schemas(project, records),
            by=by,
            metrics=metrics,
            correction=correction,
        )


def compared(
    trials: Sequence[Trial],
    schemas: Mapping[str, MetricSchema],
    *,
    by: Sequence[str],
    metrics: Sequence[str],
    correction: Correction,
) -> Comparison:
    """Compare runs; pure.

    Raises
    ------
    BadComparisonError
        When a metric or something to pair by is not among what the runs logged.
    """
    pairing = _checked_pairing(trials, by) if by else guessed_pairing(trials)
    wanted = _checked_metrics(trials, metrics) if metrics else _guessed_metrics(trials, schemas)
    groups = grouped(trials, pairing)
    reason = _why_nothing(groups, pairing, wanted)
    pairs, omnibus = ([], []) if reason else judge(groups, wanted, schemas, correction)
    return Comparison(
        by=pairing,
        metrics=wanted,
        correction=correction,
        level=LEVEL,
        confidence=CONFIDENCE,
        groups=[_summary(group, wanted) for group in groups],
        pairs=pairs,
        omnibus=omnibus,
        reason=reason,
    )


def trial_of(record: RunRecord) -> Trial:
    """See a run as a comparison does."""
    return Trial(
        id=record.run.id,
        name=record.run.name or record.run.id,
        params=record.params,
        tags=record.tags,
        metrics={one.key: value_of(one.point) for one in record.newest},
    )


def _why_nothing(groups: Sequence[Group], by: Sequence[str], metrics: Sequence[str]) -> str:
    if not metrics:
        return "The runs have no metric in common."
    if not by:
        return "Nothing pairs the runs: none of their parameters or tags is named seed, random_state or fold."
    if len(groups) < 2:
        return f"The runs are one group: they differ in {' and '.join(by)} alone."
    if len(groups) > MOST_GROUPS:
        return f"The runs fall into {len(groups)} groups; {MOST_GROUPS} are the most that are compared with each other."
    return ""


def _checked_pairing(trials: Sequence[Trial], by: Sequence[str]) -> tuple[str, ...]:
    known = {key for trial in trials for key in (*trial.params, *trial.tags)}
    for key in by:
        if key not in known:
            raise BadComparisonError(f"no run has a parameter or tag {key[:80]!r} to pair by; {_some(known)}")
    return tuple(dict.fromkeys(by))


def _checked_metrics(trials: Sequence[Trial], metrics: Sequence[str]) -> tuple[str, ...]:
    if len(metrics) > MOST_METRICS:
        raise BadComparisonError(f"{len(metrics)} metrics are too many to compare; {MOST_METRICS} are the most")
    known = {key for trial in trials for key in trial.metrics}
    for key in metrics:
        if key not in known:
            raise BadComparisonError(f"no run has a metric {key[:80]!r}; {_some(known)}")
    return tuple(dict.fromkeys(metrics))


def _some(known: set[str]) -> str:
    names = sorted(known)
    return f"there are {', '.join(names[:10])}{' and more' if len(names) > 10 else ''}" if names else "there are none"


def _guessed_metrics(trials: Sequence[Trial], schemas: Mapping[str, MetricSchema]) -> tuple[str, ...]:
    held = [set(trial.metrics) for trial in trials]
    common = sorted(set.intersection(*held)) if held else []
    declared = [key for key in common if key in schemas]
    return tuple(declared or [key for key in common if not key.startswith("system/")])[:_METRICS_GUESSED]


def _summary(group: Group, metrics: Sequence[str]) -> GroupSummary:
    means = {}
    for metric in metrics:
        finite = [value for value in group.values(metric).values() if math.isfinite(value)]
        if finite:
            means[metric] = math.fsum(finite) / len(finite)
    ids = [trial.id for trials in group.trials.values() for trial in trials]
    return GroupSummary(label=group.label, params=group.params, run_ids=ids, means=means)
