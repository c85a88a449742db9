"""What a comparison of groups says, as values."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum


class Verdict(StrEnum):
    """What is shown about two groups. `not_evaluated` is no verdict either way."""

    DIFFERENT = "different"
    NOT_SHOWN = "not_shown"
    NOT_EVALUATED = "not_evaluated"


class Correction(StrEnum):
    """What is bounded when many pairs are looked at."""

    HOLM = "holm"  # the chance that any difference found is none
    BH = "bh"  # the share of those found that are none


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupSummary:
    """A group and its mean of each metric that is compared."""

    label: str
    params: Mapping[str, str]
    run_ids: Sequence[str]
    means: Mapping[str, float]  # of the finite values


@dataclass(frozen=True, slots=True, kw_only=True)
class PairResult:
    """Two groups on one metric. Differences are the second group's values minus the first one's, pair by pair."""

    metric: str
    unit: str
    first: str  # labels
    second: str
    verdict: Verdict
    reason: str  # in words
    better: (
        str | None
    )  # the label of the better group; None where none is shown, or which way is better is not declared
    pair_count: int
    mean_difference: float | None = None
    lower: float | None = None  # of the interval of the mean difference at `confidence`
    upper: float | None = None
    standardised_effect: float | None = None  # Cohen's d_z: the mean difference over the differences' spread
    p_value: float | None = None  # two-sided, Student's paired t
    adjusted_p_value: float | None = None  # for all pairs and metrics of the comparison
    signed_rank_p_value: float | None = None  # Wilcoxon's, exact up to 200 pairs
    sign_flip_p_value: float | None = None  # exact; None where there are too many pairs to count out
    nemenyi_p_value: float | None = None  # adjusted for all pairs of groups; None for two groups


@dataclass(frozen=True, slots=True, kw_only=True)
class Omnibus:
    """Three or more groups on one metric: is there any difference among them? Friedman's test over the pairs."""

    metric: str
    verdict: Verdict
    reason: str
    block_count: int  # seeds that every group has
    mean_ranks: Mapping[str, float]  # by label; 1 is always the best where a direction is declared, else the smallest
    chi_square: float | None = None
    p_value: float | None = None
    f_statistic: float | None = None
    f_p_value: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """Everything that was compared."""

    by: Sequence[str]  # what makes pairs
    metrics: Sequence[str]
    correction: Correction
    level: float  # differences are called so at adjusted p-values up to it
    confidence: float  # of the intervals, each by itself
    groups: Sequence[GroupSummary]
    pairs: Sequence[PairResult]  # by metric, then by group
    omnibus: Sequence[Omnibus]
    reason: str  # why nothing could be compared; empty when something was
