"""Signed notes: C2SP's own example, keys as text, and everything that must be refused."""

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from everlearn.eventlog.checkpoint import Checkpoint
from everlearn.eventlog.note import NoteError, Signer, Verifier

# the example of C2SP's signed-note specification
VKEY = "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k"
TEXT = "This is an example message.\n"
SIGNATURE = "Uw2QOkn8srV1yJGh2VYRlL1Tnagv1YEq6TfXppzi2ONncAlTgK7Ztg1ERYNZXsYjOBH3mFXmRKuwHjG1Yu72IneyaQM="
NOTE = f"{TEXT}\n— example.com/foo {SIGNATURE}\n"

SIGNER = Signer.generate("everlearn/test")


def test_the_published_note_is_verified() -> None:
    verifier = Verifier.from_text(VKEY)

    assert verifier.verified(NOTE) == TEXT
    assert verifier.key_id.hex() == "530d903a"
    assert verifier.as_text() == VKEY


@given(st.integers(0, 8 * len(TEXT) - 1))
def test_the_published_note_with_any_bit_of_its_text_changed_is_refused(bit: int) -> None:
    content = bytearray(TEXT.encode())
    content[bit // 8] ^= 1 << bit % 8
    changed = NOTE.replace(TEXT, content.decode("latin-1"))

    with pytest.raises(NoteError):
        Verifier.from_text(VKEY).verified(changed)


@given(st.integers(5, len(base64.b64decode(SIGNATURE)) - 1), st.integers(0, 7))
def test_the_published_note_with_any_bit_of_its_signature_changed_is_refused(place: int, bit: int) -> None:
    raw = bytearray(base64.b64decode(SIGNATURE))
    raw[place] ^= 1 << bit
    changed = NOTE.replace(SIGNATURE, base64.b64encode(raw).decode())

    with pytest.raises(NoteError, match="does not fit the text"):
        Verifier.from_text(VKEY).verified(changed)


@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_what_was_signed_is_read_back(text: str) -> None:
    assert SIGNER.verifier.verified(SIGNER.signed(text + "\n")) == text + "\n"


def test_a_signature_of_somebody_else_beside_ours_is_passed_by() -> None:
    note = f"{TEXT}\n— example.com/foo {SIGNATURE}\n" + SIGNER.signed(TEXT).rpartition("\n\n")[2]

    assert SIGNER.verifier.verified(note) == TEXT
    assert Verifier.from_text(VKEY).verified(note) == TEXT


@pytest.mark.parametrize(
    "note",
    [
        "",
        TEXT,
        f"{TEXT}\n",
        f"{TEXT}\n— example.com/foo {SIGNATURE}",
        f"{TEXT}— example.com/foo {SIGNATURE}\n",
        f"{TEXT}\n- example.com/foo {SIGNATURE}\n",
        f"{TEXT}\n— example.com/bar {SIGNATURE}\n",
        f"{TEXT}\n— example.com/foo\n",
        f"{TEXT}\n— example.com/foo Uw2Q\n",
        f"{TEXT}\n— example.com/foo not base64!\n",
        f"{TEXT}\n— example.com/foo ключ\n",
        f"\ud800\n\n— example.com/foo {SIGNATURE}\n",
    ],
)
def test_what_is_no_note_of_this_key_is_refused(note: str) -> None:
    with pytest.raises(NoteError):
        Verifier.from_text(VKEY).verified(note)


def test_keys_travel_as_text() -> None:
    assert Signer.from_text(SIGNER.as_text()) == SIGNER
    assert Verifier.from_text(SIGNER.verifier.as_text() + "\n") == SIGNER.verifier


@pytest.mark.parametrize(
    "text",
    [
        "",
        "example.com/foo",
        "example.com/foo+530d903a",
        "example.com/foo+530d903b+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k",  # another key's id
        "example.com/fob+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k",  # another name
        "example.com/foo+530d903a+AukyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k",  # not Ed25519
        "example.com/foo+530d903a+Aeky",
        "example.com/foo+530d903a+ключ",
    ],
)
def test_what_is_no_key_is_refused(text: str) -> None:
    with pytest.raises(NoteError):
        Verifier.from_text(text)
    with pytest.raises(NoteError):
        Signer.from_text(f"PRIVATE+KEY+{text}")


def test_a_public_key_is_no_signing_key() -> None:
    with pytest.raises(NoteError, match="PRIVATE"):
        Signer.from_text(VKEY)


@pytest.mark.parametrize("name", ["", "two words", "a+b", "line\nbreak"])
def test_a_key_name_that_a_note_could_not_hold_is_refused(name: str) -> None:
    with pytest.raises(NoteError, match="key name"):
        Signer.generate(name)


def test_a_text_without_its_line_break_is_not_signed() -> None:
    with pytest.raises(NoteError, match="line break"):
        SIGNER.signed("text")


def test_a_checkpoint_is_three_lines_and_read_back() -> None:
    checkpoint = Checkpoint(origin="everlearn/test", size=20_852_163, root=bytes(range(32)))

    assert checkpoint.text() == "everlearn/test\n20852163\nAAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=\n"
    assert Checkpoint.from_note(SIGNER.signed(checkpoint.text()), SIGNER.verifier) == checkpoint


@pytest.mark.parametrize(
    "text",
    [
        "everlearn/other\n1\nAAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=\n",
        "everlearn/test\n-1\nAAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=\n",
        "everlearn/test\n01\nAAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=\n",
        "everlearn/test\n\u0661\nAAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=\n",
        "everlearn/test\n1\nAAEC\n",
        "everlearn/test\n1\n!\n",
        "everlearn/test\n1\n",
    ],
)
def test_a_signed_text_that_is_no_checkpoint_of_this_log_is_refused(text: str) -> None:
    with pytest.raises(NoteError):
        Checkpoint.from_note(SIGNER.signed(text), SIGNER.verifier)
