"""Monitoring: what came in, what went out, how wrong it was, each against the profile the version was trained with.

Input drift only annotates; the error of the answers is what raises alarms. Alerts are opened once, levelled,
and resolved when the cause is gone.
"""

from everlearn.monitoring.events import AlertRaised, AlertResolved, WindowEvaluated
from everlearn.monitoring.model import Alert, Level, MonitoringPolicy, WindowReport
from everlearn.monitoring.service import Monitoring
from everlearn.monitoring.store import open_alerts

__all__ = [
    "Alert",
    "AlertRaised",
    "AlertResolved",
    "Level",
    "Monitoring",
    "MonitoringPolicy",
    "WindowEvaluated",
    "WindowReport",
    "open_alerts",
]
