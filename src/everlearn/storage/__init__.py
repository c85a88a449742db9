"""What the platform stores: who refers to which blob, collecting what nobody refers to, packing what has a successor.

Columns that name blobs are declared where their tables are (`everlearn.db.names_blob`); nothing here knows a domain.
"""

from everlearn.storage.collector import Collector
from everlearn.storage.model import Action, Collection, Deletion, Grace, HeldError, Hold, Receipt, Weight
from everlearn.storage.packing import Packing
from everlearn.storage.service import Receipts
from everlearn.storage.weighing import Share, leaving

__all__ = [
    "Action",
    "Collection",
    "Collector",
    "Deletion",
    "Grace",
    "HeldError",
    "Hold",
    "Packing",
    "Receipt",
    "Receipts",
    "Share",
    "Weight",
    "leaving",
]
