"""A project's tree of files: which paths hold which bytes."""

from collections.abc import Sequence
from typing import Any

from everlearn.core.digest import Digest
from everlearn.db import Sql, Tx, marks, read_instant, written
from everlearn.tracking.hazards import Hazard
from everlearn.tracking.model import Artifact

_COLUMNS = "path, digest, size_bytes, logged_at, hazard"
_SELECT = f"select {_COLUMNS} from tracking_artifacts where project = ?"
_LAST = "\U0010ffff"  # after every path
_FIND = Sql(f"{_SELECT} and path = ?")
_BELOW = Sql(f"{_SELECT} and path > ? and path < ? order by path limit ?")
_HAZARDOUS = Sql(f"{_SELECT} and path > ? and path < ? and hazard is not null order by path limit ?")
_SIZE = Sql(
    "select count(*), sum(size_bytes), max(logged_at) from tracking_artifacts "
    "where project = ? and path > ? and path < ?"
)
_DELETE = Sql("delete from tracking_artifacts where project = ? and (path = ? or (path > ? and path < ?))")
_PUT = Sql(
    "insert into tracking_artifacts (project, path, digest, size_bytes, logged_at, hazard) values (?,?,?,?,?,?) "
    "on conflict (project, path) do update set digest = excluded.digest, size_bytes = excluded.size_bytes, "
    "hazard = excluded.hazard, "
    "logged_at = case when tracking_artifacts.digest = excluded.digest then tracking_artifacts.logged_at "
    "else excluded.logged_at end"
)


def put(tx: Tx, project: str, artifact: Artifact) -> None:
    """Put a file at its path; the newest one wins."""
    at = written(tx, artifact.logged_at)
    _PUT.run(tx, project, artifact.path, artifact.digest, artifact.size_bytes, at, artifact.hazard)


def find(tx: Tx, project: str, path: str) -> Artifact | None:
    """Find what is at a path."""
    row = _FIND.row(tx, project, path)
    return None if row is None else _artifact(row)


def below(tx: Tx, project: str, folder: str, *, after: str | None, limit: int) -> list[Artifact]:
    """Give up to `limit` files in and under a folder, by path."""
    start, end = (f"{folder}/", f"{folder}0") if folder else ("", _LAST)  # "0" follows "/"
    return [_artifact(row) for row in _BELOW.rows(tx, project, after or start, end, limit)]


def hazardous_below(tx: Tx, project: str, folder: str, *, limit: int) -> list[Artifact]:
    """Give up to `limit` files in and under a folder that have a hazard, by path."""
    return [_artifact(row) for row in _HAZARDOUS.rows(tx, project, f"{folder}/", f"{folder}0", limit)]


def size_below(tx: Tx, project: str, folder: str) -> tuple[int, int, Any]:
    """Give the number of files in and under a folder, their bytes together, and when the newest was logged."""
    row = _SIZE.rows(tx, project, f"{folder}/", f"{folder}0")[0]
    return int(row[0]), int(row[1] or 0), None if row[2] is None else read_instant(row[2])


def delete(tx: Tx, project: str, path: str) -> int:
    """Remove a file, or everything under a folder; give the number of files."""
    return _DELETE.run(tx, project, path, f"{path}/", f"{path}0")


def blocking_path(tx: Tx, project: str, path: str, folders: Sequence[str]) -> str | None:
    """Give a file that is where `path` needs a folder, or below where it would be a file."""
    start, end = f"{path}/", f"{path}0"
    text = "select path from tracking_artifacts where project = ? and ((path > ? and path < ?)"
    if folders:
        text += f" or path in ({marks(len(folders))})"
    row = Sql(f"{text}) order by path limit 1").row(tx, project, start, end, *folders)
    return None if row is None else str(row[0])


def _artifact(row: tuple[Any, ...]) -> Artifact:
    path, digest, size_bytes, at, hazard = row
    return Artifact(
        path=path,
        digest=Digest(digest),
        size_bytes=size_bytes,
        logged_at=read_instant(at),
        hazard=None if hazard is None else Hazard(hazard),
    )
