"""Holding both sides against each other, each read anew: counts of every kind, and digests of every run."""

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from everlearn.exchange import digests
from everlearn.exchange.model import MOST_NAMED, Comparison, Kind, Line, Progress
from everlearn.exchange.sides import Side
from everlearn.tracking.facts import ModelFacts, RunFacts

_AT_ONCE = 100
_PARTS = (Kind.RUNS, Kind.PARAMS, Kind.TAGS, Kind.NEWEST, Kind.INPUTS, Kind.USES)  # of a run, but for its points
FileSizes = Mapping[str, int]
Folder = tuple[str, FileSizes, FileSizes]  # whose it is, and sizes by path on both sides


@dataclass(slots=True)
class Tally:
    """What was counted of one kind so far."""

    source: int = 0
    target: int = 0
    differing: int = 0
    examples: list[str] = field(default_factory=list)

    def count(self, source: int, target: int) -> None:
        """Count things on both sides."""
        self.source += source
        self.target += target

    def differs(self, name: str) -> None:
        """Write down that something is not the same."""
        self.differing += 1
        if len(self.examples) < MOST_NAMED:
            self.examples.append(name)


@dataclass(frozen=True, slots=True)
class Sides:
    """What is compared."""

    source: Side
    target: Side
    joined: Collection[str]  # experiments and registered models of the target that were there before
    progress: Progress

    def compare(self, folders: Iterable[Folder], *, counted: Mapping[Kind, int]) -> Comparison:
        """Read everything of both; `counted` are numbers that the source's database counted by itself."""
        tallies = {kind: Tally() for kind in Kind}
        self._experiments(tallies)
        self._runs(tallies)
        self._logged_models(tallies[Kind.LOGGED_MODELS])
        self._registry(tallies)
        self._files(tallies[Kind.FILES], folders)
        return Comparison(
            lines=[
                Line(
                    kind=kind,
                    source=counted.get(kind, tally.source),
                    target=tally.target,
                    differing=tally.differing,
                    examples=tuple(tally.examples),
                )
                for kind, tally in tallies.items()
            ]
        )

    def _experiments(self, tallies: Mapping[Kind, Tally]) -> None:
        tally = tallies[Kind.EXPERIMENTS]
        there = {facts.name: digests.of_experiment(facts) for facts in self.target.experiments()}
        for facts in self.source.experiments():
            tally.count(1, facts.name in there)
            if there.get(facts.name) != digests.of_experiment(facts) and facts.name not in self.joined:
                tally.differs(facts.name)

    def _runs(self, tallies: Mapping[Kind, Tally]) -> None:
        for page in self.source.run_pages():
            there = self.target.runs_of([facts.id for facts in page])
            for facts in page:
                self._run(tallies, facts, there.get(facts.id))
            self.progress(Kind.RUNS, len(page))

    def _run(self, tallies: Mapping[Kind, Tally], source: RunFacts, target: RunFacts | None) -> None:
        sizes, here = _sizes(source), _sizes(target)
        for kind in _PARTS:
            tallies[kind].count(sizes[kind], here[kind])
        points = digests.of_points(self.source.points_of(source.id))
        found = digests.of_points(self.target.points_of(source.id) if target is not None else ())
        tallies[Kind.POINTS].count(points.points, found.points)
        if target is None:
            tallies[Kind.RUNS].differs(source.id)  # once: whatever it logged is missing with it
            return
        theirs = digests.of_run(target)
        for kind, digest in digests.of_run(source).items():
            if theirs[kind] != digest:
                tallies[kind].differs(source.id)
        if points != found:
            tallies[Kind.POINTS].differs(source.id)

    def _logged_models(self, tally: Tally) -> None:
        for page in _pages(self.source.models()):
            there = self.target.models_of([facts.id for facts in page])
            tally.count(len(page), len(there))
            for facts in page:
                if facts.id not in there or digests.of_logged_model(there[facts.id]) != digests.of_logged_model(facts):
                    tally.differs(facts.id)
            self.progress(Kind.LOGGED_MODELS, len(page))

    def _registry(self, tallies: Mapping[Kind, Tally]) -> None:
        there = {facts.name: facts for facts in self.target.registered_models()}
        for facts in self.source.registered_models():
            found = there.get(facts.name)
            tallies[Kind.MODELS].count(1, found is not None)
            aliases = {} if found is None else found.aliases
            tallies[Kind.ALIASES].count(len(facts.aliases), sum(alias in aliases for alias in facts.aliases))
            if any(aliases.get(alias) != number for alias, number in facts.aliases.items()):
                tallies[Kind.ALIASES].differs(facts.name)
            is_same = found is not None and digests.of_registered_model(found) == digests.of_registered_model(facts)
            if not is_same and facts.name not in self.joined:
                tallies[Kind.MODELS].differs(facts.name)
            self._versions(tallies[Kind.VERSIONS], facts.name)

    def _versions(self, tally: Tally, model: str) -> None:
        there = {facts.number: digests.of_version(facts) for facts in self.target.versions(model)}
        for facts in self.source.versions(model):
            tally.count(1, facts.number in there)
            if there.get(facts.number) != digests.of_version(facts):
                tally.differs(f"{model}/{facts.number}")
            self.progress(Kind.VERSIONS, 1)

    def _files(self, tally: Tally, folders: Iterable[Folder]) -> None:
        for owner, source, target in folders:
            tally.count(len(source), sum(path in target for path in source))
            for path, size in source.items():
                if target.get(path) != size:
                    tally.differs(f"{owner}: {path}")
            self.progress(Kind.FILES, len(source))


def has_same_points(source: Side, target: Side, run_id: str) -> bool:
    """Tell whether both sides have the same measurements of a run."""
    return digests.of_points(source.points_of(run_id)) == digests.of_points(target.points_of(run_id))


def _sizes(facts: RunFacts | None) -> dict[Kind, int]:
    if facts is None:
        return dict.fromkeys(_PARTS, 0)
    return {
        Kind.RUNS: 1,
        Kind.PARAMS: len(facts.params),
        Kind.TAGS: len(facts.tags),
        Kind.NEWEST: len(facts.newest),
        Kind.INPUTS: len(facts.inputs),
        Kind.USES: len(facts.models),
    }


def _pages(models: Iterator[ModelFacts]) -> Iterator[list[ModelFacts]]:
    page: list[ModelFacts] = []
    for facts in models:
        page.append(facts)
        if len(page) == _AT_ONCE:
            yield page
            page = []
    if page:
        yield page
