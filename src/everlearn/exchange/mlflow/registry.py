"""Registered models and versions of an MLflow database."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa

from everlearn.exchange.mlflow.database import MlflowDatabase
from everlearn.registry.facts import ModelFacts, VersionFacts
from everlearn.registry.sources import model_of_source

AT_ONCE = 100
DELETED = "Deleted_Internal"  # the stage under which MLflow keeps what is left of deleted versions


@dataclass(frozen=True, slots=True)
class MlflowRegistry:
    """The registry half of a workspace."""

    db: MlflowDatabase
    workspace: str

    def models(self) -> Iterator[ModelFacts]:
        """Give every registered model, by name."""
        table, after = self.db.tables["registered_models"], ""
        while True:
            query = self._own(sa.select(table), table).where(table.c.name > after)
            rows = self._all(query.order_by(table.c.name).limit(AT_ONCE))
            for row in rows:
                yield ModelFacts(
                    name=row.name,
                    description=row.description or "",
                    newest=self._newest(row.name),
                    created_at=_instant(row.creation_time),
                    updated_at=_instant(row.last_updated_time or row.creation_time),
                    tags=self._pairs("registered_model_tags", row.name, "key", "value"),
                    aliases=self._aliases(row.name),
                )
            if len(rows) < AT_ONCE:
                return
            after = rows[-1].name

    def versions(self, model: str) -> Iterator[VersionFacts]:
        """Give every version of a model that is not deleted, by number."""
        table, after = self.db.tables["model_versions"], 0
        tags = self._version_tags(model)
        while True:
            query = self._own(sa.select(table), table).where(table.c.name == model, table.c.version > after)
            rows = self._all(query.where(table.c.current_stage != DELETED).order_by(table.c.version).limit(AT_ONCE))
            for row in rows:
                yield _version(row, tags.get(row.version, {}))
            if len(rows) < AT_ONCE:
                return
            after = rows[-1].version

    def _newest(self, model: str) -> int:
        table = self.db.tables["model_versions"]
        query = self._own(sa.select(sa.func.max(table.c.version)), table).where(table.c.name == model)
        return self._all(query)[0][0] or 0

    def _aliases(self, model: str) -> dict[str, int]:
        """Read the aliases that name a version; MLflow keeps those of deleted versions, which name nothing."""
        versions = self.db.tables["model_versions"]
        query = self._own(sa.select(versions.c.version), versions).where(versions.c.name == model)
        living = {row[0] for row in self._all(query.where(versions.c.current_stage != DELETED))}
        aliases = self._pairs("registered_model_aliases", model, "alias", "version")
        return {alias: number for alias, number in aliases.items() if number in living}

    def _pairs(self, name: str, model: str, key: str, value: str) -> dict[str, Any]:
        table = self.db.tables[name]
        query = self._own(sa.select(table.c[key], table.c[value]), table).where(table.c.name == model)
        return {row[0]: "" if row[1] is None else row[1] for row in self._all(query.order_by(table.c[key]))}

    def _version_tags(self, model: str) -> dict[int, dict[str, str]]:
        table, found = self.db.tables["model_version_tags"], dict[int, dict[str, str]]()
        query = self._own(sa.select(table.c.version, table.c.key, table.c.value), table)
        for number, key, value in self._all(query.where(table.c.name == model)):
            found.setdefault(number, {})[key] = value or ""
        return found

    def _own(self, query: sa.Select[Any], table: sa.Table) -> sa.Select[Any]:
        return query.where(table.c.workspace == self.workspace) if "workspace" in table.c else query

    def _all(self, query: sa.Select[Any]) -> Sequence[Any]:
        with self.db.engine.connect() as connection:
            return connection.execute(query).all()


def _version(row: Any, tags: dict[str, str]) -> VersionFacts:
    source = row.source or ""
    return VersionFacts(
        model=row.name,
        number=row.version,
        source=source,
        run_id=row.run_id or "",
        run_link=row.run_link or "",
        model_id=model_of_source(source),
        description=row.description or "",
        stage=row.current_stage or "None",
        created_at=_instant(row.creation_time),
        updated_at=_instant(row.last_updated_time or row.creation_time),
        user=row.user_id or "",
        tags=tags,
    )


def _instant(milliseconds: int | None) -> datetime:
    return datetime.fromtimestamp((milliseconds or 0) / 1000, UTC)
