"""The artifact proxy: a project's tree of files over the protocol."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from everlearn.access import Role
from everlearn.tracking.artifact_path import BadArtifactPathError, checked_artifact_path
from everlearn.tracking.files import Child, Files
from everlearn.tracking.journal import Journal
from everlearn.tracking.mlflow import messages as m
from everlearn.tracking.mlflow.downloads import Content, Downloads
from everlearn.tracking.mlflow.transfer import send_done, taken_in
from everlearn.web.mlflow import Call, ProtocolError, Route, operation
from everlearn.web.mlflow.routes import Receive, Scope, Send

_ARTIFACTS = "/mlflow-artifacts/artifacts"


@dataclass(frozen=True, slots=True)
class ArtifactDoor:
    """What the routes do."""

    files: Files
    journal: Journal
    downloads: Downloads
    threads: ThreadPoolExecutor

    def list_of_run(self, call: Call, asked: m.ListArtifacts) -> m.Files:
        """List a folder of a run."""
        root = self.journal.get(call.project, asked.run_id or asked.run_uuid or "").run.artifact_root
        inside = _listed(asked.path)
        children = self.files.children(call.project, f"{root}/{inside}" if inside else root)
        return m.Files(
            root_uri=f"mlflow-artifacts:/{root}",
            files=[file_out(child, f"{inside}/{child.name}" if inside else child.name) for child in children],
        )

    def list_tree(self, call: Call, asked: m.ListArtifacts) -> m.Files:
        """List a folder of the project's tree, by plain names."""
        children = self.files.children(call.project, _listed(asked.path))
        return m.Files(files=[file_out(child, child.name) for child in children])

    async def upload(self, call: Call, path: str, _scope: Scope, receive: Receive, send: Send) -> None:
        """Keep the body at a path, in constant memory."""
        await taken_in(receive, self.files.receiving(call.project, path), self.threads)
        await send_done(send)

    async def download(self, call: Call, path: str, scope: Scope, receive: Receive, send: Send) -> None:
        """Send what is at a path."""
        await self.downloads.send(lambda: content_at(self.files, call.project, path), scope, receive, send)


def artifact_routes(files: Files, journal: Journal, downloads: Downloads) -> tuple[Route, ...]:
    """List the routes."""
    door, one = ArtifactDoor(files, journal, downloads, downloads.threads), f"{_ARTIFACTS}/{{path}}"
    look, log = Role.VIEWER, Role.CONTRIBUTOR
    return (
        operation("GET", "/mlflow/artifacts/list", look, door.list_of_run, m.ListArtifacts),
        operation("GET", _ARTIFACTS, look, door.list_tree, m.ListArtifacts),
        Route(method="GET", path=one, role=look, stream=door.download),
        Route(method="HEAD", path=one, role=look, stream=door.download),
        Route(method="PUT", path=one, role=log, stream=door.upload),
    )


def content_at(files: Files, project: str, path: str) -> Content:
    """Find what is at a path of a project's tree."""
    found = files.find(project, path)
    return Content(found.digest, found.size_bytes, path.rpartition("/")[2])


def file_out(child: Child, path: str) -> m.FileOut:
    """Write a file or folder."""
    return m.FileOut(path=path, is_dir=child.size_bytes is None, file_size=child.size_bytes)


def _listed(path: str | None) -> str:
    """Read which folder is to be listed; the refusal is the reference's, to the letter."""
    folder = (path or "").rstrip("/")
    try:
        return "" if folder in {"", "."} else checked_artifact_path(folder)
    except BadArtifactPathError as error:
        raise ProtocolError("Invalid path") from error
