"""Rows of the log in, records out."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from everlearn.core.actor import Actor
from everlearn.core.clock import iso
from everlearn.core.errors import DamagedError
from everlearn.db import Sql, Tx, insert_for, read_instant, written
from everlearn.eventlog.entry import Leaf, Record, leaf_content
from everlearn.eventlog.merkle import CompactRange
from everlearn.eventlog.tables import blocks, entries, head, positions

_COLUMNS = [column for column in entries.c if column.name != "leaf"]
_HEAD_ID = 1
_CHUNK = 2_000  # rows

# appending is part of nearly every transaction: its statements are written out
_READ_HEAD = Sql(f"select size, range, recorded_at from log_head where id = {_HEAD_ID}")  # noqa: S608
_LOCK_HEAD = Sql(f"select size, range, recorded_at from log_head where id = {_HEAD_ID} for update")  # noqa: S608
_MOVE_HEAD = Sql(f"update log_head set size = ?, range = ?, recorded_at = ? where id = {_HEAD_ID}")  # noqa: S608
_INSERT = Sql(
    "insert into log_entries (position, id, name, revision, subject, actor, recorded_at, cause_id, correlation_id, "
    "payload, leaf) values (?,?,?,?,?,?,?,?,?,?,?)"
)
_EVIDENCE = Sql("insert into log_evidence (digest, position) values (?,?)")
_BEFORE_ALL = -(2**63)  # as low as a position can be forged


@dataclass(frozen=True, slots=True)
class Head:
    """Where the log ends."""

    tree: CompactRange
    recorded_at: datetime | None  # of the last entry


def lock_head(tx: Tx, now: datetime) -> Head:
    """Give the end of the log and keep everybody else from appending until the transaction ends."""
    found = _head(tx, is_locked=True)
    if found is None:
        row = {"id": _HEAD_ID, "size": 0, "range": b"", "recorded_at": now}
        tx.execute(insert_for(tx, head).values(row).on_conflict_do_nothing())
        found = _head(tx, is_locked=True)
    if found is None:
        raise DamagedError("the log has lost its head row")
    return found


def read_head(tx: Tx) -> Head:
    """Give the end of the log."""
    return _head(tx, is_locked=False) or Head(CompactRange(), None)


def _head(tx: Tx, *, is_locked: bool) -> Head | None:
    row = (_LOCK_HEAD if is_locked and tx.is_postgresql else _READ_HEAD).row(tx)
    return None if row is None else Head(CompactRange.unpacked(row[0], bytes(row[1])), read_instant(row[2]))


def insert(tx: Tx, records: Sequence[Record], leaves: Sequence[bytes], roots: dict[int, bytes], after: Head) -> None:
    """Write new entries, the block roots that they completed, and where the log ends now."""
    at = written(tx, records[-1].at)  # one instant for all
    _INSERT.run_all(tx, [_row(record, at, leaf) for record, leaf in zip(records, leaves, strict=True)])
    if roots:
        tx.execute(sa.insert(blocks), [{"number": number, "root": root} for number, root in roots.items()])
    _MOVE_HEAD.run(tx, after.tree.size, after.tree.packed(), at)


def insert_evidence(tx: Tx, named: Sequence[tuple[str, int]]) -> None:
    """Write down which blobs new entries name."""
    _EVIDENCE.run_all(tx, named)


def records_after(
    tx: Tx, position: int, *, limit: int, names: Collection[str] = (), subject: str | None = None
) -> list[Record]:
    """Give entries in order, beginning after a position."""
    query = sa.select(*_COLUMNS).where(entries.c.position > position).order_by(entries.c.position).limit(limit)
    return [_record(row) for row in tx.execute(_narrowed(query, names, subject))]


def records_before(
    tx: Tx,
    position: int | None,
    *,
    limit: int,
    names: Collection[str] = (),
    subject: str | None = None,
    correlation_id: str | None = None,
) -> list[Record]:
    """Give entries, newest first, beginning before a position (None: at the end)."""
    query = sa.select(*_COLUMNS).order_by(entries.c.position.desc()).limit(limit)
    if position is not None:
        query = query.where(entries.c.position < position)
    if correlation_id is not None:
        follows = sa.and_(entries.c.correlation_id == correlation_id, entries.c.cause_id.is_not(None))
        query = query.where(sa.or_(entries.c.id == correlation_id, follows))
    return [_record(row) for row in tx.execute(_narrowed(query, names, subject))]


def record_by_id(tx: Tx, entry_id: str) -> Record | None:
    """Give one entry."""
    row = tx.execute(sa.select(*_COLUMNS).where(entries.c.id == entry_id)).one_or_none()
    return None if row is None else _record(row)


def record_at(tx: Tx, position: int) -> Record | None:
    """Give the entry at a position."""
    row = tx.execute(sa.select(*_COLUMNS).where(entries.c.position == position)).one_or_none()
    return None if row is None else _record(row)


def all_leaves(tx: Tx, *, after: int | None = None, limit: int | None = None) -> Iterator[Leaf]:
    """Give what every row says now, in order of position, a chunk in memory at a time.

    Nothing is taken for granted here: a row may hold what no entry ever held, and may stand where none can.
    """
    columns = [_as_kept(tx, column) for column in entries.c]
    position, left = _BEFORE_ALL if after is None else after, limit
    while left is None or left > 0:
        wanted = _CHUNK if left is None else min(_CHUNK, left)
        query = sa.select(*columns).where(entries.c.position > position).order_by(entries.c.position).limit(wanted)
        rows = tx.execute(query).all()
        for row in rows:
            yield Leaf(position=row.position, content=_content(row), kept_hash=row.leaf)
        if len(rows) < wanted:
            return
        position, left = rows[-1].position, None if left is None else left - wanted


def _as_kept(tx: Tx, column: sa.Column[Any]) -> sa.ColumnElement[Any]:
    """Read SQLite's times as the text they are: another spelling of the same instant is not what was written."""
    is_text = column is entries.c.recorded_at and not tx.is_postgresql
    return sa.type_coerce(column, sa.Text).label(column.name) if is_text else column


def _content(row: Any) -> bytes:
    try:
        return leaf_content(row, iso(row.recorded_at) if isinstance(row.recorded_at, datetime) else row.recorded_at)
    except (TypeError, ValueError):  # SQLite lets a number or bytes stand in a column of text
        return b""  # which is no entry's content


def leaves_between(tx: Tx, start: int, end: int) -> list[bytes]:
    """Give the leaf hashes of the leaves [start, end), counted from 0 as trees do."""
    query = sa.select(entries.c.leaf).where(entries.c.position > start, entries.c.position <= end)
    return list(tx.execute(query.order_by(entries.c.position)).scalars())


def block_roots(tx: Tx, *, below: int) -> dict[int, bytes]:
    """Give the kept roots of the first `below` blocks."""
    query = sa.select(blocks.c.number, blocks.c.root).where(blocks.c.number < below)
    return {row.number: row.root for row in tx.execute(query)}


def all_block_roots(tx: Tx) -> dict[int, bytes]:
    """Give every kept root, also of blocks that cannot be."""
    return {row.number: row.root for row in tx.execute(sa.select(blocks.c.number, blocks.c.root))}


def count_after(tx: Tx, position: int, names: Collection[str]) -> int:
    """Count the entries of these names after a position."""
    query = sa.select(sa.func.count()).where(entries.c.position > position, entries.c.name.in_(names))
    found: int = tx.execute(query.select_from(entries)).scalar_one()
    return found


def positions_of(tx: Tx) -> dict[str, int]:
    """Give how far each subscription has come."""
    rows = tx.execute(sa.select(positions.c.subscription, positions.c.position))
    return {row.subscription: row.position for row in rows}


def lock_position(tx: Tx, subscription: str) -> int:
    """Give how far a subscription has come, and keep other processes from going on with it meanwhile."""
    query = sa.select(positions.c.position).where(positions.c.subscription == subscription).with_for_update()
    found: int | None = tx.execute(query).scalar_one_or_none()
    if found is None:
        row = {"subscription": subscription, "position": 0}
        tx.execute(insert_for(tx, positions).values(row).on_conflict_do_nothing())
        found = tx.execute(query).scalar_one()
    return found


def save_position(tx: Tx, subscription: str, position: int) -> None:
    """Remember how far a subscription has come."""
    tx.execute(sa.update(positions).where(positions.c.subscription == subscription).values(position=position))


def _narrowed(query: Any, names: Collection[str], subject: str | None) -> Any:
    if names:
        query = query.where(entries.c.name.in_(names))
    return query if subject is None else query.where(entries.c.subject == subject)


def _row(record: Record, at: datetime | str, leaf: bytes) -> tuple[Any, ...]:
    return (
        record.position,
        record.id,
        record.name,
        record.revision,
        record.subject,
        record.actor,
        at,
        record.cause_id,
        record.correlation_id,
        record.payload,
        leaf,
    )


def _record(row: Any) -> Record:
    return Record(
        position=row.position,
        id=row.id,
        name=row.name,
        revision=row.revision,
        subject=row.subject,
        actor=Actor(row.actor),
        at=row.recorded_at,
        cause_id=row.cause_id,
        correlation_id=row.correlation_id,
        payload=row.payload,
    )
