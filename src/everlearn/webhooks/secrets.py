"""Secrets of webhooks: sealed before they are stored, opened only to sign."""

import contextlib
import os
import tempfile
from dataclasses import dataclass
from pathlib import Path

from cryptography.fernet import Fernet, InvalidToken

from everlearn.core.errors import DamagedError
from everlearn.webhooks.model import SecretLostError


class KeyFileError(DamagedError):
    """The file that seals secrets cannot be read, made, or holds something else."""

    code = "webhooks.key_file"


@dataclass(frozen=True, slots=True)
class Seal:
    """Seals texts with the key in a file (mode 0600), which is made when the first secret comes."""

    path: Path

    def sealed(self, secret: str) -> str:
        """Give what may be stored; empty for no secret."""
        return self._key().encrypt(secret.encode()).decode() if secret else ""

    def opened(self, stored: str) -> str:
        """Give the secret back.

        Raises
        ------
        SecretLostError
            When it was sealed with another key.
        """
        if not stored:
            return ""
        try:
            return self._key().decrypt(stored.encode()).decode()
        except InvalidToken as error:
            raise SecretLostError(
                f"the secret was sealed with another key than the one in {self.path}; restore that file, or set the "
                "secret anew"
            ) from error

    def _key(self) -> Fernet:
        try:
            if not self.path.exists():
                self._make()
            return Fernet(self.path.read_bytes().strip())
        except OSError as error:
            raise KeyFileError(
                f"the key for secrets cannot be read or made at {self.path}: {error.strerror}"
            ) from error
        except ValueError as error:
            raise KeyFileError(f"{self.path} does not hold a key for secrets") from error

    def _make(self) -> None:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        number, name = tempfile.mkstemp(prefix=f".{self.path.name}.", dir=self.path.parent)  # mode 0600
        try:
            with os.fdopen(number, "wb") as file:
                file.write(Fernet.generate_key() + b"\n")
                file.flush()
                os.fsync(number)
            with contextlib.suppress(FileExistsError):  # another process was first: its key counts
                os.link(name, self.path)
        finally:
            Path(name).unlink()
