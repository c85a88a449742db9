"""What is kept, for how long, and what goes: policies as data, plans that can be looked at, purges that can be proved.

plan = retention.plan("default")        # a dry run
retention.apply("default", plan.id, actor=actor)  # exactly that, or a refusal
"""

from everlearn.retention.model import Item, Plan, RetentionPolicy, Rule
from everlearn.retention.protection import HeldFolders
from everlearn.retention.service import Retention

__all__ = ["HeldFolders", "Item", "Plan", "Retention", "RetentionPolicy", "Rule"]
