"""What a kind of decision is called, what its rule asks, and what would have turned it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from everlearn.core.decisions import Decision, Verdict
from everlearn.decisions.pages.evidence import amount, amounts, part, text
from everlearn.web.formats import number
from everlearn.web.view import Status, Tone


@dataclass(frozen=True, slots=True, kw_only=True)
class Wording:
    """How people speak of one kind of decision."""

    title: Callable[[Decision], str]
    question: str  # the rule in words
    failed: Tone  # how urgent a `fail` is
    turn: Callable[[Decision], str]  # what would have changed it


def wording(decision: Decision) -> Wording:
    """Give the words for a decision; kinds that nobody has words for get plain ones."""
    return _WORDINGS.get(decision.kind, _PLAIN)


def verdict_status(decision: Decision) -> Status:
    """Give the verdict with its tone."""
    match decision.finding.verdict:
        case Verdict.PASS:
            return Status(word="pass", tone=Tone.GOOD)
        case Verdict.FAIL:
            return Status(word="fail", tone=wording(decision).failed)
        case Verdict.NOT_EVALUATED:
            return Status(word="not evaluated", tone=Tone.IDLE)


def kinds() -> tuple[str, ...]:
    """Name the kinds there are words for, in the order of a model's life."""
    return tuple(_WORDINGS)


def _gate_title(decision: Decision) -> str:
    return f"Gate of version {text(decision.parameters, 'candidate', '?')}"


def _gate_turn(decision: Decision) -> str:
    asked, evidence = decision.parameters, decision.finding.evidence
    minimum = amount(asked, "minimum_improvement")
    found = amounts(evidence, "improvement", "lower")
    if decision.finding.verdict is Verdict.NOT_EVALUATED:
        rows, days = text(asked, "minimum_rows"), text(asked, "minimum_blocks")
        return f"Held-out data of at least {rows} rows on {days} days: then it would have been judged."
    if found is None or minimum is None:
        return "Answers to every held-out row that are numbers."
    improvement, lower = found
    if decision.finding.verdict is Verdict.PASS:
        slack = min(improvement - minimum, lower)
        return f"An improvement smaller by {number(slack)} or more would have failed it."
    needs = []
    if lower <= 0:
        needs.append(f"an interval that begins above 0 (it began at {number(lower)})")
    if improvement < minimum:
        needs.append(f"an improvement of at least {number(minimum)} (it was {number(improvement)})")
    return f"To pass, {' and '.join(needs)}." if needs else ""


def _level_title(decision: Decision) -> str:
    return f"Error level of version {text(decision.parameters, 'version', '?')}"


def _level_turn(decision: Decision) -> str:
    found = amounts(decision.finding.evidence, "smoothed", "limit")
    if found is None:
        return "More windows with enough labels: a level is judged from the third on."
    smoothed, limit = found
    if decision.finding.verdict is Verdict.PASS:
        return (
            f"A smoothed error above {number(limit)}, which is {number(limit - smoothed)} more, or a sudden jump "
            "within the series, would have failed it."
        )
    if smoothed > limit:
        return f"A smoothed error of at most {number(limit)}, which is {number(smoothed - limit)} less, would pass."
    return "A series without a sudden jump in its newest window would pass."


def _drift_title(decision: Decision) -> str:
    return f"Input drift of version {text(decision.parameters, 'version', '?')}"


def _drift_turn(decision: Decision) -> str:
    minimum = amount(decision.parameters, "minimum_psi")
    columns = part(decision.finding.evidence, "columns")
    if minimum is None or not columns:
        return f"At least {text(decision.parameters, 'minimum_rows', 'some')} rows in the window."
    if decision.finding.verdict is Verdict.FAIL:
        return f"A stability index below {number(minimum)} in each of: {text(decision.finding.evidence, 'drifted')}."
    nearest = max(columns, key=lambda name: amount(part(columns, name), "psi") or 0.0)
    psi = amount(part(columns, nearest), "psi")
    return (
        f"A column that is significant after false-discovery control and reaches an index of {number(minimum)}; "
        f"{nearest} came nearest with {number(psi)}."
    )


def _step_title(decision: Decision) -> str:
    asked = decision.parameters
    return (
        f"Rollout of version {text(asked, 'candidate', '?')}, step {text(asked, 'step', '?')} "
        f"of {text(asked, 'steps', '?')} ({text(asked, 'phase')})"
    )


def _step_turn(decision: Decision) -> str:
    evidence, asked = decision.finding.evidence, decision.parameters
    harmless = part(evidence, "harmless")
    found = amounts(harmless, "max_log_e", "needed_log_e")
    match decision.finding.verdict:
        case Verdict.FAIL:
            return "No test that proves harm: see which bar reaches 1."
        case Verdict.PASS:
            return f"Harm proven by any test, or a candidate not shown to be within {text(asked, 'margin')} of error."
        case Verdict.NOT_EVALUATED:
            pairs, wanted = amount(evidence, "pairs"), amount(asked, "minimum_pairs")
            if pairs is not None and wanted is not None and pairs < wanted:
                return f"{number(int(wanted - pairs))} more labelled pairs, and harmlessness or harm proven on them."
            if found is None:
                return "Proof of harm or of harmlessness."
            return (
                f"{number(found[1] - found[0])} more in the log e-value of harmlessness, or any test that proves harm."
            )


def _review_title(decision: Decision) -> str:
    return f"Retraining after version {text(decision.parameters, 'version', '?')}"


def _review_turn(decision: Decision) -> str:
    found = amounts(decision.finding.evidence, "expected_gain", "expected_cost")
    if found is None or decision.finding.verdict is Verdict.NOT_EVALUATED:
        return "More labelled answers of the champion."
    gain, cost = found
    money = text(decision.parameters, "currency")
    gap = number(abs(gain - cost))
    if decision.finding.verdict is Verdict.PASS:
        return f"A cost higher, or a gain lower, by {gap} {money}."
    return f"A gain higher, or a cost lower, by {gap} {money}."


def _plain_title(decision: Decision) -> str:
    return decision.kind.replace(".", ": ").replace("_", " ")


def _nothing(_decision: Decision) -> str:
    return ""


_PLAIN = Wording(title=_plain_title, question="", failed=Tone.ACT, turn=_nothing)

_WORDINGS: Mapping[str, Wording] = {
    "quality.gate": Wording(
        title=_gate_title,
        question="On held-out rows that neither learned from: is the candidate's error lower, surely and by enough?",
        failed=Tone.STOPPED,
        turn=_gate_turn,
    ),
    "rollouts.step": Wording(
        title=_step_title,
        question="On the same live requests: is harm proven, is harmlessness proven, or is it too early to tell? "
        "Every look is allowed: the tests are anytime-valid.",
        failed=Tone.STOPPED,
        turn=_step_turn,
    ),
    "monitoring.error_level": Wording(
        title=_level_title,
        question="Is the mean absolute error of the windows still at the level it had on held-out days?",
        failed=Tone.ACT,
        turn=_level_turn,
    ),
    "monitoring.input_drift": Wording(
        title=_drift_title,
        question="Do the inputs still look as in training? Columns count when they are significant after "
        "false-discovery control and the shift is large enough to matter.",
        failed=Tone.WATCH,
        turn=_drift_turn,
    ),
    "retraining.review": Wording(
        title=_review_title,
        question="Would a retraining bring more than it costs?",
        failed=Tone.IDLE,
        turn=_review_turn,
    ),
}


def subject_href(project: str, subject: str) -> str:
    """Give the page of what a decision is about; empty where it has none."""
    kind, _, name = subject.partition(":")
    owner, _, model = name.partition("/")
    return f"/projects/{project}/models/{model}" if kind == "model" and owner == project and model else ""
