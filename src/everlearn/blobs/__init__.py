"""Content-addressed bytes: what goes in comes out exactly, named by its digest, in a local folder or an object store.

    blobs = open_blobs("file:///var/lib/everlearn/blobs")
    digest = blobs.put(b"hello")
    assert blobs.get(digest) == b"hello"

Blobs never change and are never half there: whoever sees a name sees the whole content.
"""

from everlearn.blobs.address import open_blobs
from everlearn.blobs.failures import BlobDamagedError, BlobNotFoundError
from everlearn.blobs.incoming import Incoming, StoredBlob
from everlearn.blobs.parts import Parts
from everlearn.blobs.store import BlobStore, CondemnedBlob, ShelvedBlob

__all__ = [
    "BlobDamagedError",
    "BlobNotFoundError",
    "BlobStore",
    "CondemnedBlob",
    "Incoming",
    "Parts",
    "ShelvedBlob",
    "StoredBlob",
    "open_blobs",
]
