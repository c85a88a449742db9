"""What the web interface of MLflow asks for by plain addresses: files of runs and models, and small uploads."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from everlearn.access import Role
from everlearn.tracking.files import Files, IncomingFile
from everlearn.tracking.journal import Journal
from everlearn.tracking.mlflow.artifacts import content_at
from everlearn.tracking.mlflow.downloads import Content, Downloads
from everlearn.tracking.mlflow.transfer import send_done, taken_in
from everlearn.tracking.models import Models
from everlearn.web.mlflow import PLAIN, Call, ProtocolError, Route
from everlearn.web.mlflow.routes import Receive, Scope, Send
from everlearn.web.mlflow.wire import Request, read_query

LARGEST_UPLOAD = 10 * 1024 * 1024  # bytes


class OfRun(Request):
    """A file of a run."""

    run_id: str | None = None
    run_uuid: str | None = None
    path: str | None = None


class OfModel(Request):
    """A file of a logged model."""

    artifact_file_path: str | None = None


@dataclass(frozen=True, slots=True)
class BrowsingDoor:
    """What the routes do."""

    files: Files
    journal: Journal
    models: Models
    downloads: Downloads

    async def of_run(self, call: Call, _path: str, scope: Scope, receive: Receive, send: Send) -> None:
        """Send a file of a run."""
        asked = read_query(scope["query_string"], OfRun, ("path",))
        await self.downloads.send(self._find(call, lambda: self._in_run(call, asked)), scope, receive, send)

    async def of_model(self, call: Call, model_id: str, scope: Scope, receive: Receive, send: Send) -> None:
        """Send a file of a logged model."""
        asked = read_query(scope["query_string"], OfModel, ("artifact_file_path",))

        def path() -> str:
            root = self.models.get(call.project, model_id).model.artifact_root
            return f"{root}/{asked.artifact_file_path}"

        await self.downloads.send(self._find(call, path), scope, receive, send)

    async def upload(self, call: Call, _path: str, scope: Scope, receive: Receive, send: Send) -> None:
        """Keep a small file of a run."""
        asked = read_query(scope["query_string"], OfRun)
        for name, value in (("run_uuid", asked.run_id or asked.run_uuid), ("path", asked.path)):
            if not value:
                raise ProtocolError(f"Request must specify {name}.")
        await taken_in(receive, self._receiving(call, asked), self.downloads.threads)
        await send_done(send)

    @contextmanager
    def _receiving(self, call: Call, asked: OfRun) -> Iterator[IncomingFile]:
        with self.files.receiving(call.project, self._in_run(call, asked), most_bytes=LARGEST_UPLOAD) as incoming:
            yield incoming

    def _in_run(self, call: Call, asked: OfRun) -> str:
        root = self.journal.get(call.project, asked.run_id or asked.run_uuid or "").run.artifact_root
        return f"{root}/{asked.path}"

    def _find(self, call: Call, path: Callable[[], str]) -> Callable[[], Content]:
        return lambda: content_at(self.files, call.project, path())


def browsing_routes(files: Files, journal: Journal, models: Models, downloads: Downloads) -> tuple[Route, ...]:
    """List the routes."""
    door, look = BrowsingDoor(files, journal, models, downloads), Role.VIEWER
    of_model = "/mlflow/logged-models/{model_id}/artifacts/files"
    return (
        Route(method="GET", path="/get-artifact", versions=PLAIN, role=look, stream=door.of_run),
        Route(method="GET", path=of_model, role=look, stream=door.of_model),
        Route(method="POST", path="/mlflow/upload-artifact", role=Role.CONTRIBUTOR, stream=door.upload),
    )
