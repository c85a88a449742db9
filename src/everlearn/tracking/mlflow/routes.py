"""Every route of the tracking half of the protocol."""

from everlearn.tracking.experiments import Experiments
from everlearn.tracking.files import Files
from everlearn.tracking.journal import Journal
from everlearn.tracking.mlflow.artifacts import artifact_routes
from everlearn.tracking.mlflow.experiments import experiment_routes
from everlearn.tracking.mlflow.history import history_routes
from everlearn.tracking.mlflow.models import model_routes
from everlearn.tracking.mlflow.runs import run_routes
from everlearn.tracking.mlflow.search import search_routes
from everlearn.tracking.models import Models
from everlearn.tracking.searching import Search
from everlearn.web.mlflow import Route


def tracking_routes(
    experiments: Experiments, journal: Journal, files: Files, search: Search, models: Models
) -> tuple[Route, ...]:
    """List them."""
    return (
        *experiment_routes(experiments),
        *run_routes(journal),
        *model_routes(models, journal, files),
        *history_routes(journal),
        *artifact_routes(files, journal),
        *search_routes(search, experiments),
    )
