"""Two numbers that gateways poll: cheaper to read than what they stand for."""

from dataclasses import dataclass

import sqlalchemy as sa

from everlearn.db import Tx, insert_for
from everlearn.serving.tables import serving_counters

TRAFFIC = "traffic"
BARRIER = "barrier"


@dataclass(frozen=True, slots=True, kw_only=True)
class Counters:
    """How often the traffic of any model has changed, and how many barriers have been set."""

    traffic: int
    barrier: int


def read_counters(tx: Tx) -> Counters:
    """Give both numbers; 0 where nothing has been counted yet."""
    rows = tx.execute(
        sa.select(serving_counters.c.name, serving_counters.c.value)
        .where(serving_counters.c.name.in_([TRAFFIC, BARRIER]))
        .order_by(serving_counters.c.name)
        .limit(2)
    )
    values = {row.name: row.value for row in rows}
    return Counters(traffic=values.get(TRAFFIC, 0), barrier=values.get(BARRIER, 0))


def count(tx: Tx, name: str) -> int:
    """Add one and give the new value; concurrent transactions queue here."""
    statement = insert_for(tx, serving_counters).values(name=name, value=1)
    counted = statement.on_conflict_do_update(index_elements=["name"], set_={"value": serving_counters.c.value + 1})
    value: int = tx.execute(counted.returning(serving_counters.c.value)).scalar_one()
    return value
