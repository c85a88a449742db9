"""What aliases named at any instant, against a naive replay of the log; going back; reading the past by protocol."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.promotion.test_contracts import MODELS, VERSIONS, made, pointed, ruled
from tests.tracking.protocol import Server, aliases_of, server_of

from everlearn.app.events import CATALOGUE
from everlearn.blobs import BlobStore, open_blobs
from everlearn.core.actor import Actor
from everlearn.core.clock import ManualClock, iso
from everlearn.db import Database, open_database
from everlearn.db.migrate import migrate
from everlearn.eventlog import EventLog
from everlearn.policies import Policies
from everlearn.registry import Aliases
from everlearn.registry.aliases import Wish
from everlearn.registry.events import AliasMoved
from everlearn.registry.model import AliasNotFoundError, ContractUnmetError, NothingBeforeError

ADA = Actor("user:ada")
BEGIN = datetime(2026, 1, 1, tzinfo=UTC)
TICK = timedelta(microseconds=1)
NAMES = ("a", "b")

steps = st.lists(
    st.one_of(
        st.tuples(st.just("set"), st.sampled_from(NAMES), st.integers(1, 3)),
        st.tuples(st.just("take"), st.sampled_from(NAMES), st.just(0)),
        st.tuples(st.just("remove"), st.just(""), st.integers(1, 3)),
        st.tuples(st.just("wait"), st.just(""), st.integers(1, 3)),
        st.tuples(st.just("back"), st.just(""), st.integers(1, 3)),  # a clock that is set back
    ),
    max_size=25,
)


@pytest.fixture
def aliases(db: Database, log: EventLog, blobs: BlobStore, clock: ManualClock) -> Aliases:
    return aliases_of(db, log, blobs, clock)


def wish(number: int | None = None, alias: str = "champion") -> Wish:
    return Wish(
        project="default", model="My model", alias=alias, number=number, reason="a reason", actor=ADA, role=None
    )


def named(aliases: Aliases, alias: str, at: datetime, model: str = "My model") -> int | None:
    try:
        return aliases.resolve("default", model, alias, as_of=at).number
    except AliasNotFoundError:
        return None


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(plan=steps)
def test_every_instant_resolves_as_a_replay_of_the_log_does(plan: list[Any], world: "World") -> None:
    server, aliases, clock = world.server, world.aliases, world.clock
    name = f"model {next(world.numbers)}"
    made(server, name, versions=3)
    for kind, alias, number in plan:
        if kind in {"set", "take"}:
            method = "POST" if kind == "set" else "DELETE"
            body = {"name": name, "alias": alias} | ({"version": str(number)} if kind == "set" else {})
            server.send(method, f"{MODELS}/alias", json=body)  # one that was removed is refused: no move
        elif kind == "remove":
            server.send("DELETE", f"{VERSIONS}/delete", json={"name": name, "version": str(number)})
        else:
            clock.at += number * TICK if kind == "wait" else -number * TICK
    with aliases.db.read() as tx:
        entries = aliases.log.about(tx, f"model:default/{name}", limit=1_000, names=["registry.alias_moved"])[::-1]
    instants = {entry.at + shift * TICK for entry in entries for shift in (-1, 0, 1)}

    for at in sorted(instants):
        replayed: dict[str, int | None] = {}
        for entry in entries:
            assert isinstance(entry.event, AliasMoved)
            if entry.at <= at:
                replayed[entry.event.alias] = entry.event.after
        assert {alias: named(aliases, alias, at, name) for alias in NAMES} == {
            alias: replayed.get(alias) for alias in NAMES
        }
    clock.at = max([clock.at, *instants])


@dataclass(frozen=True)
class World:
    """One registry; what it says of itself when an example fails is short."""

    server: Server = field(repr=False)
    aliases: Aliases = field(repr=False)
    clock: ManualClock
    numbers: Iterator[int]


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """One registry for all examples: each has a model of its own."""
    folder: Path = tmp_path_factory.mktemp("world")
    db = open_database(f"sqlite:///{folder / 'everlearn.db'}")
    migrate(db)
    clock, blobs = ManualClock(BEGIN), open_blobs(f"file://{folder / 'blobs'}")
    log = EventLog(CATALOGUE, clock)
    yield World(server_of(db, log, blobs, clock), aliases_of(db, log, blobs, clock), clock, count())
    db.close()


def test_a_move_is_in_force_from_its_instant_until_just_before_the_next(
    server: Server, aliases: Aliases, clock: ManualClock
) -> None:
    made(server, versions=2)
    pointed(server, 1)
    clock.at += timedelta(hours=1)
    pointed(server, 2)
    clock.at += timedelta(hours=1)
    server.send("DELETE", f"{MODELS}/alias", json={"name": "My model", "alias": "champion"})

    def at(hours: int, ticks: int = 0) -> int | None:
        return named(aliases, "champion", BEGIN + timedelta(hours=hours) + ticks * TICK)

    assert [at(0, -1), at(0), at(1, -1), at(1), at(2, -1), at(2), at(9)] == [None, 1, 1, 2, 2, None, None]


def test_what_was_removed_is_known_to_have_been_named(server: Server, aliases: Aliases, clock: ManualClock) -> None:
    made(server, versions=2)
    pointed(server, 1)
    clock.at += timedelta(hours=1)
    server.send("DELETE", f"{MODELS}/delete", json={"name": "My model"})
    clock.at += timedelta(hours=1)
    made(server)  # another model under the name, with another version 1
    pointed(server, 1)

    then = aliases.resolve("default", "My model", "champion", as_of=BEGIN)
    now = aliases.resolve("default", "My model", "champion")
    assert ((then.number, then.is_deleted), (now.number, now.is_deleted)) == ((1, True), (1, False))
    assert named(aliases, "champion", BEGIN + timedelta(hours=1)) is None


def test_a_rollback_goes_to_what_was_before_or_to_an_instant_and_passes_the_contract(
    server: Server, aliases: Aliases, policies: Policies, clock: ManualClock
) -> None:
    made(server, versions=3)
    for number in (1, 2, 3):
        pointed(server, number)
        clock.at += timedelta(hours=1)

    assert aliases.roll_back(wish(), expected=3) == 2
    with pytest.raises(NothingBeforeError, match="names version 2, not 3"):
        aliases.roll_back(wish(), expected=3)  # the same request once more
    assert aliases.roll_back(wish(), as_of=BEGIN) == 1
    with pytest.raises(NothingBeforeError, match="nothing to go back to"):
        aliases.roll_back(wish(), as_of=BEGIN - TICK)
    ruled(policies, alias="champion", description=True)
    with pytest.raises(ContractUnmetError, match="description"):
        aliases.roll_back(wish())
    server.send("DELETE", f"{VERSIONS}/delete", json={"name": "My model", "version": "2"})
    with pytest.raises(NothingBeforeError, match="removed since"):
        aliases.roll_back(wish())


def test_an_address_of_the_past_is_read_by_any_client_and_changes_nothing(server: Server, clock: ManualClock) -> None:
    made(server)
    pointed(server, 1)
    clock.at += timedelta(hours=1)
    server.post(f"{VERSIONS}/create", name="My model", source="s3://bucket/later")
    pointed(server, 2)
    past = Server(server.app, f"/projects/default/as-of/{iso(BEGIN + timedelta(minutes=30))}")

    found = past.get(f"{MODELS}/alias", name="My model", alias="champion").body["model_version"]
    assert (found["version"], found["aliases"]) == ("1", ["champion"])
    model = past.get(f"{MODELS}/get", name="My model").body["registered_model"]
    assert (model["aliases"], [one["version"] for one in model["latest_versions"]]) == (
        [{"alias": "champion", "version": "1"}],
        ["1"],
    )
    assert past.get(f"{VERSIONS}/get", name="My model", version="2").code == "RESOURCE_DOES_NOT_EXIST"
    assert [one["version"] for one in past.get(f"{VERSIONS}/search").body["model_versions"]] == ["1"]
    latest = past.post(f"{MODELS}/get-latest-versions", name="My model").body["model_versions"]
    assert [one["version"] for one in latest] == ["1"]
    for method, path, body in (
        ("POST", f"{MODELS}/alias", {"name": "My model", "alias": "champion", "version": "1"}),
        ("DELETE", f"{MODELS}/delete", {"name": "My model"}),
        ("POST", "/mlflow/runs/create", {"experiment_id": "0"}),
    ):
        assert past.send(method, path, json=body).code == "PERMISSION_DENIED"
    before = Server(server.app, f"/as-of/{iso(BEGIN - TICK)}")
    assert before.get(f"{MODELS}/get", name="My model").code == "RESOURCE_DOES_NOT_EXIST"
    assert before.get(f"{MODELS}/search").body == {}
    assert Server(server.app, "/as-of/yesterday").get(f"{MODELS}/search").code == "INVALID_PARAMETER_VALUE"
