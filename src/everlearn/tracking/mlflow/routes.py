"""Every route of the tracking half of the protocol."""

from concurrent.futures import ThreadPoolExecutor

from everlearn.tracking.experiments import Experiments
from everlearn.tracking.files import Files
from everlearn.tracking.journal import Journal
from everlearn.tracking.mlflow.artifacts import artifact_routes
from everlearn.tracking.mlflow.browsing import browsing_routes
from everlearn.tracking.mlflow.downloads import Downloads
from everlearn.tracking.mlflow.experiments import experiment_routes
from everlearn.tracking.mlflow.history import history_routes
from everlearn.tracking.mlflow.models import model_routes
from everlearn.tracking.mlflow.presigned import presigned_routes
from everlearn.tracking.mlflow.runs import run_routes
from everlearn.tracking.mlflow.search import search_routes
from everlearn.tracking.mlflow.uploads import upload_routes
from everlearn.tracking.models import Models
from everlearn.tracking.searching import Search
from everlearn.tracking.uploads import Uploads
from everlearn.web.mlflow import Route
from everlearn.web.mlflow.links import Links

_TRANSFERS = 16  # threads; each holds one piece of a transfer at a time


def tracking_routes(
    experiments: Experiments,
    journal: Journal,
    files: Files,
    search: Search,
    models: Models,
    uploads: Uploads,
    links: Links,
) -> tuple[Route, ...]:
    """List them."""
    threads = ThreadPoolExecutor(_TRANSFERS, thread_name_prefix="artifacts")
    downloads = Downloads(files.blobs, threads)
    return (
        *experiment_routes(experiments),
        *run_routes(journal),
        *model_routes(models, journal, files),
        *history_routes(journal),
        *artifact_routes(files, journal, downloads),
        *upload_routes(uploads, links, threads),
        *presigned_routes(files, journal, models, downloads, links),
        *browsing_routes(files, journal, models, downloads),
        *search_routes(search, experiments),
    )
