"""Every rule by its name and revision, old revisions too: decisions of any age must replay."""

from everlearn.core.decisions import Rules
from everlearn.monitoring.rules import RULES as MONITORING
from everlearn.promotion.rules import RULES as PROMOTION
from everlearn.quality.rules import RULES as QUALITY
from everlearn.retraining.rules import RULES as RETRAINING
from everlearn.rollouts.rules import RULES as ROLLOUTS

RULES: Rules = {**PROMOTION, **QUALITY, **MONITORING, **RETRAINING, **ROLLOUTS}
