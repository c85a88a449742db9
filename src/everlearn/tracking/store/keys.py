"""Names of parameters, tags and metrics as small numbers. A key, once numbered, keeps its number for ever."""

from collections.abc import Collection
from weakref import WeakKeyDictionary

from sqlalchemy.engine import Engine

from everlearn.db import Sql, Tx, marks

_MOST_REMEMBERED = 100_000
_known: WeakKeyDictionary[Engine, dict[str, int]] = WeakKeyDictionary()

KEYED_TABLES = ("tracking_params", "tracking_newest", "tracking_tags")
"""Tables with an index by experiment and key."""

_INSERT = Sql("insert into tracking_keys (key) values (?) on conflict do nothing")


def find_keys(tx: Tx, wanted: Collection[str]) -> dict[str, int]:
    """Give the numbers of those keys that have one."""
    known = _known.setdefault(tx.connection.engine, {})
    missing = [key for key in wanted if key not in known]
    found = _read(tx, missing) if missing else {}
    if found:
        tx.after_commit.append(lambda: _remember(tx.connection.engine, found))
    return {key: number for key in wanted if (number := known.get(key, found.get(key))) is not None}


def number_keys(tx: Tx, wanted: Collection[str]) -> dict[str, int]:
    """Give the numbers of keys, new ones to those that have none."""
    numbers = find_keys(tx, wanted)
    missing = sorted(key for key in wanted if key not in numbers)
    if missing:
        # sorted: two transactions that number the same keys wait for each other in one order
        _INSERT.run_all(tx, [(key,) for key in missing])
        added = _read(tx, missing)
        tx.after_commit.append(lambda: _remember(tx.connection.engine, added))
        numbers |= added
    return numbers


def used_keys(tx: Tx, table: str, experiment_no: int, *, most: int = 500) -> list[str]:
    """Give the keys that runs of an experiment have in one of `KEYED_TABLES`, by name.

    Goes from key to key along the index, so the time grows with the number of keys and not with that of the runs.
    """
    text = (
        f"with recursive used(no) as (select min(key_no) from {table} where experiment_no = ? union all "
        f"select (select min(t.key_no) from {table} t where t.experiment_no = ? and t.key_no > used.no) "
        "from used where used.no is not null) "
        "select k.key from tracking_keys k where k.no in "
        "(select no from used where no is not null limit ?) order by k.key"
    )
    return [row[0] for row in Sql(text).rows(tx, experiment_no, experiment_no, most)]


def _remember(engine: Engine, numbers: dict[str, int]) -> None:
    known = _known.setdefault(engine, {})
    if len(known) > _MOST_REMEMBERED:
        known.clear()
    known.update(numbers)


def _read(tx: Tx, wanted: Collection[str]) -> dict[str, int]:
    keys = list(wanted)
    found: dict[str, int] = {}
    for start in range(0, len(keys), 500):
        part = keys[start : start + 500]
        rows = Sql(f"select key, no from tracking_keys where key in ({marks(len(part))})").rows(tx, *part)
        found.update((key, number) for key, number in rows)
    return found
