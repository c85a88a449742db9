"""Reading the log and proving parts of it, on both engines."""

import base64
from dataclasses import replace

import pytest
from tests.audit.conftest import NOON, SIGNED_AT, SIGNER, SIZE, Measured, Trail, without_key
from tests.eventlog import reference

from everlearn.audit import ConsistencyProof, InclusionProof
from everlearn.audit.model import EntryNotFoundError, NothingSignedError
from everlearn.core.actor import Actor
from everlearn.core.errors import DamagedError, InvalidError
from everlearn.eventlog.checkpoint import Checkpoint
from everlearn.eventlog.merkle import leaf_hash, verify_consistency, verify_inclusion


def raw(text: str) -> bytes:
    return base64.b64decode(text)


def check(proof: InclusionProof) -> None:
    leaf = leaf_hash(proof.leaf.encode())
    assert leaf == raw(proof.leaf_hash)
    verify_inclusion(leaf, proof.position - 1, proof.size, [raw(each) for each in proof.hashes], raw(proof.root))


def check_growth(proof: ConsistencyProof) -> None:
    hashes = [raw(each) for each in proof.hashes]
    verify_consistency(proof.old_size, proof.size, hashes, raw(proof.old_root), raw(proof.root))


def test_entries_are_listed_newest_first_page_by_page(trail: Trail) -> None:
    first = trail.audit.entries(limit=2)
    second = trail.audit.entries(limit=2, after=first.next)
    last = trail.audit.entries(limit=1_000, after="3")

    assert [entry.position for entry in (*first.items, *second.items)] == [600, 599, 598, 597]
    assert ([entry.position for entry in last.items], last.next) == ([2, 1], None)


def test_entries_are_narrowed_by_subject_name_and_what_set_them_off(trail: Trail) -> None:
    with trail.db.write() as tx:
        first = trail.log.append(tx, Measured(number=1), actor=Actor("user:eve"), subject="new")
        trail.log.append(tx, Measured(number=2), actor=Actor("user:eve"), subject="new", cause=first.as_cause())

    about = trail.audit.entries(subject="new")
    set_off = trail.audit.entries(correlation=first.id)
    named = trail.audit.entries(name="t.nothing")

    assert [entry.position for entry in about.items] == [entry.position for entry in set_off.items] == [602, 601]
    assert [entry.cause_id for entry in about.items] == [first.id, None]
    assert named.items == []


@pytest.mark.parametrize("key", ["nonsense", "-1", "", "1" * 30])
def test_a_key_to_continue_after_that_was_never_given_is_refused(sqlite_trail: Trail, key: str) -> None:
    with pytest.raises(InvalidError, match="continue after"):
        sqlite_trail.audit.entries(after=key)


def test_an_entry_is_shown_by_position_and_by_id(trail: Trail) -> None:
    shown = trail.audit.entry("42")

    assert (shown.position, shown.name, shown.at) == (42, "t.measured", NOON)
    assert shown.payload == {"number": 41, "remark": "nothing special"}
    assert trail.audit.entry(shown.id) == shown


@pytest.mark.parametrize("key", ["0", "601", "1" * 40, "evt_nobody", "", "-1"])
def test_an_entry_that_is_not_there_is_not_found(sqlite_trail: Trail, key: str) -> None:
    with pytest.raises(EntryNotFoundError):
        sqlite_trail.audit.entry(key)


def test_the_newest_checkpoint_signs_all_that_is_there(trail: Trail) -> None:
    note = trail.audit.checkpoint()

    leaves = [trail.audit.inclusion(position).leaf.encode() for position in range(1, 4)]
    signed = Checkpoint.from_note(note, SIGNER.verifier)
    assert (signed.origin, signed.size) == ("everlearn/test", SIZE)
    assert raw(trail.audit.consistency(3, SIZE).old_root) == reference.root(leaves)
    assert raw(trail.audit.consistency(3, SIZE).root) == signed.root
    assert trail.audit.checkpoint() == note


def test_without_a_key_the_newest_checkpoint_there_is_is_given(trail: Trail) -> None:
    note = without_key(trail).checkpoint()

    assert Checkpoint.from_note(note, SIGNER.verifier).size == SIGNED_AT[-1]


def test_without_a_key_and_a_checkpoint_there_is_none_to_give(empty_trail: Trail) -> None:
    with pytest.raises(NothingSignedError):
        without_key(empty_trail).checkpoint()


@pytest.mark.parametrize(("position", "size"), [(1, 1), (1, 600), (256, 256), (257, 257), (300, 512), (600, 600)])
def test_any_entry_is_proved_to_be_in_the_log_of_any_size(trail: Trail, position: int, size: int) -> None:
    proof = trail.audit.inclusion(position, size)

    check(proof)
    assert (proof.position, proof.size) == (position, size)


def test_a_proof_leads_to_a_signed_root_where_there_is_one(trail: Trail) -> None:
    signed, unsigned = trail.audit.inclusion(520), trail.audit.inclusion(521)

    check(signed)
    assert signed.checkpoint is not None
    assert Checkpoint.from_note(signed.checkpoint, SIGNER.verifier).root == raw(signed.root)
    check(unsigned)
    assert (unsigned.size, unsigned.checkpoint) == (SIZE, None)


@pytest.mark.parametrize(("old_size", "size"), [(1, 600), (100, 300), (256, 512), (255, 513), (600, 600)])
def test_any_log_is_proved_to_be_the_beginning_of_a_longer_one(trail: Trail, old_size: int, size: int) -> None:
    check_growth(trail.audit.consistency(old_size, size))


@pytest.mark.parametrize(("old_size", "size"), [(0, 5), (5, 4), (5, 601), (2**70, 2**71)])
def test_what_cannot_be_proved_is_refused(sqlite_trail: Trail, old_size: int, size: int) -> None:
    with pytest.raises(InvalidError):
        sqlite_trail.audit.consistency(old_size, size)


@pytest.mark.parametrize(("position", "size"), [(5, 4), (5, 601), (5, 0)])
def test_an_entry_is_not_in_a_log_that_does_not_reach_to_it(sqlite_trail: Trail, position: int, size: int) -> None:
    with pytest.raises(InvalidError):
        sqlite_trail.audit.inclusion(position, size)


def test_a_changed_entry_cannot_be_proved(trail: Trail) -> None:
    trail.change(200, subject="gauge:9")
    with pytest.raises(DamagedError, match="entry 200 is not what was sealed"):
        trail.audit.inclusion(200)

    trail.reseal()
    with pytest.raises(DamagedError, match="the log of size 520 is not what was sealed"):
        trail.audit.inclusion(200)


def test_a_checkpoint_that_another_key_signed_proves_nothing(sqlite_trail: Trail) -> None:
    stranger = replace(sqlite_trail.audit, verifier=replace(SIGNER.verifier, public=bytes(32)))

    with pytest.raises(DamagedError, match="checkpoint of size 520"):
        stranger.inclusion(200)
