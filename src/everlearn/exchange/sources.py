"""Where the files of a version are once they have come over."""

from dataclasses import dataclass

from everlearn.exchange.sides import Side
from everlearn.registry.facts import VersionFacts

_PLACELESS = ("runs:/", "models:/")


@dataclass(frozen=True, slots=True)
class Rewriting:
    """Sources that name a place of the old server, written as the place here."""

    source: Side
    target: Side

    def source_of(self, version: VersionFacts) -> str:
        """Give the source of a version: below its run or its logged model if it was there, or else as it was."""
        if version.source.startswith(_PLACELESS):
            return version.source
        for before, after in self._places(version):
            rest = version.source.removeprefix(before)
            if rest != version.source and (not rest or rest.startswith("/")):
                return f"mlflow-artifacts:/{after}{rest}"
        return version.source

    def _places(self, version: VersionFacts) -> list[tuple[str, str]]:
        found = []
        if version.run_id:
            found.append((self.source.runs_of([version.run_id]), self.target.runs_of([version.run_id])))
        logged = [part for part in version.source.split("/") if part.startswith("m-")]
        places = [
            (there[one].location.rstrip("/"), here[one].location)
            for there, here in found
            for one in there
            if one in here
        ]
        models, ours = self.source.models_of(logged), self.target.models_of(logged)
        return places + [(models[one].location.rstrip("/"), ours[one].location) for one in models if one in ours]
