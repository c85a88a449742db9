"""Scorers and their versions."""

from collections.abc import Sequence
from typing import NamedTuple

from everlearn.db import Sql, Tx, marks

_SELECT = (
    "select s.no, s.id, e.id, s.name, v.version, v.body, v.created_ms from tracing_scorer_versions v "
    "join tracing_scorers s on s.no = v.scorer_no join tracking_experiments e on e.no = s.experiment_no"
)
_ADD = Sql("insert into tracing_scorers (id, experiment_no, name) values (?,?,?) on conflict do nothing")
_NEXT = Sql("select coalesce(max(version), 0) + 1 from tracing_scorer_versions where scorer_no = ?")
_ADD_VERSION = Sql("insert into tracing_scorer_versions (scorer_no, version, body, created_ms) values (?,?,?,?)")
_LATEST = "v.version = (select max(w.version) from tracing_scorer_versions w where w.scorer_no = s.no)"


class ScorerRow(NamedTuple):
    """A version of a scorer."""

    no: int
    id: str
    experiment_id: int
    name: str
    version: int
    body: str
    created_ms: int


def ensure(tx: Tx, experiment_no: int, name: str, *, id_: str) -> int:
    """Give the number of a scorer, which is made if there is none; it waits for other writers of it."""
    _ADD.run(tx, id_, experiment_no, name)
    lock = " for update" if tx.is_postgresql else ""
    text = f"select no from tracing_scorers where experiment_no = ? and name = ?{lock}"
    return int(Sql(text).rows(tx, experiment_no, name)[0][0])


def add_version(tx: Tx, no: int, body: str, *, at_ms: int) -> int:
    """Add a version and give its number."""
    version = int(_NEXT.rows(tx, no)[0][0])
    _ADD_VERSION.run(tx, no, version, body, at_ms)
    return version


def latest(tx: Tx, experiment_nos: Sequence[int], *, limit: int) -> list[ScorerRow]:
    """Give the newest version of each scorer of some experiments."""
    if not experiment_nos:
        return []
    inside = marks(len(experiment_nos))
    text = f"{_SELECT} where s.experiment_no in ({inside}) and {_LATEST} order by e.id, s.name limit ?"
    return [ScorerRow(*row) for row in Sql(text).rows(tx, *experiment_nos, limit)]


def versions(tx: Tx, experiment_no: int, name: str, *, limit: int) -> list[ScorerRow]:
    """Give the versions of a scorer, oldest first."""
    text = f"{_SELECT} where s.experiment_no = ? and s.name = ? order by v.version limit ?"
    return [ScorerRow(*row) for row in Sql(text).rows(tx, experiment_no, name, limit)]


def find(tx: Tx, experiment_no: int, name: str, version: int | None) -> ScorerRow | None:
    """Find a version; None: the newest."""
    which, given = (_LATEST, ()) if version is None else ("v.version = ?", (version,))
    text = f"{_SELECT} where s.experiment_no = ? and s.name = ? and {which}"
    row = Sql(text).row(tx, experiment_no, name, *given)
    return None if row is None else ScorerRow(*row)


def delete(tx: Tx, no: int, version: int | None) -> int:
    """Remove a version, or all with the scorer itself; give the number of versions."""
    if version is not None:
        return Sql("delete from tracing_scorer_versions where scorer_no = ? and version = ?").run(tx, no, version)
    removed = Sql("delete from tracing_scorer_versions where scorer_no = ?").run(tx, no)
    Sql("delete from tracing_scorers where no = ?").run(tx, no)
    return removed
