"""Every route of the registry half of the protocol."""

from everlearn.registry.catalogue import Catalogue
from everlearn.registry.mlflow.files import file_routes
from everlearn.registry.mlflow.models import model_routes
from everlearn.registry.mlflow.versions import version_routes
from everlearn.tracking import Files
from everlearn.web.mlflow import Route


def registry_routes(catalogue: Catalogue, files: Files) -> tuple[Route, ...]:
    """List them."""
    return (*model_routes(catalogue), *version_routes(catalogue), *file_routes(catalogue, files))
