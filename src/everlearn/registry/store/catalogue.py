"""Every model and version by name and number, as mlflow's clients see them."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple

from everlearn.core.search import Clause, Op
from everlearn.db import Sql, Tx, marks, read_instant, written
from everlearn.db.conditions import Condition, Term, compared

PROMPT_TAG = "mlflow.prompt.is_prompt"

_MODEL = "m.project, m.name, m.newest, m.description, m.created_at, m.updated_at"
_FIND_MODEL = Sql(f"select {_MODEL} from registry_models m where m.project = ? and m.name = ?")
_INSERT_MODEL = Sql(
    "insert into registry_models (project, name, newest, description, created_at, updated_at) values (?,?,0,?,?,?) "
    "on conflict do nothing returning name"
)
_ENTRY = (
    "c.project, c.model, c.number, c.source, c.run_id, c.run_link, c.model_id, c.description, c.stage, c.created_at, "
    "c.updated_at, c.registered_by"
)
_FIND_ENTRY = Sql(f"select {_ENTRY} from registry_catalogue c where c.project = ? and c.model = ? and c.number = ?")
_INSERT_ENTRY = Sql(
    "insert into registry_catalogue (project, model, number, source, run_id, run_link, model_id, description, stage, "
    "created_at, updated_at, registered_by) values (?,?,?,?,?,?,?,?,?,?,?,?)"
)
_NEWEST = Sql("update registry_models set newest = ?, updated_at = ? where project = ? and name = ?")
_NEWEST_BY_STAGE = Sql(
    f"select {_ENTRY} from registry_catalogue c where c.project = ? and c.model = ? and c.number in "
    "(select max(x.number) from registry_catalogue x where x.project = ? and x.model = ? group by x.stage) "
    "order by c.number"
)
_NEWEST_UNTIL = Sql(
    f"select {_ENTRY} from registry_catalogue c where c.project = ? and c.model = ? and c.number in "
    "(select max(x.number) from registry_catalogue x where x.project = ? and x.model = ? and x.created_at <= ? "
    "group by x.stage) order by c.number"
)
_NUMBER_BEFORE = Sql("select max(number) from registry_catalogue where project = ? and model = ? and number < ?")
_NUMBERS_AFTER = Sql(
    "select number from registry_catalogue where project = ? and model = ? and number > ? order by number limit ?"
)
_IS_ON_RECORD = Sql("select 1 from registry_versions where project = ? and model = ? and (number = ? or ? = 0) limit 1")
_ALIASES = Sql("select alias, number from registry_aliases where project = ? and model = ? order by alias")


class ModelRow(NamedTuple):
    """A model as the table holds it."""

    project: str
    name: str
    newest: int
    description: str
    created_at: datetime
    updated_at: datetime


class CatalogueRow(NamedTuple):
    """A version as the table holds it."""

    project: str
    model: str
    number: int
    source: str
    run_id: str
    run_link: str
    model_id: str
    description: str
    stage: str
    created_at: datetime
    updated_at: datetime
    registered_by: str


def insert_model(tx: Tx, project: str, name: str, description: str, *, at: datetime) -> bool:
    """Add a model; False when the name is taken."""
    return bool(_INSERT_MODEL.rows(tx, project, name, description, written(tx, at), written(tx, at)))


def find_model(tx: Tx, project: str, name: str) -> ModelRow | None:
    """Find a model by its name."""
    row = _FIND_MODEL.row(tx, project, name)
    return None if row is None else _model(row)


def update_model(tx: Tx, project: str, name: str, *, at: datetime, description: str | None = None) -> None:
    """Write that a model changed, and its description if there is a new one."""
    change, given = ("description = ?, ", [description]) if description is not None else ("", [])
    Sql(f"update registry_models set {change}updated_at = ? where project = ? and name = ?").run(
        tx, *given, written(tx, at), project, name
    )


def insert_entry(tx: Tx, row: CatalogueRow) -> None:
    """Add a version and make it its model's newest; the model must be locked."""
    at = written(tx, row.created_at)
    _INSERT_ENTRY.run(tx, *row[:9], at, at, row.registered_by)
    _NEWEST.run(tx, row.number, at, row.project, row.model)


def find_entry(tx: Tx, project: str, model: str, number: int) -> CatalogueRow | None:
    """Find a version by its number."""
    row = _FIND_ENTRY.row(tx, project, model, number)
    return None if row is None else _entry(row)


def number_before(tx: Tx, project: str, model: str, number: int) -> int | None:
    """Give the number of the version before one, of those that are still there."""
    row = _NUMBER_BEFORE.row(tx, project, model, number)
    return None if row is None else row[0]


def numbers_after(tx: Tx, project: str, model: str, number: int, *, limit: int) -> list[int]:
    """Give up to `limit` numbers of versions after one, in order."""
    return [found for (found,) in _NUMBERS_AFTER.rows(tx, project, model, number, limit)]


def list_entries(tx: Tx, project: str, model: str, *, below: int | None, limit: int) -> list[CatalogueRow]:
    """Give up to `limit` versions of a model, newest first, from below a number."""
    text = f"select {_ENTRY} from registry_catalogue c where c.project = ? and c.model = ? and c.number < ?"
    rows = Sql(f"{text} order by c.number desc limit ?").rows(tx, project, model, below or 2**31, limit)
    return [_entry(row) for row in rows]


def update_entry(tx: Tx, row: CatalogueRow, *, at: datetime, **changes: str) -> None:
    """Change columns of a version."""
    assignments = ", ".join(f"{column} = ?" for column in (*changes, "updated_at"))
    text = f"update registry_catalogue set {assignments} where project = ? and model = ? and number = ?"
    Sql(text).run(tx, *changes.values(), written(tx, at), row.project, row.model, row.number)


def newest_by_stage(tx: Tx, project: str, model: str, *, until: datetime | None = None) -> list[CatalogueRow]:
    """Give the newest version in each of MLflow's stages, of those that were there at an instant (None: now)."""
    key = (project, model, project, model)
    rows = _NEWEST_BY_STAGE.rows(tx, *key) if until is None else _NEWEST_UNTIL.rows(tx, *key, written(tx, until))
    return [_entry(row) for row in rows]


def archive_others(tx: Tx, row: CatalogueRow, *, at: datetime) -> None:
    """Archive the other versions that are in the same stage."""
    text = (
        "update registry_catalogue set stage = 'Archived', updated_at = ? "
        "where project = ? and model = ? and stage = ? and number != ?"
    )
    Sql(text).run(tx, written(tx, at), row.project, row.model, row.stage, row.number)


def is_on_record(tx: Tx, project: str, model: str, number: int = 0) -> bool:
    """Tell whether the loop knows this version (0: any version of the model)."""
    return _IS_ON_RECORD.row(tx, project, model, number, number) is not None


def delete_entry(tx: Tx, project: str, model: str, number: int) -> None:
    """Remove a version with its tags and aliases."""
    for table in ("registry_aliases", "registry_approvals", "registry_version_tags", "registry_catalogue"):
        text = f"delete from {table} where project = ? and model = ? and number = ?"
        Sql(text).run(tx, project, model, number)


def delete_model(tx: Tx, project: str, model: str) -> None:
    """Remove a model with everything that is its own; the moves of its aliases stay."""
    for table in (
        "registry_aliases",
        "registry_approvals",
        "registry_version_tags",
        "registry_catalogue",
        "registry_model_tags",
    ):
        Sql(f"delete from {table} where project = ? and model = ?").run(tx, project, model)
    Sql("delete from registry_models where project = ? and name = ?").run(tx, project, model)


def rename(tx: Tx, before: ModelRow, name: str, *, at: datetime) -> None:
    """Give a model another name: a new row, to which everything that was the old one's goes over."""
    stamps = (written(tx, before.created_at), written(tx, at))
    Sql(
        "insert into registry_models (project, name, newest, description, created_at, updated_at) values (?,?,?,?,?,?)"
    ).run(tx, before.project, name, before.newest, before.description, *stamps)
    columns = "number, source, run_id, run_link, model_id, description, stage, created_at, updated_at, registered_by"
    Sql(
        f"insert into registry_catalogue (project, model, {columns}) select project, ?, {columns} "
        "from registry_catalogue where project = ? and model = ?"
    ).run(tx, name, before.project, before.name)
    for table in ("registry_aliases", "registry_approvals", "registry_version_tags", "registry_model_tags"):
        Sql(f"update {table} set model = ? where project = ? and model = ?").run(tx, name, before.project, before.name)
    # a model of this name that was removed has left its moves: these come after them
    Sql(
        "update registry_alias_moves set model = ?, position = position + (select coalesce(max(x.position), 0) "
        "from registry_alias_moves x where x.project = ? and x.model = ?) where project = ? and model = ?"
    ).run(tx, name, before.project, name, before.project, before.name)
    Sql("delete from registry_catalogue where project = ? and model = ?").run(tx, before.project, before.name)
    Sql("delete from registry_models where project = ? and name = ?").run(tx, before.project, before.name)


def put_tag(tx: Tx, project: str, model: str, number: int | None, key: str, value: str) -> None:
    """Set a tag of a version, or (None) of the model."""
    if number is None:
        Sql(
            "insert into registry_model_tags (project, model, key, value) values (?,?,?,?) "
            "on conflict (project, model, key) do update set value = excluded.value"
        ).run(tx, project, model, key, value)
    else:
        Sql(
            "insert into registry_version_tags (project, model, number, key, value) values (?,?,?,?,?) "
            "on conflict (project, model, number, key) do update set value = excluded.value"
        ).run(tx, project, model, number, key, value)


def delete_tag(tx: Tx, project: str, model: str, number: int | None, key: str) -> bool:
    """Take a tag away from a version, or (None) from the model; False when there is none."""
    if number is None:
        text, given = "delete from registry_model_tags where project = ? and model = ? and key = ?", (project, model)
        return Sql(text).run(tx, *given, key) > 0
    text = "delete from registry_version_tags where project = ? and model = ? and number = ? and key = ?"
    return Sql(text).run(tx, project, model, number, key) > 0


def model_tags(tx: Tx, project: str, models: Sequence[str]) -> dict[str, dict[str, str]]:
    """Give the tags of models."""
    found: dict[str, dict[str, str]] = {}
    for part in _parts(models):
        text = f"select model, key, value from registry_model_tags where project = ? and model in ({marks(len(part))})"
        for model, key, value in Sql(f"{text} order by key").rows(tx, project, *part):
            found.setdefault(model, {})[key] = value
    return found


def version_tags(tx: Tx, project: str, models: Sequence[str]) -> dict[tuple[str, int], dict[str, str]]:
    """Give the tags of all versions of some models."""
    found: dict[tuple[str, int], dict[str, str]] = {}
    for part in _parts(models):
        text = (
            "select model, number, key, value from registry_version_tags "
            f"where project = ? and model in ({marks(len(part))}) order by key"
        )
        for model, number, key, value in Sql(text).rows(tx, project, *part):
            found.setdefault((model, number), {})[key] = value
    return found


def aliases_of(tx: Tx, project: str, model: str) -> dict[str, int]:
    """Give the aliases of a model with the numbers that they name."""
    return dict(_ALIASES.rows(tx, project, model))


def search_models(
    tx: Tx, terms: Sequence[Term], where: Sequence[Condition], *, limit: int
) -> list[tuple[ModelRow, tuple[Any, ...]]]:
    """Give models by conditions and an order over `m`, each with its sort values."""
    found = _search(tx, f"select {_MODEL}", "registry_models m", terms, where, limit=limit)
    return [(_model(row[:6]), tuple(row[6:])) for row in found]


def search_entries(
    tx: Tx, terms: Sequence[Term], where: Sequence[Condition], *, limit: int
) -> list[tuple[CatalogueRow, tuple[Any, ...]]]:
    """Give versions by conditions and an order over `c`, each with its sort values."""
    found = _search(tx, f"select {_ENTRY}", "registry_catalogue c", terms, where, limit=limit)
    return [(_entry(row[:12]), tuple(row[12:])) for row in found]


def tag_condition(clause: Clause, *, of_versions: bool, is_postgresql: bool) -> Condition:
    """Write a clause about a tag; `!= 'true'` on the tag of prompts also means models that have no such tag."""
    table, key = ("registry_version_tags", "c.project = t.project and c.model = t.model and c.number = t.number")
    if not of_versions:
        table, key = "registry_model_tags", "m.project = t.project and m.name = t.model"
    held = f"exists (select 1 from {table} t where {key} and t.key = ?"
    if clause.op in {Op.IS_NULL, Op.IS_NOT_NULL}:
        return Condition(f"{'not ' if clause.op is Op.IS_NULL else ''}{held})", (clause.key,))
    if clause.key == PROMPT_TAG and clause.op is Op.UNEQUAL:
        return Condition(f"not {held} and t.value = ?)", (clause.key, clause.value))
    inner = compared("t.value", clause, is_postgresql=is_postgresql)
    return Condition(f"{held} and {inner.sql})", (clause.key, *inner.given))


def _search(
    tx: Tx, select: str, table: str, terms: Sequence[Term], where: Sequence[Condition], *, limit: int
) -> list[tuple[Any, ...]]:
    wanted, admitted = ", ".join(term.sql for term in terms), " and ".join(one.sql for one in where)
    text = (
        f"{select}, {wanted} from {table} where {admitted} "
        f"order by {', '.join(f'{term.sql} desc' if term.is_descending else term.sql for term in terms)} limit ?"
    )
    return Sql(text).rows(tx, *(value for one in where for value in one.given), limit)


def _parts(names: Sequence[str]) -> list[Sequence[str]]:
    return [names[start : start + 500] for start in range(0, len(names), 500)]


def _model(row: Sequence[Any]) -> ModelRow:
    return ModelRow._make([*row[:4], read_instant(row[4]), read_instant(row[5])])


def _entry(row: Sequence[Any]) -> CatalogueRow:
    return CatalogueRow._make([*row[:9], read_instant(row[9]), read_instant(row[10]), row[11]])
