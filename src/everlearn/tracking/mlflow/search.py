"""Searches over the protocol."""

from dataclasses import dataclass

from everlearn.access import Role
from everlearn.tracking.experiments import Experiments
from everlearn.tracking.mlflow import messages as m
from everlearn.tracking.mlflow.answers import experiment_out, run_out
from everlearn.tracking.mlflow.rules import experiment_number, given_view, page_size
from everlearn.tracking.searching import Asked, Search
from everlearn.web.mlflow import Call, Route, operation

MOST_RUNS, MOST_EXPERIMENTS = 50_000, 50_000


@dataclass(frozen=True, slots=True)
class SearchDoor:
    """What the routes do."""

    search: Search
    made: Experiments

    def runs(self, call: Call, asked: m.SearchRuns) -> m.Runs:
        """Find runs."""
        found, token = self.search.runs(
            call.project,
            [experiment_number(one) for one in asked.experiment_ids or ()],
            Asked(
                filter=asked.filter,
                order_by=asked.order_by or (),
                view=given_view(asked.run_view_type),
                limit=page_size(asked.max_results, default=1_000, most=MOST_RUNS),
                token=asked.page_token or None,
            ),
        )
        return m.Runs([run_out(one) for one in found], token)

    def experiments(self, call: Call, asked: m.Search) -> m.Experiments:
        """Find experiments."""
        self.made.ensure_default(call.project)
        found, token = self.search.experiments(
            call.project,
            Asked(
                filter=asked.filter,
                order_by=asked.order_by or (),
                view=given_view(asked.view_type),
                limit=page_size(asked.max_results, default=1_000, most=MOST_EXPERIMENTS),
                token=asked.page_token or None,
            ),
        )
        return m.Experiments([experiment_out(one) for one in found], token)


def search_routes(search: Search, experiments: Experiments) -> tuple[Route, ...]:
    """List the routes."""
    door, look = SearchDoor(search, experiments), Role.VIEWER
    return (
        operation("POST", "/mlflow/runs/search", look, door.runs, m.SearchRuns),
        operation("POST", "/mlflow/experiments/search", look, door.experiments, m.Search),
        operation("GET", "/mlflow/experiments/search", look, door.experiments, m.Search),
    )
