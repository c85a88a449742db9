"""Registered models over the protocol."""

from dataclasses import dataclass
from datetime import datetime

from everlearn.access import Role
from everlearn.registry.aliases import Wish
from everlearn.registry.as_of import Past
from everlearn.registry.catalogue import Asked, Catalogue, ModelRecord, VersionRecord
from everlearn.registry.mlflow import messages as m
from everlearn.registry.mlflow.rules import (
    checked_alias,
    checked_key,
    checked_name,
    checked_value,
    given_description,
    given_stage,
    given_tags,
    page_size,
    version_number,
)
from everlearn.web.mlflow import Call, Empty, Route, operation

MOST_MODELS = 1_000


@dataclass(frozen=True, slots=True)
class ModelDoor:
    """What the routes do."""

    catalogue: Catalogue

    def create(self, call: Call, asked: m.CreateModel) -> m.OneModel:
        """Make a model."""
        made = self.catalogue.create(
            call.project,
            checked_name(asked.name or ""),
            description=given_description(asked.description),
            tags=given_tags(asked.tags),
            actor=call.actor,
        )
        return m.OneModel(model_out(made))

    def get(self, call: Call, asked: m.ModelByName) -> m.OneModel:
        """Give one model."""
        found = self.catalogue.get(call.project, checked_name(asked.name or ""))
        return m.OneModel(model_out(found if call.as_of is None else Past(self.catalogue, call.as_of).model(found)))

    def rename(self, call: Call, asked: m.RenameModel) -> m.OneModel:
        """Give a model another name."""
        name, wanted = checked_name(asked.name or ""), checked_name(asked.new_name or "")
        return m.OneModel(model_out(self.catalogue.rename(call.project, name, wanted)))

    def describe(self, call: Call, asked: m.DescribeModel) -> m.OneModel:
        """Describe a model."""
        name = checked_name(asked.name or "")
        return m.OneModel(model_out(self.catalogue.describe(call.project, name, given_description(asked.description))))

    def delete(self, call: Call, asked: m.ModelByName) -> Empty:
        """Remove a model."""
        self.catalogue.delete(call.project, checked_name(asked.name or ""), actor=call.actor)
        return Empty()

    def search(self, call: Call, asked: m.Search) -> m.Models:
        """Find models."""
        size = page_size(asked.max_results, default=100, most=MOST_MODELS)
        question = Asked(filter=asked.filter, order_by=asked.order_by or (), limit=size, token=asked.page_token or None)
        found, token = self.catalogue.search(call.project, question)
        seen = found if call.as_of is None else Past(self.catalogue, call.as_of).models(found)
        return m.Models([model_out(one) for one in seen], token)

    def latest(self, call: Call, asked: m.LatestVersions) -> m.Versions:
        """Give the newest version in each stage."""
        stages = [given_stage(stage) for stage in asked.stages or ()]
        then = self.catalogue if call.as_of is None else Past(self.catalogue, call.as_of)
        found = then.latest(call.project, checked_name(asked.name or ""), stages)
        return m.Versions([version_out(one) for one in found])

    def put_tag(self, call: Call, asked: m.ModelTag) -> Empty:
        """Set a tag."""
        key = checked_key(asked.key or "")
        value = checked_value(key, asked.value or "")
        self.catalogue.put_tag(call.project, checked_name(asked.name or ""), None, key, value, actor=call.actor)
        return Empty()

    def delete_tag(self, call: Call, asked: m.ModelTag) -> Empty:
        """Take a tag away."""
        name, key = checked_name(asked.name or ""), checked_key(asked.key or "")
        self.catalogue.delete_tag(call.project, name, None, key, actor=call.actor)
        return Empty()

    def set_alias(self, call: Call, asked: m.Alias) -> Empty:
        """Let an alias name a version."""
        name, alias, number = checked_name(asked.name or ""), checked_alias(asked.alias or ""), asked.version
        self.catalogue.aliases.set(_wish(call, name, alias, version_number(number)))
        return Empty()

    def delete_alias(self, call: Call, asked: m.Alias) -> Empty:
        """Take an alias away."""
        name, alias = checked_name(asked.name or ""), checked_alias(asked.alias or "")
        self.catalogue.aliases.set(_wish(call, name, alias, None))
        return Empty()

    def by_alias(self, call: Call, asked: m.Alias) -> m.OneVersion:
        """Give the version that an alias names."""
        then = self.catalogue if call.as_of is None else Past(self.catalogue, call.as_of)
        found = then.by_alias(call.project, checked_name(asked.name or ""), checked_alias(asked.alias or ""))
        return m.OneVersion(version_out(found))


def model_routes(catalogue: Catalogue) -> tuple[Route, ...]:
    """List the routes."""
    door, base, look, log = ModelDoor(catalogue), "/mlflow/registered-models", Role.VIEWER, Role.CONTRIBUTOR
    return (
        operation("POST", f"{base}/create", log, door.create, m.CreateModel, "name"),
        operation("POST", f"{base}/rename", log, door.rename, m.RenameModel, "name new_name"),
        operation("PATCH", f"{base}/update", log, door.describe, m.DescribeModel, "name"),
        operation("DELETE", f"{base}/delete", log, door.delete, m.ModelByName, "name"),
        operation("GET", f"{base}/get", look, door.get, m.ModelByName, "name"),
        operation("GET", f"{base}/search", look, door.search, m.Search),
        operation("GET", f"{base}/get-latest-versions", look, door.latest, m.LatestVersions, "name"),
        operation("POST", f"{base}/get-latest-versions", look, door.latest, m.LatestVersions, "name"),
        operation("POST", f"{base}/set-tag", log, door.put_tag, m.ModelTag, "name key value"),
        operation("DELETE", f"{base}/delete-tag", log, door.delete_tag, m.ModelTag, "name key"),
        operation("POST", f"{base}/alias", log, door.set_alias, m.Alias, "name alias version"),
        operation("DELETE", f"{base}/alias", log, door.delete_alias, m.Alias, "name alias"),
        operation("GET", f"{base}/alias", look, door.by_alias, m.Alias, "name alias"),
    )


def model_out(record: ModelRecord) -> m.ModelOut:
    """Write a model."""
    row = record.model
    return m.ModelOut(
        name=row.name,
        creation_timestamp=_milliseconds(row.created_at),
        last_updated_timestamp=_milliseconds(row.updated_at),
        description=row.description or None,
        latest_versions=[version_out(one) for one in record.latest],
        tags=[m.TagOut(key, value) for key, value in record.tags.items()],
        aliases=[m.AliasOut(alias, str(number)) for alias, number in record.aliases.items()],
    )


def version_out(record: VersionRecord) -> m.VersionOut:
    """Write a version."""
    row = record.version
    return m.VersionOut(
        name=row.model,
        version=str(row.number),
        creation_timestamp=_milliseconds(row.created_at),
        last_updated_timestamp=_milliseconds(row.updated_at),
        current_stage=row.stage,
        source=row.source,
        status="READY",
        user_id=row.registered_by,
        run_id=row.run_id,
        description=row.description,
        run_link=row.run_link or None,
        model_id=row.model_id or None,
        tags=[m.TagOut(key, value) for key, value in record.tags.items()],
        aliases=[*record.aliases],
    )


def _wish(call: Call, name: str, alias: str, number: int | None) -> Wish:
    return Wish(
        project=call.project,
        model=name,
        alias=alias,
        number=number,
        reason="set by a client of MLflow's protocol",
        actor=call.actor,
        role=call.role,
    )


def _milliseconds(at: datetime) -> int:
    return round(at.timestamp() * 1000)
