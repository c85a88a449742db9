"""Experiments, runs, and what runs log: parameters, metrics, tags and artifacts.

A run is one attempt. Its parameters never change, its metrics have a step and a time, its artifacts are paths to
content-addressed bytes. Only the beginning and the end of a run are events.
"""

from everlearn.tracking.artifact_path import checked_artifact_path
from everlearn.tracking.comparison import Comparisons
from everlearn.tracking.curves import Curves
from everlearn.tracking.events import RunEnded, RunStarted
from everlearn.tracking.experiments import Experiments
from everlearn.tracking.files import Files
from everlearn.tracking.journal import Journal
from everlearn.tracking.model import Artifact, Experiment, Metric, Run, RunDetail, RunNotFoundError, RunStatus
from everlearn.tracking.models import Models, note_version
from everlearn.tracking.ports import NoProtection, Protection
from everlearn.tracking.purging import Purges
from everlearn.tracking.removal import Removals, weigh_folders
from everlearn.tracking.searching import Search
from everlearn.tracking.service import Tracking
from everlearn.tracking.uploads import Uploads

__all__ = [
    "Artifact",
    "Comparisons",
    "Curves",
    "Experiment",
    "Experiments",
    "Files",
    "Journal",
    "Metric",
    "Models",
    "NoProtection",
    "Protection",
    "Purges",
    "Removals",
    "Run",
    "RunDetail",
    "RunEnded",
    "RunNotFoundError",
    "RunStarted",
    "RunStatus",
    "Search",
    "Tracking",
    "Uploads",
    "checked_artifact_path",
    "note_version",
    "weigh_folders",
]
