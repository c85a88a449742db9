"""The two sides of an exchange, read the same way: a project here, and a workspace of an MLflow database."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

from everlearn.db import Database
from everlearn.exchange.mlflow.database import DEFAULT_WORKSPACE, MlflowDatabase
from everlearn.exchange.mlflow.registry import MlflowRegistry
from everlearn.exchange.mlflow.runs import MlflowRuns
from everlearn.registry import takeover as registry
from everlearn.registry.facts import ModelFacts as RegisteredFacts
from everlearn.registry.facts import VersionFacts
from everlearn.tracking import handover as tracking
from everlearn.tracking.facts import ExperimentFacts, KeyedPoint, ModelFacts, RunFacts


class Side(Protocol):
    """Everything that was tracked and registered, in pages or by id; bounded memory on every way."""

    def experiments(self) -> Iterator[ExperimentFacts]:
        """Give every experiment, also the deleted ones."""
        ...

    def run_pages(self) -> Iterator[list[RunFacts]]:
        """Give every run, also the deleted ones, some at a time."""
        ...

    def runs_of(self, ids: Sequence[str]) -> dict[str, RunFacts]:
        """Give those of these runs that are there."""
        ...

    def points_of(self, run_id: str) -> Iterator[list[KeyedPoint]]:
        """Give every measurement of a run, some at a time."""
        ...

    def models(self) -> Iterator[ModelFacts]:
        """Give every logged model."""
        ...

    def models_of(self, ids: Sequence[str]) -> dict[str, ModelFacts]:
        """Give those of these logged models that are there."""
        ...

    def registered_models(self) -> Iterator[RegisteredFacts]:
        """Give every registered model."""
        ...

    def versions(self, model: str) -> Iterator[VersionFacts]:
        """Give every version of a registered model."""
        ...


@dataclass(frozen=True, slots=True)
class OurSide:
    """A project of this platform."""

    db: Database
    project: str

    def experiments(self) -> Iterator[ExperimentFacts]:
        """Give every experiment."""
        return tracking.experiments(self.db, self.project)

    def run_pages(self) -> Iterator[list[RunFacts]]:
        """Give every run."""
        return tracking.run_pages(self.db, self.project)

    def runs_of(self, ids: Sequence[str]) -> dict[str, RunFacts]:
        """Give these runs."""
        return tracking.runs_of(self.db, self.project, ids)

    def points_of(self, run_id: str) -> Iterator[list[KeyedPoint]]:
        """Give every measurement of a run."""
        return tracking.points_of(self.db, run_id)

    def models(self) -> Iterator[ModelFacts]:
        """Give every logged model."""
        return tracking.models(self.db, self.project)

    def models_of(self, ids: Sequence[str]) -> dict[str, ModelFacts]:
        """Give these logged models."""
        return tracking.models_of(self.db, self.project, ids)

    def registered_models(self) -> Iterator[RegisteredFacts]:
        """Give every registered model."""
        return registry.models(self.db, self.project)

    def versions(self, model: str) -> Iterator[VersionFacts]:
        """Give every version of a registered model."""
        return registry.versions(self.db, self.project, model)


@dataclass(frozen=True, slots=True)
class MlflowSide:
    """A workspace of an MLflow database."""

    runs: MlflowRuns
    registry: MlflowRegistry

    def experiments(self) -> Iterator[ExperimentFacts]:
        """Give every experiment."""
        return self.runs.experiments()

    def run_pages(self) -> Iterator[list[RunFacts]]:
        """Give every run."""
        return self.runs.run_pages()

    def runs_of(self, ids: Sequence[str]) -> dict[str, RunFacts]:
        """Give these runs."""
        return self.runs.runs_of(ids)

    def points_of(self, run_id: str) -> Iterator[list[KeyedPoint]]:
        """Give every measurement of a run."""
        return self.runs.points_of(run_id)

    def models(self) -> Iterator[ModelFacts]:
        """Give every logged model."""
        return self.runs.models()

    def models_of(self, ids: Sequence[str]) -> dict[str, ModelFacts]:
        """Give these logged models."""
        return self.runs.models_of(ids)

    def registered_models(self) -> Iterator[RegisteredFacts]:
        """Give every registered model."""
        return self.registry.models()

    def versions(self, model: str) -> Iterator[VersionFacts]:
        """Give every version of a registered model."""
        return self.registry.versions(model)


def mlflow_side(db: MlflowDatabase, workspace: str = DEFAULT_WORKSPACE) -> MlflowSide:
    """Read a workspace."""
    return MlflowSide(MlflowRuns(db, workspace), MlflowRegistry(db, workspace))
