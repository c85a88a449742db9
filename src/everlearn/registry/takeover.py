"""Taking over what was registered elsewhere, and giving everything out.

What is here already stays as it is. Versions that are taken over are names for sources, as mlflow's clients know them:
none of them is fit to be deployed by that.
"""

from collections.abc import Iterator

from everlearn.core.actor import Actor
from everlearn.db import Database, Tx
from everlearn.registry.facts import ModelFacts, VersionFacts
from everlearn.registry.model import AliasMove
from everlearn.registry.store import catalogue as store
from everlearn.registry.store import moves, taken
from everlearn.registry.store.catalogue import CatalogueRow, ModelRow

AT_ONCE = 100  # models or versions


def take_model(tx: Tx, project: str, facts: ModelFacts) -> bool:
    """Add a model without its versions; False when the name is taken."""
    row = ModelRow(project, facts.name, facts.newest, facts.description, facts.created_at, facts.updated_at)
    if not taken.insert_model(tx, row):
        taken.raise_newest(tx, project, facts.name, facts.newest)
        return False
    for key, value in facts.tags.items():
        store.put_tag(tx, project, facts.name, None, key, value)
    return True


def take_version(tx: Tx, project: str, facts: VersionFacts, *, actor: Actor) -> bool:
    """Add a version under its number; False when the number is taken."""
    row = CatalogueRow(
        project=project,
        model=facts.model,
        number=facts.number,
        source=facts.source,
        run_id=facts.run_id,
        run_link=facts.run_link,
        model_id=facts.model_id,
        description=facts.description,
        stage=facts.stage,
        created_at=facts.created_at,
        updated_at=facts.updated_at,
        registered_by=f"user:{facts.user}" if facts.user else actor,
    )
    if not taken.insert_entry(tx, row):
        return False
    for key, value in facts.tags.items():
        store.put_tag(tx, project, facts.model, facts.number, key, value)
    return True


def take_alias(tx: Tx, project: str, model: str, move: AliasMove) -> bool:
    """Let an alias name a version that was taken over, unless it names one here."""
    if move.after is None or store.find_entry(tx, project, model, move.after) is None:
        return False
    if moves.find_alias(tx, project, model, move.alias) is not None:
        return False
    moves.put_alias(tx, project, model, move.alias, number=move.after)
    moves.add_alias_move(tx, project, model, move)
    return True


def models(db: Database, project: str) -> Iterator[ModelFacts]:
    """Give every model."""
    after = ""
    while True:
        with db.read() as tx:
            rows = taken.list_models(tx, project, after=after, limit=AT_ONCE)
            tags = store.model_tags(tx, project, [row.name for row in rows])
            found = [
                ModelFacts(
                    name=row.name,
                    description=row.description,
                    newest=row.newest,
                    created_at=row.created_at,
                    updated_at=row.updated_at,
                    tags=tags.get(row.name, {}),
                    aliases=store.aliases_of(tx, project, row.name),
                )
                for row in rows
            ]
        yield from found
        if len(rows) < AT_ONCE:
            return
        after = rows[-1].name


def versions(db: Database, project: str, model: str) -> Iterator[VersionFacts]:
    """Give every version of a model."""
    after = 0
    while True:
        with db.read() as tx:
            rows = taken.list_entries(tx, project, model, after=after, limit=AT_ONCE)
            tags = store.version_tags(tx, project, [model]) if rows else {}
        for row in rows:
            yield VersionFacts(
                model=row.model,
                number=row.number,
                source=row.source,
                run_id=row.run_id,
                run_link=row.run_link,
                model_id=row.model_id,
                description=row.description,
                stage=row.stage,
                created_at=row.created_at,
                updated_at=row.updated_at,
                user=row.registered_by.removeprefix("user:"),
                tags=tags.get((row.model, row.number), {}),
            )
        if len(rows) < AT_ONCE:
            return
        after = rows[-1].number
