"""Traces of applications that talk to models, and what is said of them.

A trace is what one request did, as spans that come over OpenTelemetry's protocol in any order and as often as a sender
likes. People, judges and programs assess traces; data sets and scorers to evaluate with are kept here too. Spans are
written durably before they are acknowledged, and found again by the same grammar as runs.
"""

from everlearn.tracing.service import Trace, Traces
from everlearn.tracing.services import Tracing, tracing_over

__all__ = ["Trace", "Traces", "Tracing", "tracing_over"]
