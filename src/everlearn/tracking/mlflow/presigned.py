"""Addresses that let whoever has them fetch or send one file for a short time.

They lead to this server, which keeps the digests, and pin the content: parts of a file fetched one by one are of the
same file, even when another takes its place meanwhile.
"""

import re
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from everlearn.access import Role
from everlearn.core.digest import hex_of, parse_digest
from everlearn.tracking.artifact_path import checked_artifact_path
from everlearn.tracking.files import Files
from everlearn.tracking.journal import Journal
from everlearn.tracking.mlflow import messages as m
from everlearn.tracking.mlflow.downloads import Content, Downloads
from everlearn.tracking.mlflow.transfer import send_done, taken_in
from everlearn.tracking.model import ArtifactNotFoundError
from everlearn.tracking.models import Models
from everlearn.web.mlflow import Call, ProtocolError, Route, operation
from everlearn.web.mlflow.links import HEADER, LONGEST_LIFE_S, Links
from everlearn.web.mlflow.routes import Receive, Scope, Send

_LINKED = "/mlflow-artifacts/linked"
_UPLOAD_LIFE_S, _DOWNLOAD_LIFE_S = 900, 300
_CONTENT = re.compile(r"([0-9a-f]{64})/([^/]+)")


@dataclass(frozen=True, slots=True)
class PresignedDoor:
    """What the routes do."""

    files: Files
    journal: Journal
    models: Models
    downloads: Downloads
    links: Links

    def of_tree(self, call: Call, asked: m.ByPath) -> m.Link:
        """Tell where a file of the project's tree is fetched."""
        url, headers, size_bytes = self._fetched(call, asked.path or "", _DOWNLOAD_LIFE_S)
        return m.Link(url, headers, size_bytes)

    def download(self, call: Call, asked: m.PresignDownload) -> m.PresignedUrl:
        """Tell where a file of a run is fetched."""
        root = self.journal.get(call.project, asked.run_id or "").run.artifact_root
        life_s = _life_s(asked.expiration, _DOWNLOAD_LIFE_S)
        url, headers, size_bytes = self._fetched(call, f"{root}/{asked.path}", life_s)
        return m.PresignedUrl(url, headers, size_bytes)

    def upload(self, call: Call, asked: m.PresignUpload) -> m.PresignedUrl:
        """Tell where a file of a run or of a logged model is sent."""
        if bool(asked.run_id) == bool(asked.model_id):
            raise ProtocolError("Exactly one of run_id and model_id must be provided.")
        if asked.run_id:
            root = self.journal.get(call.project, asked.run_id).run.artifact_root
        else:
            root = self.models.get(call.project, asked.model_id or "").model.artifact_root
        tail = f"{_LINKED}/{checked_artifact_path(f'{root}/{asked.path}')}"
        url, headers = self._link(call, "PUT", tail, _life_s(asked.expiration, _UPLOAD_LIFE_S))
        return m.PresignedUrl(url, headers)

    async def take(self, call: Call, path: str, _scope: Scope, receive: Receive, send: Send) -> None:
        """Keep the body at the path of the link."""
        await taken_in(receive, self.files.receiving(call.project, path), self.downloads.threads)
        await send_done(send)

    async def give(self, _call: Call, path: str, scope: Scope, receive: Receive, send: Send) -> None:
        """Send the content of the link."""
        await self.downloads.send(lambda: self._content(path), scope, receive, send)

    def _content(self, path: str) -> Content:
        named = _CONTENT.fullmatch(path)
        if named is None:
            raise ArtifactNotFoundError("No such content.")
        digest = parse_digest(f"sha256:{named[1]}")
        return Content(digest, self.files.blobs.size_bytes(digest), named[2])

    def _fetched(self, call: Call, path: str, life_s: int) -> tuple[str, dict[str, str], int]:
        found = self.files.find(call.project, path)
        tail = f"{_LINKED}/{hex_of(found.digest)}/{path.rpartition('/')[2]}"
        return *self._link(call, "GET", tail, life_s), found.size_bytes

    def _link(self, call: Call, method: str, tail: str, life_s: int) -> tuple[str, dict[str, str]]:
        path = f"{call.prefix}/api/2.0{tail}"
        sealed = self.links.sealed(method, path, actor=call.actor, life_s=life_s)
        return f"{call.base}{quote(path)}", {HEADER: sealed}


def presigned_routes(
    files: Files, journal: Journal, models: Models, downloads: Downloads, links: Links
) -> tuple[Route, ...]:
    """List the routes."""
    door, one = PresignedDoor(files, journal, models, downloads, links), f"{_LINKED}/{{path}}"
    by_link: dict[str, Any] = {"path": one, "role": None, "by_link": True}
    look, log, base = Role.VIEWER, Role.CONTRIBUTOR, "/mlflow/artifacts"
    return (
        operation("GET", "/mlflow-artifacts/presigned/{path}", look, door.of_tree, m.ByPath),
        operation("POST", f"{base}/presigned-download-url", look, door.download, m.PresignDownload, "run_id path"),
        operation("POST", f"{base}/presigned-upload-url", log, door.upload, m.PresignUpload, "path"),
        Route(method="PUT", stream=door.take, **by_link),
        Route(method="GET", stream=door.give, **by_link),
        Route(method="HEAD", stream=door.give, **by_link),
    )


def _life_s(asked: int | None, default: int) -> int:
    if asked is None:
        return default
    if not 1 <= asked <= LONGEST_LIFE_S:
        raise ProtocolError(f"expiration must be between 1 and {LONGEST_LIFE_S} seconds (got {asked}).")
    return asked
