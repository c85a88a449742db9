"""The Open Inference Protocol V2 over HTTP, as far as bytes and values go: no sockets, no models, no database.

A request is decoded into a `Batch` of columns by a model's signature, an answer is encoded from arrays. Error texts
never repeat input values.
"""

from everlearn.serving.protocol.answer import Answer, EncodedAnswer, encode_answer
from everlearn.serving.protocol.batch import Batch, Limits, decode_batch
from everlearn.serving.protocol.compression import inflate
from everlearn.serving.protocol.wire import WireRequest, decode_request

__all__ = [
    "Answer",
    "Batch",
    "EncodedAnswer",
    "Limits",
    "WireRequest",
    "decode_batch",
    "decode_request",
    "encode_answer",
    "inflate",
]
