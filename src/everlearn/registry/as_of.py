"""The registry as it was at an instant: what there was, and what aliases named.

Versions made later are not there, and aliases name what they named. Tags, descriptions and stages are those of today,
because only moves of aliases are kept with their times; and what was removed since cannot be shown.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from everlearn.core.clock import iso
from everlearn.registry.catalogue import Catalogue, ModelRecord, VersionRecord
from everlearn.registry.model import ModelNotFoundError, VersionNotFoundError
from everlearn.registry.store import catalogue as store
from everlearn.registry.store import moves


@dataclass(frozen=True, slots=True)
class Past:
    """Turns what the catalogue says today into what it would have said."""

    catalogue: Catalogue
    at: datetime

    def by_alias(self, project: str, name: str, alias: str) -> VersionRecord:
        """Give the version that an alias named.

        Raises
        ------
        AliasNotFoundError, VersionNotFoundError
            When it named none, or one that was removed since.
        """
        found = self.catalogue.aliases.resolve(project, name, alias, as_of=self.at)
        if found.is_deleted:
            raise VersionNotFoundError(
                f"{alias} of {name[:80]} named version {found.number} at {iso(self.at)}; it was removed since"
            )
        return self.version(self.catalogue.version(project, name, found.number))

    def version(self, record: VersionRecord) -> VersionRecord:
        """Give a version with the aliases that it had."""
        (seen,) = self.versions([record]) or (None,)
        if seen is None:
            row = record.version
            raise VersionNotFoundError(f"Model Version (name={row.model}, version={row.number}) not found then")
        return seen

    def versions(self, records: Sequence[VersionRecord]) -> list[VersionRecord]:
        """Give those that were there, with the aliases that they had."""
        there = [one for one in records if one.version.created_at <= self.at]
        with self.catalogue.db.read() as tx:
            keys = sorted({(one.version.project, one.version.model) for one in there})
            named = {key: moves.aliases_as_of(tx, *key, self.at) for key in keys}
        return [one._replace(aliases=_of(one, named[one.version.project, one.version.model])) for one in there]

    def model(self, record: ModelRecord) -> ModelRecord:
        """Give a model as it was."""
        (seen,) = self.models([record]) or (None,)
        if seen is None:
            raise ModelNotFoundError(f"Registered Model with name={record.model.name[:80]} not found then")
        return seen

    def models(self, records: Sequence[ModelRecord]) -> list[ModelRecord]:
        """Give those that were there."""
        return [self._model(one) for one in records if one.model.created_at <= self.at]

    def latest(self, project: str, name: str, stages: Sequence[str]) -> list[VersionRecord]:
        """Give what was the newest version in each of these stages (none: in every stage)."""
        with self.catalogue.db.read() as tx:
            rows = store.newest_by_stage(tx, project, name, until=self.at)
        found = [self.catalogue.version(project, name, row.number) for row in rows]
        return self.versions([one for one in found if not stages or one.version.stage in stages])

    def _model(self, record: ModelRecord) -> ModelRecord:
        project, name = record.model.project, record.model.name
        with self.catalogue.db.read() as tx:
            aliases = moves.aliases_as_of(tx, project, name, self.at)
        return record._replace(aliases=aliases, latest=self.latest(project, name, ()))


def _of(record: VersionRecord, named: dict[str, int]) -> list[str]:
    return [alias for alias, number in named.items() if number == record.version.number]
