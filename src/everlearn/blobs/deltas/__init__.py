"""Models against their predecessors: an exact, self-describing encoding of bytes by what has changed.

    delta = encode(content, base)
    assert decode(delta, len(content), base) == content

Successive versions of a model differ everywhere and resemble each other all the same. `encode` writes a content in
every way that could be short and takes the shortest that reads back to the same bytes:

- what repeats from the base is referenced: content-defined chunks, then zstd with the base before it (`chunking`,
  `patch`; Xia et al. 2016, Collet and Kucherawy, RFC 8878);
- numbers are taken out of the formats that models are kept in (`forms`), and written column by column: as small
  differences to the base's floats, as places in a table of thresholds, each byte plane by itself (`columns`, `planes`).
  ONNX, safetensors, NumPy and PyTorch archives, XGBoost's UBJSON and JSON, LightGBM's text, JSON states of online
  learners. Nothing is executed or unpickled; what no form recognises is just bytes.

`container` puts what comes out into a file with a version and checksums. None of this knows a disk or a store: packing
blobs in a store is `everlearn.blobs.packing`. Importing this loads numpy; `everlearn.blobs` does not, until it must.
"""

from everlearn.blobs.deltas.codec import decode, encode
from everlearn.blobs.deltas.container import LONGEST_HEAD, Head, read_container, read_head, written_container
from everlearn.blobs.deltas.encoding import Delta, Encoding
from everlearn.blobs.deltas.errors import BadContainerError

__all__ = [
    "LONGEST_HEAD",
    "BadContainerError",
    "Delta",
    "Encoding",
    "Head",
    "decode",
    "encode",
    "read_container",
    "read_head",
    "written_container",
]
