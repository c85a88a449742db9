"""Which edges lead down from, and up to, a node of each kind: the one table of what the domains know."""

from collections.abc import Callable, Mapping, Sequence

from everlearn.core.lineage import MOST_EDGES, Edge, Node, NodeKind
from everlearn.db import Tx
from everlearn.lineage import growth, judgement, store
from everlearn.lineage.walk import Expand, Reach
from everlearn.pipelines.store import lineage as pipelines
from everlearn.registry.store import lineage as registry
from everlearn.retraining import lineage as retraining
from everlearn.rollouts import lineage as rollouts
from everlearn.serving.store import lineage as serving
from everlearn.tracking.store import lineage as tracking

Thread = Callable[[Tx, str, Sequence[str]], list[Edge]]
"""Gives the edges of some nodes of one kind, by their ids; of one project."""

DOWN: Mapping[NodeKind, tuple[Thread, ...]] = {
    NodeKind.DATASET: (
        growth.grown_data,
        tracking.places_to_data,
        tracking.runs_of_data,
        registry.versions_of_data,
        store.readers_of_data,
    ),
    NodeKind.CODE: (tracking.runs_of_code, pipelines.pipeline_runs_of_code, registry.versions_of_code),
    NodeKind.ENVIRONMENT: (tracking.users_of_environments,),
    NodeKind.JOB: (store.data_written_by_jobs,),
    NodeKind.PIPELINE_RUN: (pipelines.runs_of_pipeline_runs, registry.versions_of_pipeline_runs),
    NodeKind.RUN: (tracking.children_of_runs, tracking.models_of_runs, registry.versions_of_runs),
    NodeKind.LOGGED_MODEL: (tracking.takers_of_models, registry.versions_of_models),
    NodeKind.DECISION: (judgement.things_of_decisions, retraining.pipeline_runs_of_reviews),
    NodeKind.ROLLOUT: (rollouts.versions_of_rollouts,),
    NodeKind.VERSION: (serving.deployments_of_versions,),
    NodeKind.DEPLOYMENT: (),
}

# Upwards a version of a data set ends the way: it holds the rows of all versions before it.
UP: Mapping[NodeKind, tuple[Thread, ...]] = {
    NodeKind.DATASET: (tracking.data_to_places, store.writers_of_data),
    NodeKind.CODE: (),
    NodeKind.ENVIRONMENT: (),
    NodeKind.JOB: (store.data_read_by_jobs,),
    NodeKind.PIPELINE_RUN: (pipelines.code_of_pipeline_runs, retraining.reviews_of_pipeline_runs),
    NodeKind.RUN: (
        tracking.data_of_runs,
        tracking.code_of_runs,
        tracking.environments_of_runs,
        tracking.models_taken_by_runs,
        tracking.parents_of_runs,
        pipelines.pipeline_runs_of_runs,
    ),
    NodeKind.LOGGED_MODEL: (tracking.makers_of_models, tracking.environments_of_models),
    NodeKind.DECISION: (),
    NodeKind.ROLLOUT: (judgement.decisions_of_rollouts,),
    NodeKind.VERSION: (
        registry.origins_of_versions,
        registry.data_of_versions,
        registry.makers_of_versions,
        judgement.decisions_of_versions,
        rollouts.rollouts_of_versions,
    ),
    NodeKind.DEPLOYMENT: (serving.versions_of_deployments,),
}

_AT_ONCE = 400  # ids in one statement


def expansion(
    tx: Tx, project: str, threads: Mapping[NodeKind, tuple[Thread, ...]], admits: Callable[[Edge], bool]
) -> Expand:
    """Make what a walk asks for the edges of its nodes; edges that are not admitted are not there."""

    def expand(nodes: Sequence[Node]) -> Reach:
        by_kind: dict[NodeKind, list[str]] = {}
        for node in nodes:
            by_kind.setdefault(node.kind, []).append(node.id)
        found: list[Edge] = []
        is_complete = True
        for kind, ids in by_kind.items():
            for start in range(0, len(ids), _AT_ONCE):
                for thread in threads[kind]:
                    edges = thread(tx, project, ids[start : start + _AT_ONCE])
                    is_complete = is_complete and len(edges) < MOST_EDGES
                    found += filter(admits, edges)
        return Reach(found, is_complete)

    return expand
