"""Experiments over the protocol."""

from dataclasses import dataclass

from everlearn.access import Role
from everlearn.tracking.experiments import Experiments
from everlearn.tracking.mlflow import messages as m
from everlearn.tracking.mlflow.answers import experiment_out
from everlearn.tracking.mlflow.rules import (
    LONGEST_EXPERIMENT_TAG,
    checked_experiment_name,
    checked_key,
    experiment_number,
    fitted,
    given_tags,
)
from everlearn.web.mlflow import Call, Empty, Route, operation
from everlearn.web.mlflow.errors import ProtocolError

_MOST_EXPERIMENTS = 20


@dataclass(frozen=True, slots=True)
class ExperimentDoor:
    """What the routes do."""

    experiments: Experiments

    def create(self, call: Call, asked: m.CreateExperiment) -> m.ExperimentId:
        """Make an experiment."""
        if asked.artifact_location:
            raise ProtocolError(
                "This server keeps artifacts itself; leave artifact_location out. (Files are kept once by content, "
                "and a place of the client's choice could be any file of the server.)"
            )
        made = self.experiments.create(
            call.project,
            checked_experiment_name(asked.name or ""),
            tags=given_tags(asked.tags, longest=LONGEST_EXPERIMENT_TAG, cut=False),
        )
        return m.ExperimentId(made.id)

    def get(self, call: Call, asked: m.ExperimentById) -> m.OneExperiment:
        """Give one by id."""
        found = self.experiments.get(call.project, experiment_number(asked.experiment_id or ""))
        return m.OneExperiment(experiment_out(found))

    def get_by_name(self, call: Call, asked: m.ExperimentByName) -> m.OneExperiment:
        """Give one by name."""
        return m.OneExperiment(experiment_out(self.experiments.get_by_name(call.project, asked.experiment_name or "")))

    def update(self, call: Call, asked: m.UpdateExperiment) -> Empty:
        """Rename one."""
        number = experiment_number(asked.experiment_id or "")
        if asked.new_name is not None:
            self.experiments.rename(call.project, number, checked_experiment_name(asked.new_name))
        return Empty()

    def put_tag(self, call: Call, asked: m.ExperimentTag) -> Empty:
        """Set a tag."""
        key = checked_key(asked.key or "", "tag")
        value = fitted(key, asked.value or "", longest=LONGEST_EXPERIMENT_TAG, cut=False)
        self.experiments.put_tag(call.project, experiment_number(asked.experiment_id or ""), key, value)
        return Empty()

    def delete_tag(self, call: Call, asked: m.ExperimentTag) -> Empty:
        """Take a tag away."""
        number = experiment_number(asked.experiment_id or "")
        self.experiments.delete_tag(call.project, number, checked_key(asked.key or "", "tag"))
        return Empty()

    def datasets(self, call: Call, asked: m.SearchDatasets) -> m.DatasetSummaries:
        """List the data sets that runs of some experiments read."""
        ids = asked.experiment_ids or []
        if not 1 <= len(ids) <= _MOST_EXPERIMENTS:
            raise ProtocolError(
                f"SearchDatasets request must specify 1 to {_MOST_EXPERIMENTS} experiment_ids, not {len(ids)}."
            )
        found = self.experiments.datasets(call.project, [experiment_number(one) for one in ids])
        return m.DatasetSummaries([m.DatasetSummary(str(one.experiment), *one[1:]) for one in found])


def experiment_routes(experiments: Experiments) -> tuple[Route, ...]:
    """List the routes."""
    door, base, by_id = ExperimentDoor(experiments), "/mlflow/experiments", "experiment_id"
    look, log = Role.VIEWER, Role.CONTRIBUTOR
    return (
        operation("POST", f"{base}/create", log, door.create, m.CreateExperiment, "name"),
        operation("GET", f"{base}/get", look, door.get, m.ExperimentById, by_id),
        operation("GET", f"{base}/get-by-name", look, door.get_by_name, m.ExperimentByName, "experiment_name"),
        operation("POST", f"{base}/update", log, door.update, m.UpdateExperiment, by_id),
        operation("POST", f"{base}/set-experiment-tag", log, door.put_tag, m.ExperimentTag, f"{by_id} key value"),
        operation("POST", f"{base}/search-datasets", look, door.datasets, m.SearchDatasets),
        operation("POST", f"{base}/delete-experiment-tag", log, door.delete_tag, m.ExperimentTag, f"{by_id} key"),
    )
