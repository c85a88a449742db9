"""What was once written can be read for ever: a stored sample of every revision of every event."""

import importlib.util
import json
from pathlib import Path
from typing import Any

import pytest
from tests.eventlog.conftest import CATALOGUE as OLD
from tests.eventlog.conftest import NEWER_CATALOGUE as NEW

from everlearn.app.events import CATALOGUE
from everlearn.eventlog import Event, UnknownEvent

SAMPLES = Path(__file__).with_name("samples")
SCRIPT = Path(__file__).parents[2] / "scripts/event_samples.py"


def payload_of(name: str, revision: int) -> Any:
    path = SAMPLES / f"{name}@{revision}.json"
    assert path.exists(), f"{path.name} is missing: run python scripts/event_samples.py and commit what it stores"
    return json.loads(path.read_text())


def script() -> Any:
    spec = importlib.util.spec_from_file_location("event_samples", SCRIPT)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("event", list(CATALOGUE), ids=lambda event: event.name)
def test_the_newest_revision_reads_its_sample_field_by_field(event: type[Event]) -> None:
    payload = payload_of(event.name, event.revision)

    found = CATALOGUE.decode(event.name, event.revision, payload)

    assert type(found) is event
    assert json.loads(CATALOGUE.encode(found)) == payload  # a field more, less or otherwise named is another revision


@pytest.mark.parametrize("event", list(CATALOGUE), ids=lambda event: event.name)
def test_every_older_revision_is_still_read(event: type[Event]) -> None:
    for revision in range(1, event.revision):
        assert type(CATALOGUE.decode(event.name, revision, payload_of(event.name, revision))) is event


@pytest.mark.parametrize("path", sorted(SAMPLES.glob("*.json")), ids=lambda path: path.stem)
def test_every_sample_is_of_an_event_that_is_known(path: Path) -> None:
    name, _, revision = path.stem.partition("@")

    found = CATALOGUE.decode(name, int(revision), json.loads(path.read_text()))

    assert not isinstance(found, UnknownEvent), f"{path.stem} was written once: it must stay in the catalogue"


def test_the_script_stores_what_is_missing_and_never_touches_what_is_there(tmp_path: Path) -> None:
    samples = script()

    first = {path.name for path in samples.stored(OLD, tmp_path)}
    before = (tmp_path / "t.named@1.json").read_text()
    second = {path.name for path in samples.stored(NEW, tmp_path)}

    assert first == {"t.counted@1.json", "t.named@1.json"}
    assert second == {"t.named@2.json"}
    assert (tmp_path / "t.named@1.json").read_text() == before
    assert json.loads((tmp_path / "t.named@2.json").read_text()) == {"titles": ["some titles"]}
