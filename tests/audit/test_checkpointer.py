"""Signing as the log grows, by the injected clock."""

from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.audit.conftest import NOON, SIGNER, Trail, trail_on

from everlearn.audit import Checkpointer
from everlearn.db import Database
from everlearn.eventlog.checkpoint import Checkpoint, Checkpoints, notes
from everlearn.eventlog.merkle import verify_consistency
from everlearn.eventlog.tree import LogTree


def signed_sizes(trail: Trail) -> list[int]:
    with trail.db.read() as tx:
        return [Checkpoint.from_note(note, SIGNER.verifier).size for note in notes(tx)]


@pytest.fixture
def trail(db: Database) -> Trail:
    return trail_on(db)


@pytest.fixture
def checkpointer(trail: Trail) -> Checkpointer:
    return Checkpointer(trail.db, Checkpoints(SIGNER, trail.clock))


def test_an_empty_log_is_left_alone(checkpointer: Checkpointer, trail: Trail) -> None:
    assert checkpointer.pump() == 0
    assert signed_sizes(trail) == []


def test_the_first_entries_are_signed_at_once(checkpointer: Checkpointer, trail: Trail) -> None:
    trail.append(1)

    assert [checkpointer.pump(), checkpointer.pump()] == [1, 0]
    assert signed_sizes(trail) == [1]


def test_few_entries_are_signed_when_the_last_checkpoint_is_old_enough(
    checkpointer: Checkpointer, trail: Trail
) -> None:
    trail.append(1)
    checkpointer.pump()
    trail.append(255)

    trail.clock.at = NOON + timedelta(seconds=10)
    assert checkpointer.pump() == 0
    trail.clock.at = NOON + timedelta(seconds=10, microseconds=1)
    assert checkpointer.pump() == 1
    assert signed_sizes(trail) == [1, 256]


def test_many_entries_are_signed_without_waiting(checkpointer: Checkpointer, trail: Trail) -> None:
    trail.append(1)
    checkpointer.pump()
    trail.append(256)

    assert checkpointer.pump() == 1
    assert signed_sizes(trail) == [1, 257]


def test_nothing_new_is_not_signed_again_however_old(checkpointer: Checkpointer, trail: Trail) -> None:
    trail.append(1)
    checkpointer.pump()
    trail.clock.at = NOON + timedelta(days=1)

    assert checkpointer.pump() == 0


def test_without_a_key_nothing_is_signed(trail: Trail) -> None:
    trail.append(300)

    assert Checkpointer(trail.db, None).pump() == 0
    assert signed_sizes(trail) == []


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(counts=st.lists(st.integers(1, 40), min_size=2, max_size=8))
def test_any_two_checkpoints_that_are_ever_signed_are_consistent(sqlite_db: Database, counts: list[int]) -> None:
    trail = trail_on(sqlite_db)
    for count in counts:
        trail.append(count)
        trail.audit.checkpoint()

    with trail.db.read() as tx:
        signed = [Checkpoint.from_note(note, SIGNER.verifier) for note in notes(tx)][-8:]
        tree = LogTree(tx)
        for old in signed:
            for new in signed:
                if old.size <= new.size:
                    proof = tree.consistency(old.size, new.size)
                    verify_consistency(old.size, new.size, proof, old.root, new.root)
