"""What the worker does for governance."""

from dataclasses import dataclass

from everlearn.core.clock import parse_instant
from everlearn.governance.service import Cards
from everlearn.jobs import JobContext


@dataclass(frozen=True, slots=True)
class GovernanceTasks:
    """Handler of the job `governance.card`."""

    cards: Cards

    def write_card(self, context: JobContext) -> None:
        """Write the card of a version that was registered or changed its stage."""
        asked = context.job.arguments
        self.cards.write(
            str(asked["project"]),
            str(asked["model"]),
            int(str(asked["version"])),
            effective_at=parse_instant(str(asked["effective_at"])),
            cause=context.cause,
        )
