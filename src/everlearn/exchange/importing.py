"""Taking an MLflow database over into a project, from the experiments down to the files."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import partial

from everlearn.core.actor import Actor
from everlearn.core.clock import Clock
from everlearn.db import Database, Tx
from everlearn.exchange import digests, store
from everlearn.exchange.comparing import Folder, has_same_points
from everlearn.exchange.files import FilesImport
from everlearn.exchange.model import Kind, Progress
from everlearn.exchange.sides import MlflowSide, OurSide
from everlearn.exchange.sources import Rewriting
from everlearn.exchange.steps import Step, write_all
from everlearn.registry import takeover as registry
from everlearn.registry.facts import ModelFacts as RegisteredFacts
from everlearn.registry.facts import VersionFacts
from everlearn.registry.model import AliasMove
from everlearn.tracking import takeover as tracking
from everlearn.tracking.facts import ExperimentFacts, KeyedPoint, ModelFacts, RunFacts
from everlearn.tracking.model import DEFAULT_EXPERIMENT


@dataclass(frozen=True, slots=True, kw_only=True)
class Import:
    """One import on its way."""

    db: Database
    clock: Clock
    source: MlflowSide
    target: OurSide
    files: FilesImport
    database: str  # the source's address
    actor: Actor
    progress: Progress
    numbers: dict[str, int] = field(default_factory=dict)  # of experiments here, by name
    joined: set[str] = field(default_factory=set)  # what was here already under its name
    conflicts: list[str] = field(default_factory=list)

    @property
    def project(self) -> str:
        """Name the project."""
        return self.target.project

    def run(self) -> Counter[Kind]:
        """Take everything over; give how much was new."""
        added = write_all(self.db, map(self._experiment, self.source.experiments()))
        added += write_all(self.db, self._runs())
        added += write_all(self.db, map(self._logged_model, self.source.models()))
        added += write_all(self.db, self._registry())
        return added

    def folders(self) -> Iterator[Folder]:
        """Give every folder of files on both sides, for the comparison."""
        for page in self.source.run_pages():
            for facts in page:
                yield self.files.sizes(f"run {facts.id}", facts.location, self._run_folder(facts))
        for model in self.source.models():
            yield self.files.sizes(f"model {model.id}", model.location, self._model_folder(model))

    def _experiment(self, facts: ExperimentFacts) -> Step:
        def work(tx: Tx) -> bool:
            taken = tracking.take_experiment(tx, self.project, facts)
            self.numbers[facts.name] = taken.number
            if taken.is_new:
                self._put_origin(tx, Kind.EXPERIMENTS, facts.name, facts.location)
            elif store.origin(tx, self.project, Kind.EXPERIMENTS, facts.name) is None:
                self.joined.add(facts.name)
            self._tell_experiment(facts, taken.number)
            return taken.is_new

        self.progress(Kind.EXPERIMENTS, 1)
        return Step(Kind.EXPERIMENTS, 1, work)

    def _tell_experiment(self, facts: ExperimentFacts, number: int) -> None:
        if facts.name in self.joined and facts.name != DEFAULT_EXPERIMENT:
            self.conflicts.append(f"experiment {facts.name!r} was here already: its runs join those that are here")
        elif number != facts.id:
            self.conflicts.append(f"experiment {facts.name!r} has the id {number} here, {facts.id} being taken")

    def _runs(self) -> Iterator[Step]:
        for page in self.source.run_pages():
            known = self.target.runs_of([facts.id for facts in page])
            for facts in page:
                yield from self._run(facts, known.get(facts.id))
                yield from self.files.steps(f"run {facts.id}", facts.location, self._run_folder(facts))
                self.progress(Kind.RUNS, 1)

    def _run(self, facts: RunFacts, known: RunFacts | None) -> Iterator[Step]:
        refused: set[str] = set()

        def work(tx: Tx) -> bool:
            if tracking.take_run(tx, self.project, facts, actor=self.actor):
                self._put_origin(tx, Kind.RUNS, facts.id, facts.location)
                return known is None
            refused.add(facts.id)
            self.conflicts.append(f"run {facts.id} is in another project already; it was left there")
            return False

        def points(tx: Tx, page: list[KeyedPoint]) -> bool:
            if not refused:
                tracking.take_points(tx, facts.id, page)
            return not refused

        if known is None or digests.of_run(known) != digests.of_run(facts):
            yield Step(Kind.RUNS, 1, work)
        if known is None or not has_same_points(self.source, self.target, facts.id):
            for page in self.source.points_of(facts.id):
                yield Step(Kind.POINTS, len(page), partial(points, page=page))
                self.progress(Kind.POINTS, len(page))

    def _logged_model(self, facts: ModelFacts) -> Step:
        steps = list(self.files.steps(f"model {facts.id}", facts.location, self._model_folder(facts)))

        def work(tx: Tx) -> bool:
            for step in steps:
                step.work(tx)
            is_new = store.origin(tx, self.project, Kind.LOGGED_MODELS, facts.id) is None
            if not tracking.take_model(tx, self.project, facts):
                self.conflicts.append(f"logged model {facts.id} is in another project already; it was left there")
                return False
            self._put_origin(tx, Kind.LOGGED_MODELS, facts.id, facts.location)
            return is_new

        self.progress(Kind.LOGGED_MODELS, 1)
        return Step(Kind.LOGGED_MODELS, 1, work)

    def _registry(self) -> Iterator[Step]:
        rewriting = Rewriting(self.source, self.target)
        for model in self.source.registered_models():
            yield Step(Kind.MODELS, 1, partial(self._registered, facts=model))
            for version in self.source.versions(model.name):
                yield Step(Kind.VERSIONS, 1, partial(self._version, facts=version, source=rewriting.source_of(version)))
                self.progress(Kind.VERSIONS, 1)
            for alias, number in model.aliases.items():
                yield Step(Kind.ALIASES, 1, partial(self._alias, model=model.name, alias=alias, number=number))

    def _registered(self, tx: Tx, facts: RegisteredFacts) -> bool:
        if registry.take_model(tx, self.project, facts):
            self._put_origin(tx, Kind.MODELS, facts.name, "")
            return True
        if store.origin(tx, self.project, Kind.MODELS, facts.name) is None:
            self.joined.add(facts.name)
            self.conflicts.append(f"registered model {facts.name!r} was here already: versions join under free numbers")
        return False

    def _version(self, tx: Tx, facts: VersionFacts, source: str) -> bool:
        key = f"{facts.model}/{facts.number}"
        if registry.take_version(tx, self.project, facts._replace(source=source), actor=self.actor):
            self._put_origin(tx, Kind.VERSIONS, key, facts.source)
            return True
        if store.origin(tx, self.project, Kind.VERSIONS, key) is None:
            self.conflicts.append(f"version {key} is another one here; it was left out")
        return False

    def _alias(self, tx: Tx, model: str, alias: str, number: int) -> bool:
        move = AliasMove(
            alias=alias,
            before=None,
            after=number,
            reason=f"taken over from {self.database}",
            actor=self.actor,
            moved_at=self.clock.now(),
        )
        return registry.take_alias(tx, self.project, model, move)

    def _put_origin(self, tx: Tx, kind: Kind, key: str, place: str) -> None:
        store.put_origin(tx, self.project, kind, key, database=self.database, place=place)

    def _run_folder(self, facts: RunFacts) -> str:
        return tracking.run_folder(self.numbers[facts.experiment], facts.id)

    def _model_folder(self, facts: ModelFacts) -> str:
        return tracking.model_folder(self.numbers[facts.experiment], facts.id)
