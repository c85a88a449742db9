"""Writing model cards from the platform's own records."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

import msgspec

from everlearn.blobs import BlobStore
from everlearn.core.actor import system
from everlearn.core.clock import Clock
from everlearn.core.decisions import Decision
from everlearn.core.json import canonical_json
from everlearn.core.page import MAX_PAGE_SIZE
from everlearn.core.subjects import model_subject
from everlearn.db import Database
from everlearn.decisions import Decisions
from everlearn.eventlog import Cause, EventLog
from everlearn.governance import store
from everlearn.governance.events import CardWritten
from everlearn.governance.model import Card, CardFacts, CardMissingError, Edition, written
from everlearn.registry import ModelVersion, Registry
from everlearn.tracking import Tracking

ACTOR = system("governance")
LARGEST_NUMBER = 2**31 - 1
KINDS_ABOUT_VERSIONS = ("quality.gate", "rollouts.step")


@dataclass(frozen=True, slots=True)
class Cards:
    """The use cases of model cards."""

    db: Database
    log: EventLog
    clock: Clock
    blobs: BlobStore
    registry: Registry
    tracking: Tracking
    decisions: Decisions

    def write(
        self, project: str, model: str, number: int, *, effective_at: datetime, cause: Cause | None = None
    ) -> Edition:
        """Write a new edition of a version's card; the same facts again give the same edition."""
        facts = self._facts(self.registry.version(project, model, number), effective_at)
        digest = self.blobs.put(written(facts).encode())
        facts_digest = self.blobs.put(canonical_json(msgspec.to_builtins(facts)).encode())
        with self.db.write() as tx:
            last = store.newest(tx, project, model, number)
            if last is not None and (last.digest == digest or last.effective_at > effective_at):
                return last
            edition = Edition(
                number=1 if last is None else last.number + 1,
                digest=digest,
                facts_digest=facts_digest,
                effective_at=effective_at,
            )
            store.insert(tx, project, model, number, edition=edition, at=self.clock.now())
            event = CardWritten(
                project=project,
                model=model,
                version=number,
                edition=edition.number,
                digest=digest,
                effective_at=effective_at,
            )
            self.log.append(tx, event, actor=ACTOR, subject=model_subject(project, model), cause=cause)
        return edition

    def read(self, project: str, model: str, number: int) -> str:
        """Give the newest edition as Markdown.

        Raises
        ------
        CardMissingError
            When none was written yet.
        """
        return self.blobs.get(self._newest(project, model, number).digest).decode()

    def card(self, project: str, model: str, number: int) -> Card:
        """Give the newest edition with its facts, for programs.

        Raises
        ------
        CardMissingError
            When none was written yet.
        """
        edition = self._newest(project, model, number)
        return Card(edition=edition, facts=msgspec.json.decode(self.blobs.get(edition.facts_digest), type=CardFacts))

    def _newest(self, project: str, model: str, number: int) -> Edition:
        with self.db.read() as tx:
            edition = store.newest(tx, project, model, number) if 0 < number <= LARGEST_NUMBER else None
        if edition is None:
            raise CardMissingError(f"no card of version {number} of {model[:80]} has been written yet")
        return edition

    def _facts(self, version: ModelVersion, effective_at: datetime) -> CardFacts:
        output = version.signature.outputs[0]
        return CardFacts(
            model=version.model,
            version=version.number,
            stage=version.stage.value,
            effective_at=effective_at,
            inputs=[column.name for column in version.signature.inputs],
            output=output.name,
            output_range=(output.minimum, output.maximum),
            model_digest=version.model_digest,
            run_id=version.run_id,
            code_digest=version.lineage.code_digest,
            trained_through=version.trained_through,
            datasets=[(use.name, use.version, use.digest) for use in version.lineage.datasets],
            parameters=self.tracking.params(version.run_id),
            metrics=version.metrics,
            decisions=self._decisions_about(version),
        )

    def _decisions_about(self, version: ModelVersion) -> list[Decision]:
        about = (
            one
            for kind in KINDS_ABOUT_VERSIONS
            for one in self._decisions(version, kind)
            if one.parameters.get("candidate") == version.number
        )
        return sorted(about, key=lambda one: (one.effective_at, one.kind, one.id))

    def _decisions(self, version: ModelVersion, kind: str) -> Iterator[Decision]:
        subject, after = model_subject(version.project, version.model), None
        while True:
            page = self.decisions.list(version.project, subject=subject, kind=kind, after=after, limit=MAX_PAGE_SIZE)
            yield from page.items
            after = page.next
            if after is None:
                return
