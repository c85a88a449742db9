"""A decision is a value: a rule, its parameters, the data it saw, the evidence it computed, and a verdict.

Whoever has the rule's code and the recorded window can compute the same evidence again; that is what
`everlearn decisions replay` does. `not_evaluated` never counts as a pass.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from everlearn.core.digest import Digest
from everlearn.core.json import JSONObject, JSONValue


class Verdict(StrEnum):
    """What came out."""

    PASS = "pass"  # noqa: S105  # a verdict, not a password
    FAIL = "fail"
    NOT_EVALUATED = "not_evaluated"


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """What a rule says of a window: the part of a decision that can be computed again."""

    verdict: Verdict
    reason: str  # one sentence for people, with the numbers in it
    evidence: JSONObject  # statistic, interval, n, error budget spent; finite numbers only


Rule = Callable[[JSONObject, JSONValue], Finding]
"""A pure function of (parameters, window): no clock, no randomness without a seed among the parameters."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """One automatic decision, complete enough to be argued with."""

    id: str
    project: str
    kind: str  # "quality.gate", "rollouts.step", "retraining.review", ...
    subject: str  # what it is about, e.g. "model:eta/3"
    rule: str  # name@revision of the rule, e.g. "quality.paired_error@1"
    parameters: JSONObject
    window: Digest  # the exact data that the rule saw, as canonical JSON in the blob store
    finding: Finding
    effective_at: datetime  # event time: which moment of the world it decides about
    decided_at: datetime  # recorded time


Rules = Mapping[str, Rule]
