"""Which legal holds protect a folder: those on its run, on a model made of it, or on the whole project."""

from dataclasses import dataclass

from everlearn.db import Tx
from everlearn.registry.store.keeping import origins_of_model
from everlearn.storage import Hold
from everlearn.storage.deletions import all_holds
from everlearn.tracking.store.purging import folders_of

_WHOLE = ""  # the whole tree


@dataclass(frozen=True, slots=True)
class Held:
    """The holds of a project with the folders that each protects."""

    folders: tuple[tuple[Hold, tuple[str, ...]], ...]

    def on(self, folder: str) -> tuple[Hold, ...]:
        """Give the holds on files in, below or around a folder."""
        return tuple(hold for hold, held in self.folders if any(_overlap(folder, one) for one in held))


@dataclass(frozen=True, slots=True)
class HeldFolders:
    """Fills tracking's port `Protection`."""

    def of_folder(self, tx: Tx, project: str, folder: str) -> tuple[Hold, ...]:
        """Give the holds on files in, below or around a folder."""
        return held_in(tx, project).on(folder)


def held_in(tx: Tx, project: str) -> Held:
    """Find what every hold of a project protects. Holds are placed by people, so there are few."""
    return Held(tuple((hold, _protected(tx, project, hold)) for hold in all_holds(tx, project)))


def _protected(tx: Tx, project: str, hold: Hold) -> tuple[str, ...]:
    kind, _, name = hold.subject.partition(":")
    if kind == "project":
        return (_WHOLE,)
    of = name.partition("/")[2]
    runs, models = ([of], list[str]()) if kind == "run" else origins_of_model(tx, project, of)
    return tuple(folders_of(tx, project, runs, models))


def _overlap(one: str, held: str) -> bool:
    return held == _WHOLE or f"{one}/".startswith(f"{held}/") or f"{held}/".startswith(f"{one}/")
