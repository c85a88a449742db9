"""What the platform stores: who refers to which blob, collecting what nobody refers to, packing what has a successor.

Columns that name blobs are declared where their tables are (`everlearn.db.names_blob`); nothing here knows a domain.
"""

from everlearn.storage.collector import Collector
from everlearn.storage.model import Collection, Grace
from everlearn.storage.packing import Packing

__all__ = ["Collection", "Collector", "Grace", "Packing"]
