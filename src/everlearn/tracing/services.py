"""The services of tracing, which always come together."""

from dataclasses import dataclass

from everlearn.core.clock import Clock
from everlearn.db import Database
from everlearn.db.group import GroupWriter
from everlearn.eventlog import EventLog
from everlearn.tracing.assessing import Assessments
from everlearn.tracing.evaluating import Evaluations
from everlearn.tracing.scoring import Scorers
from everlearn.tracing.searching import TraceFinder
from everlearn.tracing.service import Traces


@dataclass(frozen=True, slots=True, kw_only=True)
class Tracing:
    """Traces, what is said of them, and what they are judged with."""

    traces: Traces
    finder: TraceFinder
    assessments: Assessments
    evaluations: Evaluations
    scorers: Scorers


def tracing_over(db: Database, writer: GroupWriter, log: EventLog, clock: Clock) -> Tracing:
    """Make the services over one database."""
    return Tracing(
        traces=Traces(db, writer, log, clock),
        finder=TraceFinder(db),
        assessments=Assessments(db, writer, clock),
        evaluations=Evaluations(db, log, clock),
        scorers=Scorers(db, log, clock),
    )
