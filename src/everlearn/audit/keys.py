"""The key that signs the log: one file, made once, whoever comes first."""

import contextlib
import os
import secrets
import tempfile
from pathlib import Path

from everlearn.audit.model import KeyFileError
from everlearn.eventlog.note import NoteError, Signer


def load_or_make_signer(path: Path) -> Signer:
    """Read the signing key, or make one (mode 0600) where there is none; the public key stands beside it as `.pub`.

    Of several processes that start at once, all get the key of one of them.

    Raises
    ------
    KeyFileError
        When the file cannot be read, made, or holds something else.
    """
    try:
        if not path.exists():
            _make(path)
        signer = Signer.from_text(path.read_text())
    except OSError as error:
        raise KeyFileError(f"the key of the log cannot be read or made at {path}: {error.strerror}") from error
    except (NoteError, UnicodeDecodeError) as error:
        raise KeyFileError(f"{path} does not hold the key of a log: {error}") from error
    _publish(signer, path.with_name(path.name + ".pub"))
    return signer


def _make(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    text = Signer.generate(f"everlearn/{secrets.token_hex(4)}").as_text() + "\n"
    written = _written_beside(path, text)
    try:
        with contextlib.suppress(FileExistsError):  # another process was first: its key counts
            os.link(written, path)
    finally:
        written.unlink()


def _publish(signer: Signer, path: Path) -> None:
    text = signer.verifier.as_text() + "\n"
    with contextlib.suppress(OSError):  # a key mounted read-only is fine: `everlearn audit key` prints the public half
        if path.exists() and path.read_text() == text:
            return
        written = _written_beside(path, text)
        written.chmod(0o644)
        written.replace(path)


def _written_beside(path: Path, text: str) -> Path:
    number, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)  # mode 0600
    with os.fdopen(number, "w") as file:
        file.write(text)
        file.flush()
        os.fsync(number)
    return Path(name)
