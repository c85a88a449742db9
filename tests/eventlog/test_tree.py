"""The tree as the database keeps it: roots and proofs of every size, whatever the batches that it grew in."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.eventlog import reference
from tests.eventlog.conftest import CATALOGUE, drafts

from everlearn.core.clock import SystemClock
from everlearn.core.errors import InvalidError
from everlearn.db import Database
from everlearn.eventlog import EventLog, store
from everlearn.eventlog.merkle import root_of, verify_consistency, verify_inclusion
from everlearn.eventlog.tree import BLOCK, LogTree

SIZES = (1, 2, 255, 256, 257, 511, 512, 513, 700)


def contents(db: Database) -> list[bytes]:
    with db.read() as tx:
        return [leaf.content for leaf in store.all_leaves(tx)]


@pytest.fixture
def grown(db: Database, log: EventLog) -> Database:
    """700 entries, in batches that end before, at and after the ends of blocks."""
    for batch in (1, 254, 1, 1, 300, 143):
        with db.write() as tx:
            log.append_all(tx, drafts(range(batch)))
    return db


@pytest.mark.parametrize("size", [0, *SIZES])
def test_the_root_of_any_size_is_that_of_the_definition(grown: Database, size: int) -> None:
    with grown.read() as tx:
        assert LogTree(tx).root(size) == reference.root(contents(grown)[:size])


@pytest.mark.parametrize("size", SIZES)
def test_proofs_are_those_of_the_definition(grown: Database, size: int) -> None:
    leaves = contents(grown)[:size]

    with grown.read() as tx:
        tree = LogTree(tx)
        for position in {1, size // 2 + 1, size}:
            assert tree.inclusion(position, size) == reference.path(position - 1, leaves)
        for old_size in {1, size // 2 + 1, size}:
            assert tree.consistency(old_size, size) == reference.proof(old_size, leaves)


def test_the_head_and_the_kept_roots_are_those_of_the_leaves(grown: Database) -> None:
    with grown.read() as tx:
        head, roots = store.read_head(tx).tree, store.all_block_roots(tx)
        leaves = store.leaves_between(tx, 0, 700)

    assert (head.size, head.root()) == (700, reference.root(contents(grown)))
    assert roots == {number: root_of(leaves[number * BLOCK : (number + 1) * BLOCK]) for number in range(2)}


@pytest.mark.parametrize("size", [-1, 701])
def test_a_size_that_the_log_never_had_is_refused(grown: Database, size: int) -> None:
    with grown.read() as tx, pytest.raises(InvalidError, match="700 entries"):
        LogTree(tx).root(size)


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    batches=st.lists(st.integers(1, 300), min_size=1, max_size=4), places=st.tuples(st.floats(0, 1), st.floats(0, 1))
)
def test_whatever_the_batches_everything_can_be_proved(
    sqlite_db: Database, batches: list[int], places: tuple[float, float]
) -> None:
    log = EventLog(CATALOGUE, SystemClock())
    for batch in batches:  # the log of the example before grows on
        with sqlite_db.write() as tx:
            log.append_all(tx, drafts(range(batch)))

    with sqlite_db.read() as tx:
        tree = LogTree(tx)
        size = 1 + int(places[0] * (log.size(tx) - 1))
        before = 1 + int(places[1] * (size - 1))
        (leaf,) = store.leaves_between(tx, before - 1, before)
        verify_inclusion(leaf, before - 1, size, tree.inclusion(before, size), tree.root(size))
        verify_consistency(before, size, tree.consistency(before, size), tree.root(before), tree.root(size))
        assert tree.root(log.size(tx)) == store.read_head(tx).tree.root()
