"""Model versions over the protocol."""

from dataclasses import dataclass

from everlearn.access import Role
from everlearn.registry.as_of import Past
from everlearn.registry.catalogue import Asked, Catalogue, NewEntry
from everlearn.registry.mlflow import messages as m
from everlearn.registry.mlflow.models import version_out
from everlearn.registry.mlflow.rules import (
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

MOST_VERSIONS = 200_000


@dataclass(frozen=True, slots=True)
class VersionDoor:
    """What the routes do."""

    catalogue: Catalogue

    def create(self, call: Call, asked: m.CreateVersion) -> m.OneVersion:
        """Register a version."""
        new = NewEntry(
            model=checked_name(asked.name or ""),
            source=asked.source or "",
            run_id=asked.run_id or "",
            run_link=asked.run_link or "",
            model_id=asked.model_id or "",
            description=given_description(asked.description),
            tags=given_tags(asked.tags),
        )
        return m.OneVersion(version_out(self.catalogue.add(call.project, new, actor=call.actor)))

    def get(self, call: Call, asked: m.VersionByNumber) -> m.OneVersion:
        """Give one version."""
        name, number = checked_name(asked.name or ""), version_number(asked.version)
        found = self.catalogue.version(call.project, name, number)
        return m.OneVersion(
            version_out(found if call.as_of is None else Past(self.catalogue, call.as_of).version(found))
        )

    def describe(self, call: Call, asked: m.DescribeVersion) -> m.OneVersion:
        """Describe a version."""
        name, number = checked_name(asked.name or ""), version_number(asked.version)
        found = self.catalogue.describe_version(call.project, name, number, given_description(asked.description))
        return m.OneVersion(version_out(found))

    def delete(self, call: Call, asked: m.VersionByNumber) -> Empty:
        """Remove a version."""
        name, number = checked_name(asked.name or ""), version_number(asked.version)
        self.catalogue.delete_version(call.project, name, number, actor=call.actor)
        return Empty()

    def search(self, call: Call, asked: m.Search) -> m.Versions:
        """Find versions."""
        size = page_size(asked.max_results, default=10_000, most=MOST_VERSIONS)
        question = Asked(filter=asked.filter, order_by=asked.order_by or (), limit=size, token=asked.page_token or None)
        found, token = self.catalogue.search_versions(call.project, question)
        seen = found if call.as_of is None else Past(self.catalogue, call.as_of).versions(found)
        return m.Versions([version_out(one) for one in seen], token)

    def download_uri(self, call: Call, asked: m.VersionByNumber) -> m.DownloadUri:
        """Tell where the files of a version are."""
        name, number = checked_name(asked.name or ""), version_number(asked.version)
        return m.DownloadUri(self.catalogue.files_of(call.project, name, number))

    def move_stage(self, call: Call, asked: m.MoveStage) -> m.OneVersion:
        """Write down the stage that a client gives a version."""
        name, number = checked_name(asked.name or ""), version_number(asked.version)
        moved = self.catalogue.move_stage(
            call.project,
            name,
            number,
            given_stage(asked.stage or ""),
            archive=bool(asked.archive_existing_versions),
        )
        return m.OneVersion(version_out(moved))

    def put_tag(self, call: Call, asked: m.VersionTag) -> Empty:
        """Set a tag."""
        name, number, key = checked_name(asked.name or ""), version_number(asked.version), checked_key(asked.key or "")
        self.catalogue.put_tag(call.project, name, number, key, checked_value(key, asked.value or ""), actor=call.actor)
        return Empty()

    def delete_tag(self, call: Call, asked: m.VersionTag) -> Empty:
        """Take a tag away."""
        name, number, key = checked_name(asked.name or ""), version_number(asked.version), checked_key(asked.key or "")
        self.catalogue.delete_tag(call.project, name, number, key, actor=call.actor)
        return Empty()


def version_routes(catalogue: Catalogue) -> tuple[Route, ...]:
    """List the routes."""
    door, base, look, log = VersionDoor(catalogue), "/mlflow/model-versions", Role.VIEWER, Role.CONTRIBUTOR
    one, tag = "name version", "name version key"
    return (
        operation("POST", f"{base}/create", log, door.create, m.CreateVersion, "name source"),
        operation("PATCH", f"{base}/update", log, door.describe, m.DescribeVersion, one),
        operation("DELETE", f"{base}/delete", log, door.delete, m.VersionByNumber, one),
        operation("GET", f"{base}/get", look, door.get, m.VersionByNumber, one),
        operation("GET", f"{base}/search", look, door.search, m.Search),
        operation("GET", f"{base}/get-download-uri", look, door.download_uri, m.VersionByNumber, one),
        operation(
            "POST",
            f"{base}/transition-stage",
            log,
            door.move_stage,
            m.MoveStage,
            f"{one} stage archive_existing_versions",
        ),
        operation("POST", f"{base}/set-tag", log, door.put_tag, m.VersionTag, f"{tag} value"),
        operation("DELETE", f"{base}/delete-tag", log, door.delete_tag, m.VersionTag, tag),
    )
