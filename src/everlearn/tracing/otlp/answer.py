"""What the sender is told: an `ExportTraceServiceResponse`, with a partial success when not all is as it was sent."""

import msgspec

from everlearn.tracing.otlp.batch import Batch


def accepted_protobuf(batch: Batch) -> bytes:
    """Write it as protobuf; empty when all went well."""
    said = batch.warning().encode()
    if not said:
        return b""
    inner = (b"\x08" + _varint(batch.rejected) if batch.rejected else b"") + b"\x12" + _varint(len(said)) + said
    return b"\x0a" + _varint(len(inner)) + inner


def accepted_json(batch: Batch) -> bytes:
    """Write it as JSON."""
    said = batch.warning()
    if not said:
        return b"{}"
    return msgspec.json.encode({"partialSuccess": {"rejectedSpans": str(batch.rejected), "errorMessage": said}})


def _varint(value: int) -> bytes:
    written = bytearray()
    while value > 127:
        written.append(value & 127 | 128)
        value >>= 7
    written.append(value)
    return bytes(written)
