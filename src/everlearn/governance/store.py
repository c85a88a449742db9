"""Card rows in, digests out."""

from datetime import datetime

import sqlalchemy as sa

from everlearn.core.digest import Digest
from everlearn.db import Tx
from everlearn.governance.model import Edition
from everlearn.governance.tables import model_cards


def newest(tx: Tx, project: str, model: str, version: int) -> Edition | None:
    """Give the newest edition of a version's card, or None when none was written."""
    card = model_cards
    row = tx.execute(
        sa.select(card.c.edition, card.c.digest, card.c.facts_digest, card.c.effective_at)
        .where(card.c.project == project, card.c.model == model, card.c.version == version)
        .order_by(card.c.edition.desc())
        .limit(1)
    ).one_or_none()
    if row is None:
        return None
    return Edition(
        number=row.edition,
        digest=Digest(row.digest),
        facts_digest=Digest(row.facts_digest),
        effective_at=row.effective_at,
    )


def insert(tx: Tx, project: str, model: str, version: int, *, edition: Edition, at: datetime) -> None:
    """Add an edition."""
    tx.execute(
        sa.insert(model_cards).values(
            project=project,
            model=model,
            version=version,
            edition=edition.number,
            digest=edition.digest,
            facts_digest=edition.facts_digest,
            effective_at=edition.effective_at,
            recorded_at=at,
        )
    )
