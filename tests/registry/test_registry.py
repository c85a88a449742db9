import threading
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

import pytest

from everlearn.blobs import BlobStore
from everlearn.core.actor import Actor
from everlearn.core.clock import ManualClock
from everlearn.core.digest import Digest, digest_bytes
from everlearn.core.errors import InvalidError
from everlearn.core.page import Page
from everlearn.db import Database
from everlearn.eventlog import EventLog
from everlearn.registry import (
    AliasMoved,
    Column,
    DatasetUse,
    Lineage,
    ModelVersion,
    NewVersion,
    OutputColumn,
    Registry,
    Signature,
    Stage,
    StageMoved,
    VersionRegistered,
)
from everlearn.registry.model import (
    AliasNotFoundError,
    BadAliasError,
    BadSignatureError,
    FlavourRefusedError,
    IllegalMoveError,
    ModelNotFoundError,
    VersionNotFoundError,
)

ALICE = Actor("user:alice")
JANUARY = datetime(2013, 1, 31, tzinfo=UTC)
FLIGHTS = DatasetUse(name="flights", version=3, digest=digest_bytes(b"flights 3"))
WEATHER = DatasetUse(name="weather", version=1, digest=digest_bytes(b"weather 1"))
SIGNATURE = Signature(
    inputs=(Column(name="distance", datatype="FP32"), Column(name="hour", datatype="FP32")),
    outputs=(OutputColumn(name="air_time", datatype="FP32", minimum=0.0, maximum=1_000.0),),
)
T = TypeVar("T")


def new(**changes: Any) -> NewVersion:
    run_id = changes.get("run_id", "run_1")
    made = NewVersion(
        project="default",
        model="eta",
        run_id=run_id,
        model_digest=digest_bytes(b"model"),
        signature=SIGNATURE,
        lineage=Lineage(
            datasets=(FLIGHTS, WEATHER), pipeline_run_id="prun_1", run_id=run_id, code_digest=digest_bytes(b"code")
        ),
        profile_digest=digest_bytes(b"profile"),
        holdout_digest=digest_bytes(b"holdout"),
        trained_through=JANUARY,
        metrics={"mae": 8.4, "rows": 27_004},
        source_key="prun_1",
    )
    return replace(made, **changes)


def register(registry: Registry, **changes: Any) -> ModelVersion:
    with registry.db.write() as tx:
        return registry.register_version(tx, new(**changes), actor=ALICE)


def move(registry: Registry, number: int, stage: Stage) -> ModelVersion:
    with registry.db.write() as tx:
        return registry.move(tx, "default", "eta", number, stage, reason="a reason", actor=ALICE)


def point(registry: Registry, number: int | None, alias: str = "champion") -> None:
    with registry.db.write() as tx:
        registry.set_alias(tx, "default", "eta", alias, number, reason="a reason", actor=ALICE)


def events_of(registry: Registry) -> list[object]:
    with registry.db.read() as tx:
        return [entry.event for entry in registry.log.read(tx, after=0, limit=100)]


def all_pages(ask: Callable[[str | None], Page[T]]) -> list[Sequence[T]]:
    pages, after = [], None
    while True:
        page = ask(after)
        pages.append(page.items)
        if page.next is None:
            return pages
        after = page.next


def test_a_registered_version_is_read_back_whole(registry: Registry, clock: ManualClock) -> None:
    version = register(registry)

    assert registry.version("default", "eta", 1) == version
    assert (version.number, version.stage, version.registered_at) == (1, Stage.CANDIDATE, clock.at)
    assert (version.signature, version.metrics) == (SIGNATURE, {"mae": 8.4, "rows": 27_004})
    assert registry.version("default", "eta", 1).lineage.datasets == (FLIGHTS, WEATHER)


def test_registering_the_same_source_again_gives_the_same_version_and_no_event(registry: Registry) -> None:
    first = register(registry)

    again = register(registry, metrics={"mae": 1.0})
    second = register(registry, source_key="prun_2")

    assert again == first
    assert second.number == 2
    assert [type(event) for event in events_of(registry)] == [VersionRegistered, VersionRegistered]


def test_the_event_tells_when_the_registration_took_effect(registry: Registry) -> None:
    register(registry)
    register(registry, source_key="prun_2", effective_at=JANUARY + timedelta(days=7))

    effective = [event.effective_at for event in events_of(registry) if isinstance(event, VersionRegistered)]
    assert effective == [JANUARY, JANUARY + timedelta(days=7)]


def test_versions_registered_at_the_same_time_get_different_numbers(registry: Registry) -> None:
    threads = [
        threading.Thread(target=register, args=(registry,), kwargs={"source_key": f"prun_{number % 4}"})
        for number in range(8)
    ]

    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    versions = registry.versions("default", "eta").items
    assert [version.number for version in versions] == [4, 3, 2, 1]
    assert len(events_of(registry)) == 4


def test_a_transaction_that_fails_later_registers_nothing(registry: Registry) -> None:
    def register_and_fail() -> None:
        with registry.db.write() as tx:
            registry.register_version(tx, new(), actor=ALICE)
            raise InvalidError("something else went wrong")

    with pytest.raises(InvalidError):
        register_and_fail()

    with pytest.raises(ModelNotFoundError):
        registry.model("default", "eta")


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"flavour": "pickle"}, FlavourRefusedError),
        ({"flavour": "sklearn"}, FlavourRefusedError),
        ({"model": "No Such Name"}, InvalidError),
        ({"project": "../x"}, InvalidError),
        ({"model_digest": Digest("md5:abc")}, InvalidError),
        ({"profile_digest": Digest("sha256:abc")}, InvalidError),
        ({"source_key": ""}, InvalidError),
        ({"run_id": "run_2", "lineage": new().lineage}, InvalidError),
        ({"signature": replace(SIGNATURE, inputs=())}, BadSignatureError),
        ({"signature": replace(SIGNATURE, inputs=SIGNATURE.inputs * 2)}, BadSignatureError),
        ({"signature": replace(SIGNATURE, inputs=(Column(name="x", datatype="FLOAT"),))}, BadSignatureError),
        (
            {"signature": replace(SIGNATURE, outputs=(replace(SIGNATURE.outputs[0], minimum=2.0, maximum=1.0),))},
            BadSignatureError,
        ),
    ],
)
def test_a_request_that_cannot_be_right_changes_nothing(
    sqlite_registry: Registry, changes: dict[str, Any], error: type[Exception]
) -> None:
    with pytest.raises(error):
        register(sqlite_registry, **changes)

    assert sqlite_registry.models("default").items == []


def test_a_version_moves_along_its_life_with_reasons(registry: Registry, clock: ManualClock) -> None:
    register(registry)
    clock.at += timedelta(days=1)

    move(registry, 1, Stage.LIVE)
    move(registry, 1, Stage.LIVE)
    move(registry, 1, Stage.RETIRED)

    history = registry.stage_history("default", "eta", 1)
    assert [(one.before, one.after) for one in history] == [
        (None, Stage.CANDIDATE),
        (Stage.CANDIDATE, Stage.LIVE),
        (Stage.LIVE, Stage.RETIRED),
    ]
    assert (history[1].reason, history[1].actor, history[1].moved_at) == ("a reason", ALICE, clock.at)
    assert [event.after for event in events_of(registry) if isinstance(event, StageMoved)] == ["live", "retired"]


@pytest.mark.parametrize(
    ("way", "wrong"),
    [
        ([Stage.LIVE], Stage.CANDIDATE),
        ([Stage.RETIRED], Stage.CANDIDATE),
        ([Stage.RETIRED], Stage.REJECTED),
        ([Stage.REJECTED], Stage.RETIRED),
    ],
)
def test_a_version_does_not_move_where_no_way_leads(sqlite_registry: Registry, way: list[Stage], wrong: Stage) -> None:
    register(sqlite_registry)
    for stage in way:
        move(sqlite_registry, 1, stage)
    before = sqlite_registry.version("default", "eta", 1)

    with pytest.raises(IllegalMoveError, match="it can become"):
        move(sqlite_registry, 1, wrong)

    assert sqlite_registry.version("default", "eta", 1) == before


def test_an_alias_names_one_version_and_remembers_every_move(registry: Registry, clock: ManualClock) -> None:
    register(registry)
    register(registry, source_key="prun_2")
    assert registry.alias("default", "eta", "champion") is None

    point(registry, 1)
    point(registry, 1)
    clock.at += timedelta(days=1)
    point(registry, 2)
    point(registry, 1, alias="shadow")
    point(registry, None)

    assert registry.alias("default", "eta", "champion") is None
    assert registry.by_alias("default", "eta", "shadow").number == 1
    history = all_pages(lambda after: registry.alias_history("default", "eta", "champion", after=after, limit=2))
    assert [(one.before, one.after) for page in history for one in page] == [(2, None), (1, 2), (None, 1)]
    assert len(registry.alias_history("default", "eta").items) == 4
    assert len([event for event in events_of(registry) if isinstance(event, AliasMoved)]) == 4


def test_an_alias_names_only_what_exists(registry: Registry) -> None:
    register(registry)

    with pytest.raises(VersionNotFoundError):
        point(registry, 2)
    with pytest.raises(AliasNotFoundError):
        registry.by_alias("default", "eta", "champion")
    with registry.db.write() as tx, pytest.raises(ModelNotFoundError):
        registry.set_alias(tx, "default", "other", "champion", 1, reason="a reason", actor=ALICE)


@pytest.mark.parametrize("alias", ["latest", "3", "v3", "", "-x", "a b", "A", "a/b", "x" * 64])
def test_an_alias_cannot_be_taken_for_a_number(sqlite_registry: Registry, alias: str) -> None:
    register(sqlite_registry)

    with pytest.raises(BadAliasError):
        point(sqlite_registry, 1, alias=alias)


def test_models_are_listed_with_their_champions(registry: Registry) -> None:
    for name in ("eta", "fare", "demand"):
        register(registry, model=name)
    register(registry, project="other")
    register(registry, source_key="prun_2")
    point(registry, 1)

    pages = all_pages(lambda after: registry.models("default", after=after, limit=2))

    listed = [(model.name, model.newest, model.champion) for page in pages for model in page]
    assert listed == [("demand", 1, None), ("eta", 2, 1), ("fare", 1, None)]


def test_versions_are_listed_newest_first(registry: Registry) -> None:
    for number in range(1, 6):
        register(registry, source_key=f"prun_{number}")

    pages = all_pages(lambda after: registry.versions("default", "eta", after=after, limit=2))

    assert [[version.number for version in page] for page in pages] == [[5, 4], [3, 2], [1]]
    assert all(version.lineage.datasets == (FLIGHTS, WEATHER) for page in pages for version in page)
    with pytest.raises(InvalidError, match="not a key"):
        registry.versions("default", "eta", after="x")


@pytest.mark.parametrize("number", [0, -1, 2, 2**31, 2**70])
def test_a_version_that_is_not_there_is_not_found(registry: Registry, number: int) -> None:
    register(registry)

    with pytest.raises(VersionNotFoundError):
        registry.version("default", "eta", number)
    with pytest.raises(VersionNotFoundError):
        registry.version("other", "eta", 1)


@pytest.fixture
def sqlite_registry(sqlite_db: Database, log: EventLog, blobs: BlobStore, clock: ManualClock) -> Registry:
    return Registry(sqlite_db, log, blobs, clock)
