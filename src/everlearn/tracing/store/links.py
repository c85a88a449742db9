"""What traces belong to besides their experiment: runs, and versions of prompts."""

from collections.abc import Sequence

from everlearn.db import Sql, Tx

_ADD = Sql("insert into tracing_links (trace_no, kind, target) values (?,?,?) on conflict do nothing")


def add(tx: Tx, kind: str, pairs: Sequence[tuple[int, str]]) -> None:
    """Link traces, by their numbers, to targets."""
    _ADD.run_all(tx, [(number, kind, target) for number, target in sorted(pairs)])
