"""Which paths of a run hold which bytes."""

from collections.abc import Sequence

import sqlalchemy as sa

from everlearn.core.digest import Digest
from everlearn.db import Tx, insert_for
from everlearn.tracking.model import Artifact
from everlearn.tracking.tables import artifacts


def put_artifact(tx: Tx, run_id: str, artifact: Artifact) -> None:
    """Put an artifact at its path; the newest one wins."""
    insert = insert_for(tx, artifacts).values(
        run_id=run_id,
        path=artifact.path,
        digest=artifact.digest,
        size_bytes=artifact.size_bytes,
        logged_at=artifact.logged_at,
    )
    excluded = insert.excluded
    tx.execute(
        insert.on_conflict_do_update(
            index_elements=[artifacts.c.run_id, artifacts.c.path],
            set_={
                "digest": excluded.digest,
                "size_bytes": excluded.size_bytes,
                "logged_at": sa.case(
                    (artifacts.c.digest == excluded.digest, artifacts.c.logged_at), else_=excluded.logged_at
                ),
            },
        )
    )


def find_artifact(tx: Tx, run_id: str, path: str) -> Artifact | None:
    """Find what is at a path."""
    row = tx.execute(_select().where(artifacts.c.run_id == run_id, artifacts.c.path == path)).one_or_none()
    return None if row is None else _artifact(row)


def list_artifacts(tx: Tx, run_id: str, *, after: str | None, limit: int) -> list[Artifact]:
    """Give up to `limit` artifacts by path."""
    query = _select().where(artifacts.c.run_id == run_id).order_by(artifacts.c.path).limit(limit)
    rows = tx.execute(query if after is None else query.where(artifacts.c.path > after))
    return [_artifact(row) for row in rows]


def blocking_path(tx: Tx, run_id: str, path: str, folders: Sequence[str]) -> str | None:
    """Give an artifact that is where `path` needs a folder, or below where it would be a file."""
    below = f"{path}/"
    query = (
        sa.select(artifacts.c.path)
        .where(
            artifacts.c.run_id == run_id,
            sa.or_(artifacts.c.path.in_(folders), sa.func.substr(artifacts.c.path, 1, len(below)) == below),
        )
        .order_by(artifacts.c.path)
        .limit(1)
    )
    found: str | None = tx.execute(query).scalar_one_or_none()
    return found


def _select() -> sa.Select[tuple[object, ...]]:
    return sa.select(artifacts.c.path, artifacts.c.digest, artifacts.c.size_bytes, artifacts.c.logged_at)


def _artifact(row: sa.Row[tuple[object, ...]]) -> Artifact:
    return Artifact(path=row.path, digest=Digest(row.digest), size_bytes=row.size_bytes, logged_at=row.logged_at)
