"""How much an MLflow database holds, counted by the database itself, and what of it we do not exchange."""

from typing import Any

import sqlalchemy as sa

from everlearn.exchange.mlflow.database import MlflowDatabase
from everlearn.exchange.mlflow.registry import DELETED
from everlearn.exchange.model import Kind

_LEFT_OUT = {
    "trace_info": "traces",
    "spans": "spans of traces",
    "assessments": "assessments of traces",
    "evaluation_datasets": "evaluation data sets",
    "scorers": "scorers",
    "webhooks": "webhooks",
    "issues": "issues of traces",
    "label_schemas": "label schemas",
    "review_queues": "review queues",
    "endpoints": "gateway endpoints",
    "secrets": "gateway secrets",
    "mcp_servers": "MCP servers",
}


def counts(db: MlflowDatabase, workspace: str) -> dict[Kind, int]:
    """Count the rows of each kind in a workspace (files are counted where they lie)."""
    t = db.tables
    experiments = _own(sa.select(t["experiments"].c.experiment_id), t["experiments"], workspace)
    runs = sa.select(t["runs"].c.run_uuid).where(t["runs"].c.experiment_id.in_(experiments))
    of_runs = {
        kind: sa.select(t[name].c.run_uuid).where(t[name].c.run_uuid.in_(runs))
        for kind, name in (
            (Kind.PARAMS, "params"),
            (Kind.TAGS, "tags"),
            (Kind.POINTS, "metrics"),
            (Kind.NEWEST, "latest_metrics"),
        )
    }
    inputs = t["inputs"].c
    queries: dict[Kind, sa.Select[Any]] = {
        Kind.EXPERIMENTS: experiments,
        Kind.RUNS: runs,
        **of_runs,
        Kind.INPUTS: sa.select(inputs.input_uuid).where(
            inputs.source_type == "DATASET", inputs.destination_type == "RUN", inputs.destination_id.in_(runs)
        ),
        Kind.USES: sa.select(inputs.input_uuid).where(
            inputs.source_type.in_(("RUN_INPUT", "RUN_OUTPUT")), inputs.source_id.in_(runs)
        ),
        Kind.MODELS: _own(sa.select(t["registered_models"].c.name), t["registered_models"], workspace),
        Kind.VERSIONS: _own(
            sa.select(t["model_versions"].c.version).where(t["model_versions"].c.current_stage != DELETED),
            t["model_versions"],
            workspace,
        ),
        Kind.ALIASES: _own(_living_aliases(db), t["registered_model_aliases"], workspace),
    }
    found = {kind: _count(db, query) for kind, query in queries.items()}
    return found | {Kind.LOGGED_MODELS: _logged_models(db, experiments, "active")}


def left_out(db: MlflowDatabase, workspace: str) -> dict[str, int]:
    """Count what stays behind, by what it is; nothing is named that is not there."""
    t = db.tables
    found = {
        words: _count(db, sa.select(sa.literal(1)).select_from(t[name]))
        for name, words in _LEFT_OUT.items()
        if name in t
    }
    experiments = sa.select(t["experiments"].c.experiment_id)
    found["deleted logged models"] = _logged_models(db, _own(experiments, t["experiments"], workspace), "deleted")
    aliases = _own(sa.select(t["registered_model_aliases"].c.alias), t["registered_model_aliases"], workspace)
    living = _own(_living_aliases(db), t["registered_model_aliases"], workspace)
    found["aliases of deleted versions"] = _count(db, aliases) - _count(db, living)
    if "workspace" in t["experiments"].c:
        elsewhere = t["experiments"].c.workspace != workspace
        found["experiments of other workspaces"] = _count(db, experiments.where(elsewhere))
        found["registered models of other workspaces"] = _count(
            db, sa.select(t["registered_models"].c.name).where(t["registered_models"].c.workspace != workspace)
        )
    return {words: count for words, count in found.items() if count}


def _living_aliases(db: MlflowDatabase) -> sa.Select[Any]:
    aliases, versions = db.tables["registered_model_aliases"], db.tables["model_versions"]
    same = sa.and_(versions.c.name == aliases.c.name, versions.c.version == aliases.c.version)
    if "workspace" in aliases.c:
        same = sa.and_(same, versions.c.workspace == aliases.c.workspace)
    return sa.select(aliases.c.alias).join_from(aliases, versions, same).where(versions.c.current_stage != DELETED)


def _logged_models(db: MlflowDatabase, experiments: sa.Select[Any], stage: str) -> int:
    table = db.tables.get("logged_models")
    if table is None:
        return 0
    own = table.c.experiment_id.in_(experiments)
    return _count(db, sa.select(table.c.model_id).where(own, table.c.lifecycle_stage == stage))


def _own(query: sa.Select[Any], table: sa.Table, workspace: str) -> sa.Select[Any]:
    return query.where(table.c.workspace == workspace) if "workspace" in table.c else query


def _count(db: MlflowDatabase, query: sa.Select[Any]) -> int:
    with db.engine.connect() as connection:
        counted: int = connection.execute(sa.select(sa.func.count()).select_from(query.subquery())).scalar_one()
    return counted
