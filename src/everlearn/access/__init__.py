"""People and service accounts, what they may do in which project, and the tokens they show.

Roles grow: viewer < contributor < operator < approver < admin. A grant is for one project or for `*`, all of them.
Every refusal says which role would do. Nothing here knows what the roles are for: the routes say what they need.
"""

from everlearn.access.model import Account, AccountKind, Principal, Role, Token
from everlearn.access.service import Access

__all__ = ["Access", "Account", "AccountKind", "Principal", "Role", "Token"]
