"""A model card: the facts, and the Markdown they make."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from everlearn.core.decisions import Decision
from everlearn.core.digest import Digest
from everlearn.core.errors import NotFoundError
from everlearn.core.json import JSONValue


@dataclass(frozen=True, slots=True, kw_only=True)
class Edition:
    """One writing of a card."""

    number: int
    digest: Digest  # of the Markdown
    facts_digest: Digest  # of the facts as canonical JSON
    effective_at: datetime  # event time


@dataclass(frozen=True, slots=True, kw_only=True)
class CardFacts:
    """Everything a card states; nothing in it is typed by hand."""

    model: str
    version: int
    stage: str
    effective_at: datetime
    inputs: Sequence[str]
    output: str
    output_range: tuple[float, float]
    model_digest: str
    run_id: str
    code_digest: str
    trained_through: datetime
    datasets: Sequence[tuple[str, int, str]]  # name, version, digest
    parameters: Mapping[str, str]
    metrics: Mapping[str, JSONValue]
    decisions: Sequence[Decision]


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """An edition with the facts that it states."""

    edition: Edition
    facts: CardFacts


class CardMissingError(NotFoundError):
    """No card has been written for that version yet."""

    code = "governance.card_missing"


def written(facts: CardFacts) -> str:
    """Write the card as Markdown."""
    low, high = facts.output_range
    return "\n".join(
        [
            f"# Model card: {facts.model}, version {facts.version}",
            "",
            f"Stage **{facts.stage}** as of {facts.effective_at:%Y-%m-%d %H:%M} UTC.",
            "Written from the platform's own records; nothing was typed by hand.",
            "",
            "## What it does",
            f"From {len(facts.inputs)} inputs ({', '.join(facts.inputs)})",
            f"it gives `{facts.output}`, accepted between {low:g} and {high:g}.",
            "",
            "## Where it comes from",
            f"- model bytes: `{facts.model_digest}`",
            f"- training run: `{facts.run_id}`",
            f"- code: `{facts.code_digest}`",
            f"- trained on data through {facts.trained_through:%Y-%m-%d}",
            *(f"- data set `{name}` version {number}: `{digest}`" for name, number, digest in facts.datasets),
            "",
            "## How it was trained",
            *_table(("parameter", "value"), sorted(facts.parameters.items())),
            "",
            "## How good it was on held-out data",
            *_table(("metric", "value"), ((name, _shown(value)) for name, value in sorted(facts.metrics.items()))),
            "",
            "## What was decided about it",
            *_table(
                ("when", "decision", "verdict", "why"),
                (
                    (f"{one.effective_at:%Y-%m-%d}", one.kind, one.finding.verdict.value, one.finding.reason)
                    for one in facts.decisions
                ),
            ),
            "",
        ]
    )


def _table(header: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> list[str]:
    lines = ["| " + " | ".join(" ".join(cell.split()).replace("|", "\\|") for cell in row) + " |" for row in rows]
    if not lines:
        return ["None recorded."]
    return ["| " + " | ".join(header) + " |", "|" + " --- |" * len(header), *lines]


def _shown(value: JSONValue) -> str:
    return f"{value:.4g}" if isinstance(value, float) else str(value)
