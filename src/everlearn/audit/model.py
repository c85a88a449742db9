"""What people are shown of the log, and proofs as data."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from everlearn.core.errors import InvalidError, NotFoundError
from everlearn.core.json import JSONObject

EXPORT_FORMAT = "everlearn-log-export@1"


class EntryNotFoundError(NotFoundError):
    """The log has no such entry."""

    code = "audit.entry_not_found"


class NothingSignedError(NotFoundError):
    """There is no checkpoint, and this process has no key to sign one."""

    code = "audit.nothing_signed"


class NotAnExportError(InvalidError):
    """A file does not begin as an exported log does."""

    code = "audit.not_an_export"


class KeyFileError(InvalidError):
    """A file with a key cannot be used."""

    code = "audit.key_file"


@dataclass(frozen=True, slots=True, kw_only=True)
class LogEntry:
    """An entry as it was written, its payload not upgraded."""

    position: int
    id: str
    name: str
    revision: int
    subject: str
    actor: str
    at: datetime
    cause_id: str | None
    correlation_id: str
    payload: JSONObject


@dataclass(frozen=True, slots=True, kw_only=True)
class InclusionProof:
    """That an entry is in the log of some size. Hashes are base64, as in checkpoints; the proof is RFC 6962's."""

    position: int  # from 1; the leaf's index in the tree is one less
    size: int
    leaf: str  # the exact text whose hash the tree has as a leaf
    leaf_hash: str
    hashes: Sequence[str]
    root: str
    checkpoint: str | None  # the signed note of this size, where there is one


@dataclass(frozen=True, slots=True, kw_only=True)
class ConsistencyProof:
    """That a log is the beginning of a longer one."""

    old_size: int
    size: int
    old_root: str
    root: str
    hashes: Sequence[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Exported:
    """What was written to a file."""

    path: str
    size: int  # entries
    signed_size: int  # of which a checkpoint covers so many
    bytes: int
