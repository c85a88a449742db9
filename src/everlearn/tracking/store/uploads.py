"""Uploads under way and their parts."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from everlearn.blobs import StoredBlob
from everlearn.core.actor import Actor
from everlearn.core.digest import Digest
from everlearn.db import Sql, Tx, written
from everlearn.tracking.model import Upload, UploadState

_INSERT = Sql(
    "insert into tracking_uploads (id, project, path, parts, state, begun_by, touched_at) values (?,?,?,?,'open',?,?)"
)
_FIND = Sql("select id, project, path, parts, state, begun_by from tracking_uploads where id = ?")
_TOUCH = Sql("update tracking_uploads set touched_at = ? where id = ? and state = 'open'")
_CLOSE = Sql("update tracking_uploads set state = ?, touched_at = ? where id = ? and state = 'open'")
_COUNT = Sql("select count(*) from tracking_uploads where project = ? and state = 'open'")
_STALE = Sql("select id from tracking_uploads where touched_at < ? order by touched_at, id limit ?")
_DELETE = Sql("delete from tracking_uploads where id = ?")
_PUT_PART = Sql(
    "insert into tracking_upload_parts (upload_id, number, digest, size_bytes) values (?,?,?,?) "
    "on conflict (upload_id, number) do update set digest = excluded.digest, size_bytes = excluded.size_bytes"
)
_PARTS = Sql("select number, digest, size_bytes from tracking_upload_parts where upload_id = ? order by number")
_SIZE = Sql("select coalesce(sum(size_bytes), 0) from tracking_upload_parts where upload_id = ?")
_DELETE_PARTS = Sql("delete from tracking_upload_parts where upload_id = ?")


def insert(tx: Tx, upload: Upload, *, at: datetime) -> None:
    """Begin an upload."""
    _INSERT.run(tx, upload.id, upload.project, upload.path, upload.parts, upload.begun_by, written(tx, at))


def find(tx: Tx, upload_id: str) -> Upload | None:
    """Find an upload, whatever became of it."""
    row = _FIND.row(tx, upload_id)
    if row is None:
        return None
    found, project, path, parts, state, begun_by = row
    return Upload(id=found, project=project, path=path, parts=parts, state=UploadState(state), begun_by=Actor(begun_by))


def touch(tx: Tx, upload_id: str, *, at: datetime) -> bool:
    """Write that an open upload is still wanted; False when it is not open."""
    return _TOUCH.run(tx, written(tx, at), upload_id) == 1


def close(tx: Tx, upload_id: str, state: UploadState, *, at: datetime) -> bool:
    """End an open upload; False when it is not open."""
    return _CLOSE.run(tx, state, written(tx, at), upload_id) == 1


def count_open(tx: Tx, project: str) -> int:
    """Count the open uploads of a project."""
    row = _COUNT.row(tx, project)
    return int(row[0]) if row else 0


def put_part(tx: Tx, upload_id: str, number: int, part: StoredBlob) -> None:
    """Write a part down; the newest one of its number wins."""
    _PUT_PART.run(tx, upload_id, number, part.digest, part.size_bytes)


def parts_of(tx: Tx, upload_id: str) -> Mapping[int, Digest]:
    """Give the digests of an upload's parts by number, in order; there are at most as many as it announced."""
    return {int(number): Digest(digest) for number, digest, _ in _PARTS.rows(tx, upload_id)}


def size_bytes(tx: Tx, upload_id: str) -> int:
    """Add up the parts."""
    row = _SIZE.row(tx, upload_id)
    return int(row[0]) if row else 0


def stale(tx: Tx, before: datetime, *, limit: int) -> Sequence[str]:
    """Give uploads that nobody has touched since."""
    return [str(row[0]) for row in _STALE.rows(tx, written(tx, before), limit)]


def delete(tx: Tx, upload_id: str) -> None:
    """Forget an upload and its parts."""
    _DELETE_PARTS.run(tx, upload_id)
    _DELETE.run(tx, upload_id)
