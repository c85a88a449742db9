"""Logged models that have a successor are packed against it."""

import random
from typing import Any

import pytest
from tests.tracking.protocol import Server, server_of
from tests.tracking.test_mlflow_models import MODELS, logged, shown

from everlearn.blobs import BlobStore
from everlearn.core.clock import ManualClock
from everlearn.core.digest import digest_bytes
from everlearn.db import Database
from everlearn.eventlog import EventLog
from everlearn.storage import Packing
from everlearn.tracking import Files
from everlearn.tracking.events import ModelReady
from everlearn.tracking.packing import ModelPacking

WEIGHTS = random.Random(1).randbytes(30_000)
FIRST, SECOND = WEIGHTS + b" first", WEIGHTS + b" second"


@pytest.fixture
def server(db: Database, log: EventLog, blobs: BlobStore, clock: ManualClock) -> Server:
    return server_of(db, log, blobs, clock)


@pytest.fixture
def packing(db: Database, blobs: BlobStore, clock: ManualClock) -> ModelPacking:
    return ModelPacking(db, Files(db, blobs, clock), Packing(db, blobs))


def checkpoint(server: Server, content: bytes, name: str = "net", *, status: str = "LOGGED_MODEL_READY") -> str:
    model = logged(server, name)
    root = shown(server, model)["info"]["artifact_uri"].removeprefix("mlflow-artifacts:/")
    server.send("PUT", f"/mlflow-artifacts/artifacts/{root}/weights.bin", content=content)
    finalized(server, model, status)
    return model


def finalized(server: Server, model: str, status: str) -> None:
    server.send("PATCH", f"{MODELS}/{model}", json={"model_id": model, "status": status})


def pack(packing: ModelPacking, model: str) -> None:
    packing.pack_predecessor("default", model, heartbeat=lambda: None)


def test_a_checkpoint_is_packed_against_the_next_of_its_name(
    server: Server, packing: ModelPacking, blobs: BlobStore
) -> None:
    checkpoint(server, FIRST)
    checkpoint(server, random.Random(2).randbytes(30_000), "another")
    pack(packing, checkpoint(server, SECOND))

    assert blobs.needs(digest_bytes(FIRST)) == (digest_bytes(SECOND),)
    assert blobs.stored_bytes(digest_bytes(FIRST)) < 1_000
    assert blobs.get(digest_bytes(FIRST)) == FIRST


def test_a_checkpoint_whose_files_never_arrived_is_passed_over(
    server: Server, packing: ModelPacking, blobs: BlobStore
) -> None:
    checkpoint(server, FIRST)
    checkpoint(server, WEIGHTS + b" half", status="LOGGED_MODEL_UPLOAD_FAILED")
    pack(packing, checkpoint(server, SECOND))

    assert blobs.needs(digest_bytes(FIRST)) == (digest_bytes(SECOND),)


def test_that_files_have_arrived_is_announced_once(server: Server, db: Database, log: EventLog) -> None:
    model = checkpoint(server, FIRST)
    finalized(server, model, "LOGGED_MODEL_READY")

    announced: list[Any] = [entry.event for entry in entries(db, log) if isinstance(entry.event, ModelReady)]

    assert [(event.project, event.model, event.model_id) for event in announced] == [("default", "net", model)]


def entries(db: Database, log: EventLog) -> list[Any]:
    with db.read() as tx:
        return list(log.read(tx, after=0, limit=100))
