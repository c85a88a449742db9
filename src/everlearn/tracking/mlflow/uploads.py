"""Files in parts over the protocol: announced, sent part by part to addresses of this server, put together."""

import asyncio
import re
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from everlearn.access import Role
from everlearn.core.digest import hex_of
from everlearn.tracking.mlflow import messages as m
from everlearn.tracking.mlflow.transfer import send_done, taken_in
from everlearn.tracking.model import UploadNotFoundError
from everlearn.tracking.uploads import ABANDONED_AFTER, Uploads
from everlearn.web.mlflow import Call, Empty, ProtocolError, Route, operation
from everlearn.web.mlflow.links import HEADER, Links
from everlearn.web.mlflow.routes import Receive, Scope, Send

_PARTS = "/mlflow-artifacts/mpu/parts"
_LIFE_S = round(ABANDONED_AFTER.total_seconds())
_PART = re.compile(r"([a-z]+_[0-9a-z]{26})/([0-9]{1,5})")


@dataclass(frozen=True, slots=True)
class UploadDoor:
    """What the routes do."""

    uploads: Uploads
    links: Links
    threads: ThreadPoolExecutor

    def begin(self, call: Call, asked: m.BeginUpload) -> m.Upload:
        """Announce a file and tell where its parts go."""
        count = 1 if asked.num_parts is None else asked.num_parts
        upload = self.uploads.begin(call.project, _path(asked.rest, asked.path), count, actor=call.actor)
        return m.Upload(upload.id, [self._credential(call, upload.id, number) for number in range(1, count + 1)])

    async def complete(self, call: Call, asked: m.EndUpload) -> Empty:
        """Put the parts together, in a thread of the transfers: it takes as long as the file is large."""
        parts = [(part.part_number or 0, part.etag or "") for part in asked.parts or ()]
        await asyncio.get_running_loop().run_in_executor(
            self.threads,
            self.uploads.complete,
            call.project,
            _path(asked.rest, asked.path),
            asked.upload_id or "",
            parts,
        )
        return Empty()

    def abort(self, call: Call, asked: m.EndUpload) -> Empty:
        """Give an upload up."""
        self.uploads.abort(call.project, _path(asked.rest, asked.path), asked.upload_id or "")
        return Empty()

    async def take_part(self, call: Call, path: str, _scope: Scope, receive: Receive, send: Send) -> None:
        """Keep a part."""
        named = _PART.fullmatch(path)
        if named is None:
            raise UploadNotFoundError("No such part of an upload.")
        opened = self.uploads.receiving(call.project, named[1], int(named[2]))
        digest = await taken_in(receive, opened, self.threads)
        await send_done(send, (b"etag", f'"{hex_of(digest)}"'.encode()))

    def _credential(self, call: Call, upload_id: str, number: int) -> m.Credential:
        path = f"{call.prefix}/api/2.0{_PARTS}/{upload_id}/{number}"
        sealed = self.links.sealed("PUT", path, actor=call.actor, life_s=_LIFE_S)
        return m.Credential(f"{call.base}{path}", number, {HEADER: sealed})


def upload_routes(uploads: Uploads, links: Links, threads: ThreadPoolExecutor) -> tuple[Route, ...]:
    """List the routes."""
    door, base, log = UploadDoor(uploads, links, threads), "/mlflow-artifacts/mpu", Role.CONTRIBUTOR
    return (
        operation("POST", f"{base}/create/{{rest}}", log, door.begin, m.BeginUpload, "path"),
        operation("POST", f"{base}/complete/{{rest}}", log, door.complete, m.EndUpload, "path upload_id parts"),
        operation("POST", f"{base}/abort/{{rest}}", log, door.abort, m.EndUpload, "path upload_id"),
        Route(method="PUT", path=f"{_PARTS}/{{path}}", role=None, by_link=True, stream=door.take_part),
    )


def _path(folder: str | None, local: str | None) -> str:
    """Join the folder with the name that the file has at the client, whose system may write paths its own way."""
    name = re.split(r"[/\\]", local or "")[-1]
    if not name:
        raise ProtocolError("Invalid value for parameter 'path': it must be the name of a file.")
    return f"{folder or ''}/{name}".lstrip("/")
