"""Signed notes with Ed25519, as C2SP's signed-note specification writes them.

A note is some text, an empty line, and signature lines `— <name> <base64 of key id and signature>`. Keys travel as
text: `<name>+<key id>+<base64>` for verifying, `PRIVATE+KEY+<name>+<key id>+<base64>` for signing.
"""

import base64
import hashlib
from dataclasses import dataclass

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from everlearn.core.errors import InvalidError

_ALGORITHM = b"\x01"  # Ed25519
_DASH = "\u2014"


class NoteError(InvalidError):
    """A note, a signature or a key is not what it should be."""

    code = "eventlog.note"


@dataclass(frozen=True, slots=True)
class Verifier:
    """A public key and the name of who holds its secret half."""

    name: str
    public: bytes

    @property
    def key_id(self) -> bytes:
        """Give the four bytes that tell which key made a signature."""
        return hashlib.sha256(self.name.encode() + b"\n" + _ALGORITHM + self.public).digest()[:4]

    def as_text(self) -> str:
        """Write the key down."""
        encoded = base64.b64encode(_ALGORITHM + self.public).decode()
        return f"{self.name}+{self.key_id.hex()}+{encoded}"

    @classmethod
    def from_text(cls, text: str) -> "Verifier":
        """Read a written key.

        Raises
        ------
        NoteError
            When it is not one, or its key id does not fit.
        """
        name, key_id, raw = _parts(text.strip())
        verifier = cls(name, raw)
        if verifier.key_id.hex() != key_id:
            raise NoteError("the key's id does not fit the key: it was copied wrongly or changed")
        return verifier

    def verified(self, note: str) -> str:
        """Give the text of a note that this key has signed.

        Raises
        ------
        NoteError
            When the note is malformed, is not signed with this key, or the signature is wrong.
        """
        text, separator, signatures = note.rpartition("\n\n")
        if not separator or not signatures.endswith("\n"):
            raise NoteError("not a signed note: the text and the signatures must be parted by an empty line")
        text += "\n"
        for line in signatures[:-1].split("\n"):
            dash, _, rest = line.partition(" ")
            name, _, encoded = rest.partition(" ")
            raw = _decoded(encoded)
            if dash != _DASH or len(raw) < 5:
                raise NoteError(f"not a signature line: {line[:80]!r}")
            if name == self.name and raw[:4] == self.key_id:
                self._check(text, raw[4:])
                return text
        raise NoteError(f"the note is not signed with the key {self.name}+{self.key_id.hex()}")

    def _check(self, text: str, signature: bytes) -> None:
        try:
            Ed25519PublicKey.from_public_bytes(self.public).verify(signature, text.encode())
        except (InvalidSignature, UnicodeEncodeError) as error:
            raise NoteError("the signature does not fit the text: the note was changed") from error


@dataclass(frozen=True, slots=True)
class Signer:
    """A secret key. Whoever has it can sign in the log's name."""

    name: str
    secret: bytes

    @classmethod
    def generate(cls, name: str) -> "Signer":
        """Make a new key."""
        if not name or "+" in name or any(letter.isspace() for letter in name):
            raise NoteError(f"not a key name: {name!r}; it may have no spaces and no '+'")
        return cls(name, Ed25519PrivateKey.generate().private_bytes_raw())

    @property
    def verifier(self) -> Verifier:
        """Give the public half."""
        return Verifier(self.name, Ed25519PrivateKey.from_private_bytes(self.secret).public_key().public_bytes_raw())

    def signed(self, text: str) -> str:
        """Give the note of a text, which must end with a line break."""
        if not text.endswith("\n"):
            raise NoteError("a note's text ends with a line break")
        signature = Ed25519PrivateKey.from_private_bytes(self.secret).sign(text.encode())
        line = base64.b64encode(self.verifier.key_id + signature).decode()
        return f"{text}\n{_DASH} {self.name} {line}\n"

    def as_text(self) -> str:
        """Write the secret key down."""
        encoded = base64.b64encode(_ALGORITHM + self.secret).decode()
        return f"PRIVATE+KEY+{self.name}+{self.verifier.key_id.hex()}+{encoded}"

    @classmethod
    def from_text(cls, text: str) -> "Signer":
        """Read a written secret key.

        Raises
        ------
        NoteError
            When it is not one.
        """
        prefix = "PRIVATE+KEY+"
        if not text.startswith(prefix):
            raise NoteError("not a signing key: it must begin with PRIVATE+KEY+")
        name, key_id, raw = _parts(text.strip().removeprefix(prefix))
        signer = cls(name, raw)
        if signer.verifier.key_id.hex() != key_id:
            raise NoteError("the signing key's id does not fit the key")
        return signer


def _parts(text: str) -> tuple[str, str, bytes]:
    name, _, rest = text.partition("+")
    key_id, _, encoded = rest.partition("+")
    raw = _decoded(encoded)
    if not name or len(key_id) != 8 or raw[:1] != _ALGORITHM or len(raw) != 33:
        raise NoteError("not an Ed25519 note key; expected <name>+<8 hexadecimal digits>+<base64>")
    return name, key_id, raw[1:]


def _decoded(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except ValueError as error:  # not in the alphabet, not even ASCII, or of a wrong length
        raise NoteError("not base64") from error
