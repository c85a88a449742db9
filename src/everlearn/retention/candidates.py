"""Gathering what rules look at, page by page."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from everlearn.db import Tx
from everlearn.registry.store.keeping import versions_of_logged_models, versions_of_runs
from everlearn.retention.model import Candidate, RetentionPolicy
from everlearn.retention.protection import Held
from everlearn.tracking.store import purging as facts
from everlearn.tracking.store.purging import RunFacts
from everlearn.tracking.store.runs import instant_of

_AT_ONCE = 300
_ENDED = frozenset({"FINISHED", "FAILED", "KILLED"})
_FAILED = frozenset({"FAILED", "KILLED"})
_BEFORE_ALL = (-1, 0, "")


@dataclass(frozen=True, slots=True)
class Candidates:
    """Runs and logged models of a project, as rules see them."""

    tx: Tx
    project: str
    policy: RetentionPolicy
    held: Held

    def all(self) -> Iterator[Candidate]:
        """Give every run, by experiment and the newest first, then every deleted logged model."""
        yield from self._runs()
        yield from self._models()

    def _runs(self) -> Iterator[Candidate]:
        place, experiment, rank = _BEFORE_ALL, -1, 0
        while page := facts.runs_after(self.tx, self.project, place, limit=_AT_ONCE):
            tags = facts.some_tags(self.tx, [run.no for run in page], sorted(self.policy.tags))
            needed = versions_of_runs(self.tx, self.project, [run.id for run in page])
            for run in page:
                if run.experiment_no != experiment:
                    experiment, rank = run.experiment_no, 0
                yield self._run(run, rank, tags.get(run.no, {}), tuple(needed.get(run.id, ())))
                rank += run.deleted_ms is None and run.status in _ENDED
            place = page[-1].place

    def _run(self, run: RunFacts, rank: int, tags: dict[str, str], needed_by: tuple[str, ...]) -> Candidate:
        return Candidate(
            kind="run",
            id=run.id,
            experiment=run.experiment,
            root=run.artifact_root,
            deleted_at=_instant(run.deleted_ms),
            ended_at=instant_of(run.end_ms or run.start_ms) if run.status in _ENDED else None,
            is_failed=run.status in _FAILED,
            rank=rank,
            has_files=bool(run.has_files),
            tags=tags,
            needed_by=needed_by,
            held_by=self._held_by(run.artifact_root),
        )

    def _models(self) -> Iterator[Candidate]:
        after = -1
        while page := facts.deleted_models_after(self.tx, self.project, after, limit=_AT_ONCE):
            needed = versions_of_logged_models(self.tx, self.project, [model.id for model in page])
            for model in page:
                yield Candidate(
                    kind="logged-model",
                    id=model.id,
                    experiment=model.experiment,
                    root=model.artifact_root,
                    deleted_at=_instant(model.deleted_ms),
                    ended_at=None,
                    is_failed=False,
                    rank=0,
                    has_files=True,
                    tags={},
                    needed_by=tuple(needed.get(model.id, ())),
                    held_by=self._held_by(model.artifact_root),
                )
            after = page[-1].no

    def _held_by(self, folder: str) -> tuple[str, ...]:
        return tuple(hold.subject for hold in self.held.on(folder))


def _instant(milliseconds: int | None) -> datetime | None:
    return None if milliseconds is None else instant_of(milliseconds)
