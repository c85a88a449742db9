"""What came of checking data against a contract."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from everlearn.core.decisions import Verdict
from everlearn.core.json import JSONObject, canonical_json
from everlearn.datasets.model.contract import Severity

MOST_EXAMPLES = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """What came of one expectation: how many rows were looked at, how many are against it, and some of them."""

    expectation: str  # "temp lies between -50 and 130"
    severity: Severity
    verdict: Verdict  # not evaluated: there was nothing to look at
    checked: int  # rows
    found: int  # rows against it; for nulls: null rows, of which some may be allowed
    examples: tuple[JSONObject, ...] = ()

    @property
    def sentence(self) -> str:
        """Say what was expected and what was found."""
        counted = f"{self.found} of {self.checked} rows {'is' if self.found == 1 else 'are'} against it"
        example = f", such as {canonical_json(self.examples[0])}" if self.examples else ""
        return f"{self.expectation}: {counted}{example}"

    def joined(self, later: "Check") -> "Check":
        """Give what came of the expectation on both of two partitions."""
        verdicts = {self.verdict, later.verdict}
        order = (Verdict.FAIL, Verdict.PASS, Verdict.NOT_EVALUATED)
        return replace(
            self,
            severity=later.severity,
            verdict=next(verdict for verdict in order if verdict in verdicts),
            checked=self.checked + later.checked,
            found=self.found + later.found,
            examples=(*self.examples, *later.examples)[:MOST_EXAMPLES],
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What came of every expectation, of one partition or of a whole version. Known defects are in here, not hidden."""

    rows: int
    checks: tuple[Check, ...]

    @property
    def violations(self) -> tuple[Check, ...]:
        """Give what keeps a partition out."""
        return self._failed(Severity.REFUSE)

    @property
    def defects(self) -> tuple[Check, ...]:
        """Give what is not as it should be and was let in all the same."""
        return self._failed(Severity.REPORT)

    def _failed(self, severity: Severity) -> tuple[Check, ...]:
        return tuple(one for one in self.checks if one.verdict is Verdict.FAIL and one.severity is severity)


def joined_report(reports: Sequence[Report]) -> Report:
    """Give the report of several partitions as one, expectation by expectation."""
    checks: dict[str, Check] = {}
    for report in reports:
        for check in report.checks:
            known = checks.get(check.expectation)
            checks[check.expectation] = check if known is None else known.joined(check)
    return Report(rows=sum(report.rows for report in reports), checks=tuple(checks.values()))
