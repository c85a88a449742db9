"""Files of model versions, as the browser asks for them."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from everlearn.access import Role
from everlearn.registry.catalogue import Catalogue
from everlearn.registry.mlflow.rules import checked_name, version_number
from everlearn.registry.model import BadSourceError
from everlearn.registry.sources import tree_of_source
from everlearn.tracking import Files
from everlearn.tracking.mlflow.artifacts import content_at
from everlearn.tracking.mlflow.downloads import Content, Downloads
from everlearn.web.mlflow import PLAIN, Call, Route
from everlearn.web.mlflow.routes import Receive, Scope, Send
from everlearn.web.mlflow.wire import Request, read_query

_THREADS = 4


class OfVersion(Request):
    """A file of a version."""

    name: str | None = None
    version: str | None = None
    path: str | None = None


@dataclass(frozen=True, slots=True)
class FileDoor:
    """What the route does."""

    catalogue: Catalogue
    files: Files
    downloads: Downloads

    async def of_version(self, call: Call, _path: str, scope: Scope, receive: Receive, send: Send) -> None:
        """Send a file of a version."""
        asked = read_query(scope["query_string"], OfVersion, ("name", "version", "path"))
        await self.downloads.send(lambda: self._content(call.project, asked), scope, receive, send)

    def _content(self, project: str, asked: OfVersion) -> Content:
        name, number = checked_name(asked.name or ""), version_number(asked.version)
        folder = tree_of_source(self.catalogue.files_of(project, name, number))
        if folder is None:
            raise BadSourceError(f"the files of version {number} of {name} are not in this server")
        return content_at(self.files, project, f"{folder}/{asked.path}")


def file_routes(catalogue: Catalogue, files: Files) -> tuple[Route, ...]:
    """List the route."""
    downloads = Downloads(files.blobs, ThreadPoolExecutor(_THREADS, thread_name_prefix="model-files"))
    door = FileDoor(catalogue, files, downloads)
    path = "/model-versions/get-artifact"
    return (Route(method="GET", path=path, versions=PLAIN, role=Role.VIEWER, stream=door.of_version),)
