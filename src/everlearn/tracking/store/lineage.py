"""What the tables of tracking know of where things come from. Each function takes at most some hundred ids."""

import re
from collections.abc import Sequence
from typing import Any

from everlearn.core.lineage import MOST_EDGES, Edge, Node, NodeKind, Relation, dataset_id, split_dataset
from everlearn.db import Sql, Tx, marks, read_instant
from everlearn.tracking.store.keys import find_keys
from everlearn.tracking.store.labels import HEAD
from everlearn.tracking.store.runs import instant_of

COMMIT = "mlflow.source.git.commit"
PARENT = "mlflow.parentRunId"
ENVIRONMENT_FILES = ("requirements.txt", "conda.yaml")
_EVALUATION = frozenset({"eval", "evaluation", "test", "testing", "validation", "holdout"})
_OWNER = re.compile(r"\d+/(?:models/(?P<model>[^/]+)|(?P<run>[^/]+))/artifacts/")


def data_of_runs(tx: Tx, project: str, run_ids: Sequence[str]) -> list[Edge]:
    """Tell what runs read."""
    return _inputs(tx, project, f"r.id in ({marks(len(run_ids))})", run_ids)


def runs_of_data(tx: Tx, project: str, ids: Sequence[str]) -> list[Edge]:
    """Tell which runs read data."""
    digests = sorted({split_dataset(one)[1] for one in ids} - {""})
    wanted = frozenset(ids)
    found = _inputs(tx, project, f"d.digest in ({marks(len(digests))})", digests) if digests else []
    return [edge for edge in found if edge.source.id in wanted]


def _inputs(tx: Tx, project: str, condition: str, given: Sequence[str]) -> list[Edge]:
    text = (
        "select d.name, d.digest, r.id, i.context, r.start_ms from tracking_datasets d "
        "join tracking_inputs i on i.dataset_no = d.no join tracking_runs r on r.no = i.run_no "
        f"where r.project = ? and {condition} limit {MOST_EDGES}"
    )
    return [
        Edge(
            Node(NodeKind.DATASET, dataset_id(name, digest)),
            Node(NodeKind.RUN, run_id),
            Relation.EVALUATED if (context or "").lower() in _EVALUATION else Relation.READ,
            instant_of(start_ms),
            note=context or "",
        )
        for name, digest, run_id, context, start_ms in Sql(text).rows(tx, project, *given)
    ]


def places_to_data(tx: Tx, project: str, places: Sequence[str]) -> list[Edge]:
    """Tell which data runs found at places."""
    return _placed(tx, project, f"d.place in ({marks(len(places))})", places)


def data_to_places(tx: Tx, project: str, ids: Sequence[str]) -> list[Edge]:
    """Tell at which places runs found data."""
    digests = sorted({split_dataset(one)[1] for one in ids} - {""})
    wanted = frozenset(ids)
    found = _placed(tx, project, f"d.digest in ({marks(len(digests))})", digests) if digests else []
    return [edge for edge in found if edge.target.id in wanted]


def _placed(tx: Tx, project: str, condition: str, given: Sequence[str]) -> list[Edge]:
    text = (
        "select d.place, d.name, d.digest, min(e.created_ms) from tracking_datasets d "
        "join tracking_experiments e on e.no = d.experiment_no "
        f"where e.project = ? and d.place is not null and {condition} "
        f"group by d.place, d.name, d.digest limit {MOST_EDGES}"
    )
    return [
        Edge(
            Node(NodeKind.DATASET, place),
            Node(NodeKind.DATASET, dataset_id(name, digest)),
            Relation.DIGESTED,
            instant_of(created_ms),
        )
        for place, name, digest, created_ms in Sql(text).rows(tx, project, *given)
    ]


def data_named(tx: Tx, project: str, name: str, *, limit: int) -> list[str]:
    """Give the data that runs of a project read under a name."""
    return [dataset_id(name, digest) for _, digest in _known_data(tx, project, "d.name = ?", name, limit)]


def data_digested(tx: Tx, project: str, digest: str, *, limit: int) -> list[str]:
    """Give the data that runs of a project read and that has this digest, whatever its name."""
    return [dataset_id(name, digest) for name, _ in _known_data(tx, project, "d.digest = ?", digest, limit)]


def _known_data(tx: Tx, project: str, condition: str, given: str, limit: int) -> list[tuple[Any, ...]]:
    text = (
        "select distinct d.name, d.digest from tracking_datasets d "
        f"join tracking_experiments e on e.no = d.experiment_no where e.project = ? and {condition} "
        "order by d.name, d.digest limit ?"
    )
    return Sql(text).rows(tx, project, given, limit)


def code_of_runs(tx: Tx, project: str, run_ids: Sequence[str]) -> list[Edge]:
    """Tell from which commits runs were started."""
    return _tagged(tx, project, COMMIT, run_ids, upwards=True)


def runs_of_code(tx: Tx, project: str, commits: Sequence[str]) -> list[Edge]:
    """Tell which runs were started from commits."""
    return _tagged(tx, project, COMMIT, commits, upwards=False)


def parents_of_runs(tx: Tx, project: str, run_ids: Sequence[str]) -> list[Edge]:
    """Tell below which runs runs were started."""
    return _tagged(tx, project, PARENT, run_ids, upwards=True)


def children_of_runs(tx: Tx, project: str, run_ids: Sequence[str]) -> list[Edge]:
    """Tell which runs were started below runs."""
    return _tagged(tx, project, PARENT, run_ids, upwards=False)


def _tagged(tx: Tx, project: str, tag: str, ids: Sequence[str], *, upwards: bool) -> list[Edge]:
    key_no = find_keys(tx, [tag]).get(tag)
    if key_no is None:
        return []
    if upwards:
        text = (
            "select t.value, r.id, r.start_ms from tracking_runs r join tracking_tags t on t.run_no = r.no "
            f"and t.key_no = ? where r.project = ? and r.id in ({marks(len(ids))}) limit {MOST_EDGES}"
        )
        rows = Sql(text).rows(tx, key_no, project, *ids)
    else:
        text = (
            "select t.value, r.id, r.start_ms from tracking_experiments e join tracking_tags t "
            f"on t.experiment_no = e.no and t.key_no = ? and t.head in ({marks(len(ids))}) "
            f"join tracking_runs r on r.no = t.run_no where e.project = ? limit {MOST_EDGES}"
        )
        rows = Sql(text).rows(tx, key_no, *(one[:HEAD] for one in ids), project)
    kind, relation = (NodeKind.CODE, Relation.BUILT) if tag == COMMIT else (NodeKind.RUN, Relation.PARENT)
    wanted = frozenset(ids)
    return [
        Edge(Node(kind, value), Node(NodeKind.RUN, run_id), relation, instant_of(start_ms))
        for value, run_id, start_ms in rows
        if value and value != run_id and (upwards or value in wanted)
    ]


def models_of_runs(tx: Tx, project: str, run_ids: Sequence[str]) -> list[Edge]:
    """Tell which models runs logged."""
    return _made(tx, project, "m.source_run_id", "r.id", run_ids)


def makers_of_models(tx: Tx, project: str, model_ids: Sequence[str]) -> list[Edge]:
    """Tell which runs logged models."""
    return _made(tx, project, "m.id", "u.model_id", model_ids)


def _made(tx: Tx, project: str, of_model: str, of_use: str, ids: Sequence[str]) -> list[Edge]:
    among = marks(len(ids))
    logged = (
        "select m.source_run_id, m.id, m.created_ms from tracking_models m "
        f"where m.project = ? and m.source_run_id is not null and {of_model} in ({among}) limit {MOST_EDGES}"
    )
    given_out = (
        "select r.id, u.model_id, r.start_ms from tracking_model_uses u join tracking_runs r on r.no = u.run_no "
        f"where u.role = 'output' and r.project = ? and {of_use} in ({among}) limit {MOST_EDGES}"
    )
    found: dict[tuple[str, str], Edge] = {}
    for text in (logged, given_out):
        for run_id, model_id, at_ms in Sql(text).rows(tx, project, *ids):
            edge = Edge(
                Node(NodeKind.RUN, run_id), Node(NodeKind.LOGGED_MODEL, model_id), Relation.MADE, instant_of(at_ms)
            )
            found.setdefault((run_id, model_id), edge)
    return list(found.values())


def models_taken_by_runs(tx: Tx, project: str, run_ids: Sequence[str]) -> list[Edge]:
    """Tell which models runs took."""
    return _taken(tx, project, "r.id", run_ids)


def takers_of_models(tx: Tx, project: str, model_ids: Sequence[str]) -> list[Edge]:
    """Tell which runs took models."""
    return _taken(tx, project, "u.model_id", model_ids)


def _taken(tx: Tx, project: str, column: str, ids: Sequence[str]) -> list[Edge]:
    text = (
        "select u.model_id, r.id, r.start_ms from tracking_model_uses u join tracking_runs r on r.no = u.run_no "
        f"where u.role = 'input' and r.project = ? and {column} in ({marks(len(ids))}) "
        f"limit {MOST_EDGES}"
    )
    return [
        Edge(Node(NodeKind.LOGGED_MODEL, model_id), Node(NodeKind.RUN, run_id), Relation.USED, instant_of(start_ms))
        for model_id, run_id, start_ms in Sql(text).rows(tx, project, *ids)
    ]


def environments_of_runs(tx: Tx, project: str, run_ids: Sequence[str]) -> list[Edge]:
    """Tell which environment files lie among the files of runs."""
    return _environments(tx, project, "tracking_runs", run_ids)


def environments_of_models(tx: Tx, project: str, model_ids: Sequence[str]) -> list[Edge]:
    """Tell which environment files lie among the files of logged models."""
    return _environments(tx, project, "tracking_models", model_ids)


def _environments(tx: Tx, project: str, owners: str, ids: Sequence[str]) -> list[Edge]:
    names = " or ".join("a.path like ?" for _ in ENVIRONMENT_FILES)
    text = (
        f"select a.path, a.digest, a.logged_at from {owners} o join tracking_artifacts a on a.project = o.project "
        "and a.path > o.artifact_root || '/' and a.path < o.artifact_root || '0' "  # "0" follows "/"
        f"where o.project = ? and o.id in ({marks(len(ids))}) and ({names}) limit {MOST_EDGES}"
    )
    patterns = (f"%/{name}" for name in ENVIRONMENT_FILES)
    return _surrounded(Sql(text).rows(tx, project, *ids, *patterns))


def users_of_environments(tx: Tx, project: str, digests: Sequence[str]) -> list[Edge]:
    """Tell which runs and logged models have environment files of these digests."""
    text = (
        "select path, digest, logged_at from tracking_artifacts "
        f"where digest in ({marks(len(digests))}) and project = ? limit {MOST_EDGES}"
    )
    return _surrounded(Sql(text).rows(tx, *digests, project))


def _surrounded(rows: Sequence[tuple[Any, ...]]) -> list[Edge]:
    found = []
    for path, digest, at in rows:
        owner, name = _OWNER.match(path), path.rpartition("/")[2]
        if owner is None or name not in ENVIRONMENT_FILES:
            continue
        model = owner["model"]
        target = Node(NodeKind.LOGGED_MODEL, model) if model else Node(NodeKind.RUN, owner["run"])
        source = Node(NodeKind.ENVIRONMENT, digest)
        found.append(Edge(source, target, Relation.SURROUNDED, read_instant(at), note=name))
    return found


def told_runs(tx: Tx, project: str, run_ids: Sequence[str]) -> dict[str, tuple[str, str]]:
    """Give name and state of runs."""
    text = (
        "select r.id, r.name, r.status, e.name from tracking_runs r "
        "join tracking_experiments e on e.no = r.experiment_no "
        f"where r.project = ? and r.id in ({marks(len(run_ids))})"
    )
    rows = Sql(text).rows(tx, project, *run_ids)
    return {run_id: (name or run_id, f"{status.lower()}, {experiment}") for run_id, name, status, experiment in rows}


def told_models(tx: Tx, project: str, model_ids: Sequence[str]) -> dict[str, tuple[str, str]]:
    """Give name and type of logged models."""
    text = f"select id, name, model_type from tracking_models where project = ? and id in ({marks(len(model_ids))})"
    rows = Sql(text).rows(tx, project, *model_ids)
    return {model_id: (name, model_type or "logged model") for model_id, name, model_type in rows}


def told_data(tx: Tx, project: str, ids: Sequence[str]) -> dict[str, tuple[str, str]]:
    """Give name and kind of source of data that runs read."""
    digests = sorted({split_dataset(one)[1] for one in ids} - {""})
    if not digests:
        return {}
    text = (
        "select distinct d.name, d.digest, d.source_type from tracking_datasets d "
        "join tracking_experiments e on e.no = d.experiment_no "
        f"where e.project = ? and d.digest in ({marks(len(digests))})"
    )
    wanted = frozenset(ids)
    rows = Sql(text).rows(tx, project, *digests)
    return {key: (name, source) for name, digest, source in rows if (key := dataset_id(name, digest)) in wanted}
