"""Everything that a version's page shows, read once: whatever was not recorded is missing, and no failure."""

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass

from everlearn.core.actor import system
from everlearn.core.decisions import Decision
from everlearn.core.errors import NotFoundError
from everlearn.core.lineage import Edge, Node, NodeKind, Relation, version_id
from everlearn.governance.pages.mlmodel import SignedColumn, columns_of, example_of
from everlearn.governance.service import Cards
from everlearn.lineage import Lineage
from everlearn.lineage.pages import Found, look_around
from everlearn.promotion import Inspector
from everlearn.promotion.inspection import FileInspector
from everlearn.registry import Aliases, AliasMove, Catalogue, ModelVersion, StageMove
from everlearn.registry.aliases import Wish
from everlearn.registry.catalogue import VersionRecord
from everlearn.registry.ports import Condition
from everlearn.tracking import Files, RunDetail
from everlearn.tracking.files import Child

ASKED_BY = system("pages")
CONTRACTED = ("champion", "production")
_OWN = "mlflow-artifacts:/"
_MOST_DECISIONS, _MOST_MOVES = 20, 500
_LARGEST_EXAMPLE, _LARGEST_MLMODEL = 4_000, 1_000_000  # bytes
_DEEPEST = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class FileShown:
    """One file of a version."""

    path: str
    size_bytes: int
    is_unsafe: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class VersionFacts:
    """A version with what is around it."""

    record: VersionRecord
    strict: ModelVersion | None  # None: it is in the catalogue only
    around: Found
    decisions: Sequence[Decision]  # newest first
    alias_moves: Sequence[AliasMove]  # that came to it or left it, newest first
    stage_moves: Sequence[StageMove]
    conditions: Mapping[str, Sequence[Condition]]  # by alias
    run: RunDetail | None
    columns: Sequence[SignedColumn]
    example: str
    files: Sequence[FileShown]
    card: str

    @property
    def roles(self) -> Sequence[Edge]:
        """Give the stretches of time in which it stood in traffic, newest first."""
        roles = {Relation.CHAMPION, Relation.CANARY, Relation.SHADOW}
        return sorted(
            (edge for edge in self.around.edges if edge.relation in roles and edge.source == self.node),
            key=lambda edge: edge.recorded_at,
            reverse=True,
        )

    @property
    def node(self) -> Node:
        """Give it as a node of lineage."""
        row = self.record.version
        return Node(NodeKind.VERSION, version_id(row.model, row.number))


@dataclass(frozen=True, slots=True)
class Desk:
    """Whom a version's page asks."""

    catalogue: Catalogue
    aliases: Aliases
    cards: Cards
    lineage: Lineage
    files: Files

    def facts(self, project: str, model: str, number: int) -> VersionFacts:
        """Read everything about a version.

        Raises
        ------
        VersionNotFoundError
            When there is none of that number.
        """
        record = self.catalogue.version(project, model, number)
        around = look_around(self.lineage, project, f"version:{version_id(model, number)}")
        strict, card, run = None, "", None
        with suppress(NotFoundError):
            strict = self.cards.registry.version(project, model, number)
        with suppress(NotFoundError):
            card = self.cards.read(project, model, number)
        with suppress(NotFoundError):
            run = self.cards.tracking.detail(record.version.run_id) if record.version.run_id else None
        folder = self._folder(project, record)
        described = self._text(project, f"{folder}/MLmodel", _LARGEST_MLMODEL) if folder else ""
        example = example_of(described)
        return VersionFacts(
            record=record,
            strict=strict,
            around=around,
            decisions=self._decisions(project, around, strict),
            alias_moves=self._moves(project, model, number),
            stage_moves=() if strict is None else self.cards.registry.stage_history(project, model, number),
            conditions=self._conditions(project, model, record),
            run=run if run is not None and run.run.project == project else None,
            columns=columns_of(described) if strict is None else _strict_columns(strict),
            example=self._text(project, f"{folder}/{example}", _LARGEST_EXAMPLE) if example else "",
            files=self._files(project, folder) if folder else (),
            card=card,
        )

    def _decisions(self, project: str, around: Found, strict: ModelVersion | None) -> Sequence[Decision]:
        if strict is None:
            return ()
        ids = [node.id for node in around.nodes if node.kind is NodeKind.DECISION]
        found = [self.cards.decisions.get(project, one) for one in ids[: 5 * _MOST_DECISIONS]]
        return sorted(found, key=lambda one: one.effective_at, reverse=True)[:_MOST_DECISIONS]

    def _moves(self, project: str, model: str, number: int) -> Sequence[AliasMove]:
        page = self.cards.registry.alias_history(project, model, limit=_MOST_MOVES)
        return [move for move in page.items if number in {move.before, move.after}]

    def _conditions(self, project: str, model: str, record: VersionRecord) -> Mapping[str, Sequence[Condition]]:
        found = {}
        for alias in dict.fromkeys((*CONTRACTED, *record.aliases)):
            if not self.aliases.contract.concerns(project, model, alias):
                continue
            wish = Wish(
                project=project,
                model=model,
                alias=alias,
                number=record.version.number,
                reason="shown on a page",
                actor=ASKED_BY,
                role=None,
            )
            if conditions := self.aliases.check(wish):
                found[alias] = conditions
        return found

    def _folder(self, project: str, record: VersionRecord) -> str:
        try:
            place = self.catalogue.files_of(project, record.version.model, record.version.number)
        except NotFoundError:
            return ""
        return place.removeprefix(_OWN).strip("/") if place.startswith(_OWN) else ""

    def _text(self, project: str, path: str, largest: int) -> str:
        content = b""
        with suppress(NotFoundError):
            for chunk in self.files.open(project, path)[1]:
                content += chunk
                if len(content) > largest:
                    break
        return content[:largest].decode(errors="replace")

    def _files(self, project: str, folder: str) -> Sequence[FileShown]:
        inspector: Inspector = FileInspector(self.files)
        inspected = inspector.inspect(project, folder)
        unsafe = frozenset() if inspected is None else frozenset(inspected.unsafe_files)
        return [
            FileShown(path=path, size_bytes=child.size_bytes or 0, is_unsafe=path in unsafe)
            for path, child in self._walk(project, folder, "", _DEEPEST)
        ]

    def _walk(self, project: str, folder: str, below: str, depth: int) -> Iterator[tuple[str, Child]]:
        for child in self.files.children(project, f"{folder}/{below}".rstrip("/")):
            path = f"{below}/{child.name}".lstrip("/")
            if child.size_bytes is not None:
                yield path, child
            elif depth:
                yield from self._walk(project, folder, path, depth - 1)


def _strict_columns(version: ModelVersion) -> list[SignedColumn]:
    taken = [SignedColumn(role="input", name=one.name, datatype=one.datatype) for one in version.signature.inputs]
    given = [
        SignedColumn(
            role="output",
            name=one.name,
            datatype=one.datatype,
            note=f"from {one.minimum:g} to {one.maximum:g}",
        )
        for one in version.signature.outputs
    ]
    return taken + given


def metrics_of(facts: VersionFacts) -> dict[str, float]:
    """Give what a version was measured to be: by its own record, else by its run."""
    if facts.strict is not None and facts.strict.metrics:
        numbers = facts.strict.metrics.items()
        return {key: float(value) for key, value in numbers if isinstance(value, int | float)}
    return {} if facts.run is None else {key: one.value for key, one in facts.run.metrics.items()}


def words_of(text: str) -> str:
    """Make a code a phrase: `moved_by_rollout` is "moved by rollout"."""
    return re.sub(r"[_.]+", " ", text)
