"""The gateway's own durable log of what it answered: written before the answer, shipped to the database after.

A spool is a folder of segments. A position counts bytes from the spool's first byte on, across segments; a segment's
name is the position of its first byte. The writer always begins a new segment when it starts, so a torn tail stays
where the crash left it and is skipped when it is read.
"""

from everlearn.serving.spool.folder import SpoolFolder, SpoolInUseError, open_folder
from everlearn.serving.spool.reader import Portion, read_portion
from everlearn.serving.spool.record import RecordedRequest, RecordedVersion, decode_record, encode_record
from everlearn.serving.spool.writer import SpoolWriter

__all__ = [
    "Portion",
    "RecordedRequest",
    "RecordedVersion",
    "SpoolFolder",
    "SpoolInUseError",
    "SpoolWriter",
    "decode_record",
    "encode_record",
    "open_folder",
    "read_portion",
]
