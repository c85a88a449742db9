"""Registering a version, or finishing a checkpoint, has the one before it packed: by the loop, without being asked."""

import json
import random
from pathlib import Path

import pytest
from tests.app.lived import Life, living

from everlearn.app.cli import run
from everlearn.core.actor import Actor
from everlearn.core.digest import Digest
from everlearn.registry.catalogue import NewEntry
from everlearn.tracking.models import NewModel

ALICE = Actor("user:alice")
WEIGHTS = random.Random(1).randbytes(30_000)


def checkpoint(life: Life, content: bytes) -> tuple[str, Digest]:
    """Log a model as clients do, and give its id and its file."""
    new = NewModel(experiment=0, name="net", model_type=None, source_run_id=None, params={}, tags={})
    model = life.platform.models.create("default", new).model
    stored = life.platform.files.write("default", f"{model.artifact_root}/weights.bin", [content])
    life.platform.models.finalize("default", model.id, "LOGGED_MODEL_READY", actor=ALICE)
    return model.id, stored.digest


def register(life: Life, model_id: str) -> None:
    entry = NewEntry(
        model="net", source=f"models:/{model_id}", run_id="", run_link="", model_id=model_id, description="", tags={}
    )
    life.platform.catalogue.add("default", entry, actor=ALICE)


def test_checkpoints_are_packed_when_the_next_is_ready(tmp_path: Path) -> None:
    with living(tmp_path) as life:
        _, first = checkpoint(life, WEIGHTS + b"1")
        _, second = checkpoint(life, WEIGHTS + b"2")
        life.worker.work_off()

        assert life.platform.blobs.needs(first) == (second,)
        assert life.platform.blobs.get(first) == WEIGHTS + b"1"


def test_nothing_is_packed_when_that_is_switched_off(tmp_path: Path) -> None:
    with living(tmp_path, pack_versions="off") as life:
        _, first = checkpoint(life, WEIGHTS + b"1")
        checkpoint(life, WEIGHTS + b"2")
        life.worker.work_off()

        assert list(life.platform.blobs.packed()) == []
        assert life.platform.blobs.exists(first)


def test_what_registered_versions_take_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with living(tmp_path) as life:
        life.platform.catalogue.create("default", "net", description="", tags={}, actor=ALICE)
        for number in range(3):
            model_id, _ = checkpoint(life, WEIGHTS + bytes([number]))
            register(life, model_id)
        life.worker.work_off()

    assert run(["--home", str(tmp_path), "models", "usage", "net", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert run(["--home", str(tmp_path), "models", "usage"]) == 0
    table = capsys.readouterr().out

    assert (told["versions"], told["full_bytes"]) == (3, 3 * (len(WEIGHTS) + 1))
    assert told["stored_bytes"] < len(WEIGHTS) + 2_000
    assert "net" in table
