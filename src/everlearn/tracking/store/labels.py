"""Parameters and tags of runs: the same shape in two tables."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from everlearn.db import Sql, Tx, marks

HEAD = 120  # characters of a value that the index holds
MOST = 10_000  # of one run that are ever read at once


@dataclass(frozen=True, slots=True)
class Labels:
    """The statements over one of the tables."""

    table: str

    def insert(self, tx: Tx, run_no: int, experiment_no: int, values: Mapping[int, str]) -> None:
        """Add values by key number; what is there stays as it is."""
        Sql(
            f"insert into {self.table} (run_no, key_no, experiment_no, head, value) values (?,?,?,?,?) "
            "on conflict do nothing"
        ).run_all(tx, _rows(run_no, experiment_no, values))

    def put(self, tx: Tx, run_no: int, experiment_no: int, values: Mapping[int, str]) -> None:
        """Set values by key number; the newest wins."""
        Sql(
            f"insert into {self.table} (run_no, key_no, experiment_no, head, value) values (?,?,?,?,?) "
            "on conflict (run_no, key_no) do update set head = excluded.head, value = excluded.value"
        ).run_all(tx, _rows(run_no, experiment_no, values))

    def delete(self, tx: Tx, run_no: int, key_no: int) -> bool:
        """Take one away; False when it was not there."""
        return Sql(f"delete from {self.table} where run_no = ? and key_no = ?").run(tx, run_no, key_no) == 1

    def read(self, tx: Tx, run_no: int) -> dict[str, str]:
        """Give all of a run, by name."""
        return self.read_many(tx, [run_no]).get(run_no, {})

    def read_keys(self, tx: Tx, run_no: int, key_nos: Collection[int]) -> dict[int, str]:
        """Give some of a run, by key number."""
        if not key_nos:
            return {}
        text = f"select key_no, value from {self.table} where run_no = ? and key_no in ({marks(len(key_nos))})"
        return dict(Sql(text).rows(tx, run_no, *key_nos))

    def read_many(self, tx: Tx, run_nos: Sequence[int]) -> dict[int, dict[str, str]]:
        """Give all of several runs, by run and name."""
        found: dict[int, dict[str, str]] = {}
        for start in range(0, len(run_nos), 500):
            part = run_nos[start : start + 500]
            text = (
                f"select l.run_no, k.key, l.value from {self.table} l join tracking_keys k on k.no = l.key_no "
                f"where l.run_no in ({marks(len(part))}) order by l.run_no, k.key"
            )
            for run_no, key, value in Sql(text).rows(tx, *part):
                found.setdefault(run_no, {})[key] = value
        return found


PARAMS = Labels("tracking_params")
TAGS = Labels("tracking_tags")


def _rows(run_no: int, experiment_no: int, values: Mapping[int, str]) -> list[tuple[int, int, int, str, str]]:
    return [(run_no, key_no, experiment_no, value[:HEAD], value) for key_no, value in sorted(values.items())]
