"""What the platform stores: who refers to which blob, and collecting what nobody refers to.

Columns that name blobs are declared where their tables are (`everlearn.db.names_blob`); nothing here knows a domain.
"""

from everlearn.storage.collector import Collector
from everlearn.storage.model import Collection, Grace

__all__ = ["Collection", "Collector", "Grace"]
