"""What gateways report of themselves, and how far their spools are shipped."""

from collections.abc import Mapping
from datetime import datetime

import sqlalchemy as sa

from everlearn.db import Tx, insert_for
from everlearn.serving.model import GATEWAY_IS_LIVE_FOR
from everlearn.serving.store import traffic
from everlearn.serving.tables import gateway_states, gateways, prediction_spools


def report(tx: Tx, gateway: str, *, unshipped_bytes: int, barrier: int, at: datetime) -> None:
    """Say that a gateway lives, how much it has yet to ship, and which barrier is behind it."""
    values = {"unshipped_bytes": unshipped_bytes, "barrier": barrier, "seen_at": at}
    statement = insert_for(tx, gateways).values(gateway=gateway, **values)
    tx.execute(statement.on_conflict_do_update(index_elements=["gateway"], set_=values))


def report_generations(tx: Tx, gateway: str, generations: Mapping[tuple[str, str], int]) -> None:
    """Say which generation of each deployment a gateway routes by."""
    tx.execute(gateway_states.delete().where(gateway_states.c.gateway == gateway))
    rows = [
        {"gateway": gateway, "project": project, "model": model, "generation": generation}
        for (project, model), generation in sorted(generations.items())
    ]
    if rows:
        tx.execute(gateway_states.insert(), rows)


def forget(tx: Tx, gateway: str) -> None:
    """Take a gateway off the list: it has shipped everything and is going."""
    tx.execute(gateway_states.delete().where(gateway_states.c.gateway == gateway))
    tx.execute(gateways.delete().where(gateways.c.gateway == gateway))


def have_applied(tx: Tx, project: str, model: str, generation: int, *, now: datetime) -> bool:
    """Tell whether every live gateway routes by this generation or a later one."""
    applied = (
        sa.select(gateway_states.c.gateway)
        .where(
            gateway_states.c.gateway == gateways.c.gateway,
            gateway_states.c.project == project,
            gateway_states.c.model == model,
            gateway_states.c.generation >= generation,
        )
        .exists()
    )
    behind = sa.select(sa.func.count()).select_from(gateways).where(_is_live(now), ~applied)
    return int(tx.execute(behind).scalar_one()) == 0


def have_passed(tx: Tx, barrier: int, *, now: datetime) -> bool:
    """Tell whether all that live gateways answered before a barrier was set is stored."""
    behind = sa.select(sa.func.count()).select_from(gateways).where(_is_live(now), gateways.c.barrier < barrier)
    return int(tx.execute(behind).scalar_one()) == 0


def not_applied(tx: Tx, *, now: datetime) -> int:
    """Count the deployments that some live gateway does not follow yet."""
    deployments = traffic.all_deployments(tx)
    return sum(not have_applied(tx, one.project, one.model, one.generation, now=now) for one in deployments)


def shipped_bytes(tx: Tx, spool: str) -> int | None:
    """Tell how far a spool is stored; None: it has never been heard of."""
    statement = sa.select(prediction_spools.c.shipped_bytes).where(prediction_spools.c.spool == spool)
    value: int | None = tx.execute(statement).scalar_one_or_none()
    return value


def begin_spool(tx: Tx, spool: str) -> None:
    """Make a spool known."""
    tx.execute(insert_for(tx, prediction_spools).values(spool=spool, shipped_bytes=0).on_conflict_do_nothing())


def advance_spool(tx: Tx, spool: str, *, before: int, after: int) -> bool:
    """Save how far a spool is stored; False: it was not at `before`, somebody else shipped."""
    changed = tx.execute(
        prediction_spools.update()
        .where(prediction_spools.c.spool == spool, prediction_spools.c.shipped_bytes == before)
        .values(shipped_bytes=after)
    )
    return changed.rowcount == 1


def _is_live(now: datetime) -> sa.ColumnElement[bool]:
    return gateways.c.seen_at >= now - GATEWAY_IS_LIVE_FOR
