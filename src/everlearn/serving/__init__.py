"""Serving: which versions answer, the gateway that answers with them, what it predicted, and what came true.

`Deployments` moves traffic; gateways (`serving.gateway`) follow it and answer inference requests; each answer is a row
for every version that scored it (`window`, `scored`, `paired`); `Labels` takes what turned out to be true, and its
watermark says through when that is complete.
"""

from everlearn.serving.model import Deployment, Label, Outcome, Pair, Phase, Scored, Traffic, TrafficRole
from everlearn.serving.service import Deployments, Labels, PredictionLog
from everlearn.serving.store.gateways import not_applied
from everlearn.serving.store.predictions import paired, scored, window

__all__ = [
    "Deployment",
    "Deployments",
    "Label",
    "Labels",
    "Outcome",
    "Pair",
    "Phase",
    "PredictionLog",
    "Scored",
    "Traffic",
    "TrafficRole",
    "not_applied",
    "paired",
    "scored",
    "window",
]
