"""OpenTelemetry's protocol for spans, in both its encodings, read into our values within bounds.

Written by hand: the messages are few, a reader that knows them is as fast as the generic one would be from Python,
nothing is loaded at start, and depth, counts and lengths are bounded while reading and not afterwards.
"""

from everlearn.tracing.otlp.answer import accepted_json, accepted_protobuf
from everlearn.tracing.otlp.batch import BadOtlpError, Batch
from everlearn.tracing.otlp.from_json import read_json
from everlearn.tracing.otlp.from_protobuf import read_protobuf

__all__ = ["BadOtlpError", "Batch", "accepted_json", "accepted_protobuf", "read_json", "read_protobuf"]
