"""What a gateway remembers of one request, as MessagePack; arrays are little-endian bytes, row by row."""

from datetime import datetime

import msgspec

from everlearn.core.errors import DamagedError


class RecordedVersion(msgspec.Struct, frozen=True, array_like=True, kw_only=True):
    """What one version made of the request's rows."""

    version: int
    role: str
    duration_us: int
    width: int  # columns of its signature
    features: bytes  # float64 (rows, width), NaN for missing
    values: bytes  # float64 (rows,), of the first output; NaN where the version failed
    is_failed: bytes  # bool (rows,)
    is_served: bytes  # bool (rows,)
    is_fallback: bytes  # bool (rows,)


class RecordedRequest(msgspec.Struct, frozen=True, array_like=True, kw_only=True):
    """One request with its answer."""

    project: str
    model: str
    request_id: str
    rows: int
    generation: int
    recorded_at: datetime
    entity_ids: list[str]
    event_times: list[datetime] | None  # None: all at `recorded_at`
    versions: list[RecordedVersion]


_ENCODER = msgspec.msgpack.Encoder()
_DECODER = msgspec.msgpack.Decoder(RecordedRequest)


def encode_record(record: RecordedRequest) -> bytes:
    """Write a record."""
    return _ENCODER.encode(record)


def decode_record(payload: bytes) -> RecordedRequest:
    """Read a record.

    Raises
    ------
    DamagedError
        When the bytes are another thing, although their checksum is right: written by other code.
    """
    try:
        return _DECODER.decode(payload)
    except msgspec.MsgspecError as error:
        raise DamagedError("a record of the prediction spool cannot be read by this version of Everlearn") from error
