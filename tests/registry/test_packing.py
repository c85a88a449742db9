"""Old versions of registered models are packed against their successors, and what that saves is told."""

import random

import pytest
from tests.registry.test_mlflow import MODELS, VERSIONS
from tests.registry.test_registry import register as register_version
from tests.tracking.protocol import Server, aliases_of, server_of

from everlearn.blobs import BlobStore
from everlearn.core.clock import ManualClock
from everlearn.db import Database
from everlearn.eventlog import Catalogue as Events
from everlearn.eventlog import EventLog
from everlearn.registry import Catalogue, Registry
from everlearn.registry.events import EVENTS
from everlearn.registry.packing import VersionPacking
from everlearn.storage import Packing
from everlearn.storage.events import EVENTS as STORAGE_EVENTS
from everlearn.tracking import Files, Models, Tracking
from everlearn.tracking.events import EVENTS as TRACKING_EVENTS

WEIGHTS = random.Random(1).randbytes(30_000)


@pytest.fixture
def log(clock: ManualClock) -> EventLog:
    return EventLog(Events((*EVENTS, *TRACKING_EVENTS, *STORAGE_EVENTS)), clock)


@pytest.fixture
def server(db: Database, log: EventLog, blobs: BlobStore, clock: ManualClock) -> Server:
    return server_of(db, log, blobs, clock)


@pytest.fixture
def packing(db: Database, log: EventLog, blobs: BlobStore, clock: ManualClock) -> VersionPacking:
    tracking, models = Tracking(db, log, blobs, clock), Models(db, log, clock)
    catalogue = Catalogue(db, log, clock, tracking, models, aliases_of(db, log, blobs, clock))
    return VersionPacking(db, blobs, catalogue, Files(db, blobs, clock), Packing(db, blobs))


def register(server: Server, content: bytes) -> str:
    """Log a model of two files to a run and register it, as clients do."""
    run = server.run()
    root = server.shown(run)["info"]["artifact_uri"].removeprefix("mlflow-artifacts:/")
    for path, written in (("model/MLmodel", b"flavors: {}"), ("model/data/weights.bin", content)):
        server.send("PUT", f"/mlflow-artifacts/artifacts/{root}/{path}", content=written)
    server.post(f"{VERSIONS}/create", name="net", source=f"runs:/{run}/model", run_id=run)
    return f"{root}/model/data/weights.bin"


def pack(packing: VersionPacking, *numbers: int) -> None:
    for number in numbers:
        packing.pack_predecessor("default", "net", number, heartbeat=lambda: None)


def test_a_version_is_packed_against_its_successor_and_downloads_the_same(
    server: Server, packing: VersionPacking, blobs: BlobStore
) -> None:
    server.post(f"{MODELS}/create", name="net")
    contents = [WEIGHTS + bytes([number]) * 40 for number in range(3)]
    paths = [register(server, content) for content in contents]

    pack(packing, 1, 2, 3)

    usage = packing.usage_of("default", "net")
    assert (usage.versions, usage.files) == (3, 6)
    assert usage.full_bytes == 3 * (len(WEIGHTS) + 40 + len(b"flavors: {}"))
    assert len(WEIGHTS) < usage.stored_bytes < len(WEIGHTS) + 2_000
    assert usage.ratio == usage.stored_bytes / usage.full_bytes
    for path, content in zip(paths, contents, strict=True):
        assert server.get(f"/mlflow-artifacts/artifacts/{path}").content == content


def test_a_version_that_was_removed_is_passed_over(server: Server, packing: VersionPacking, blobs: BlobStore) -> None:
    server.post(f"{MODELS}/create", name="net")
    for number in range(3):
        register(server, WEIGHTS + bytes([number]) * 40)
    server.send("DELETE", f"{VERSIONS}/delete", json={"name": "net", "version": "2"})

    pack(packing, 3)

    assert packing.usage_of("default", "net").stored_bytes < len(WEIGHTS) + 2_000


def test_versions_kept_elsewhere_have_nothing_to_pack(server: Server, packing: VersionPacking) -> None:
    server.post(f"{MODELS}/create", name="net")
    for number in range(2):
        server.post(f"{VERSIONS}/create", name="net", source=f"s3://bucket/{number}")

    pack(packing, 2)

    usage = packing.usage_of("default", "net")
    assert (usage.versions, usage.full_bytes, usage.stored_bytes, usage.ratio) == (2, 0, 0, 1.0)


def test_versions_that_can_be_deployed_are_packed_too(
    registry: Registry, packing: VersionPacking, blobs: BlobStore
) -> None:
    for number in (1, 2):
        register_version(registry, model_digest=blobs.put(WEIGHTS + bytes([number])), source_key=f"key {number}")

    packing.pack_predecessor("default", "eta", 2, heartbeat=lambda: None)

    (usage,) = packing.usage("default").items
    assert (usage.model, usage.versions, usage.files) == ("eta", 2, 2)
    assert usage.full_bytes == 2 * len(WEIGHTS) + 2
    assert len(WEIGHTS) < usage.stored_bytes < len(WEIGHTS) + 1_000


def test_models_are_listed_by_page(server: Server, packing: VersionPacking) -> None:
    for name in ("a", "b", "c"):
        server.post(f"{MODELS}/create", name=name)

    first = packing.usage("default", limit=2)
    rest = packing.usage("default", after=first.next, limit=2)

    assert [usage.model for usage in (*first.items, *rest.items)] == ["a", "b", "c"]
    assert rest.next is None
