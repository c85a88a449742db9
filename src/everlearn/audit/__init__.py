"""The audit trail is the log itself: reading it, proving it, signing what it has become, taking it elsewhere.

`Audit.verify` proves the log in the database right; `verify_export` proves an export right with nothing but the public
key. `Checkpointer` signs as the log grows.
"""

from everlearn.audit.checkpointer import Checkpointer
from everlearn.audit.export import verify_export
from everlearn.audit.keys import load_or_make_signer
from everlearn.audit.model import ConsistencyProof, Exported, InclusionProof, LogEntry
from everlearn.audit.service import Audit

__all__ = [
    "Audit",
    "Checkpointer",
    "ConsistencyProof",
    "Exported",
    "InclusionProof",
    "LogEntry",
    "load_or_make_signer",
    "verify_export",
]
