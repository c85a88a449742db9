"""Files over the protocol. They are always downloads of a neutral type: they may be anybody's HTML."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

from everlearn.access import Role
from everlearn.tracking.artifact_path import BadArtifactPathError, checked_artifact_path
from everlearn.tracking.files import Child, Files
from everlearn.tracking.journal import Journal
from everlearn.tracking.mlflow import messages as m
from everlearn.web.mlflow import Call, ProtocolError, Route, operation
from everlearn.web.mlflow.application import chunks_of
from everlearn.web.mlflow.routes import Receive, Scope, Send

_PIECE = 1024 * 1024  # bytes
_ARTIFACTS = "/mlflow-artifacts/artifacts"


@dataclass(frozen=True, slots=True)
class ArtifactDoor:
    """What the routes do."""

    files: Files
    journal: Journal
    threads: ThreadPoolExecutor = field(default_factory=lambda: ThreadPoolExecutor(8, thread_name_prefix="artifacts"))

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
        loop = asyncio.get_running_loop()
        pieces = _pieces(chunks_of(receive))

        def chunks() -> Iterator[bytes]:
            while piece := asyncio.run_coroutine_threadsafe(anext(pieces, b""), loop).result():
                yield piece

        await loop.run_in_executor(self.threads, self.files.write, call.project, path, chunks())
        await _answer(send, b"{}")

    async def download(self, call: Call, path: str, scope: Scope, _receive: Receive, send: Send) -> None:
        """Send what is at a path. What is damaged breaks off before its end."""
        loop = asyncio.get_running_loop()
        artifact, chunks = await loop.run_in_executor(self.threads, self.files.open, call.project, path)
        first: bytes = await loop.run_in_executor(self.threads, next, chunks, b"")
        name = quote(path.rpartition("/")[2], safe="")
        headers = [
            (b"content-type", b"application/octet-stream"),
            (b"content-length", str(artifact.size_bytes).encode()),
            (b"content-disposition", f"attachment; filename*=UTF-8''{name}".encode()),
            (b"x-content-type-options", b"nosniff"),
        ]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        chunk = b"" if scope["method"] == "HEAD" else first
        while chunk:
            await send({"type": "http.response.body", "body": chunk, "more_body": True})
            chunk = await loop.run_in_executor(self.threads, next, chunks, b"")
        await send({"type": "http.response.body", "body": b"", "more_body": False})

    async def delete(self, call: Call, path: str, _scope: Scope, _receive: Receive, send: Send) -> None:
        """Remove a file or a folder."""
        await asyncio.get_running_loop().run_in_executor(self.threads, self.files.delete, call.project, path)
        await _answer(send, b"{}")


def artifact_routes(files: Files, journal: Journal) -> tuple[Route, ...]:
    """List the routes."""
    door, one = ArtifactDoor(files, journal), f"{_ARTIFACTS}/{{path}}"
    look, log = Role.VIEWER, Role.CONTRIBUTOR
    return (
        operation("GET", "/mlflow/artifacts/list", look, door.list_of_run, m.ListArtifacts),
        operation("GET", _ARTIFACTS, look, door.list_tree, m.ListArtifacts),
        Route(method="GET", path=one, role=look, stream=door.download),
        Route(method="HEAD", path=one, role=look, stream=door.download),
        Route(method="PUT", path=one, role=log, stream=door.upload),
        Route(method="DELETE", path=one, role=log, stream=door.delete),
    )


async def _pieces(chunks: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    """Put small chunks together: each piece costs a change of threads."""
    held, size = list[bytes](), 0
    async for chunk in chunks:
        held.append(chunk)
        size += len(chunk)
        if size >= _PIECE:
            yield b"".join(held)
            held, size = [], 0
    if size:
        yield b"".join(held)


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


async def _answer(send: Send, body: bytes) -> None:
    headers: list[Any] = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": body, "more_body": False})
