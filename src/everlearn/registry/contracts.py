"""The contract that every model on record has: its champion is chosen by rollouts, not by hand."""

from collections.abc import Sequence

from everlearn.db import Tx
from everlearn.registry.ports import Unmet
from everlearn.registry.store.catalogue import is_on_record

CHAMPION = "champion"


class ChampionByRollout:
    """Lets every alias move but the champion of a model that the loop looks after."""

    def unmet(self, tx: Tx, project: str, model: str, alias: str, number: int | None) -> Sequence[Unmet]:
        """Give what is missing."""
        if alias != CHAMPION or not is_on_record(tx, project, model):
            return ()
        found = [
            Unmet(
                condition="moved_by_rollout",
                detail="the champion of a deployed model moves when a rollout is promoted or rolled back; start one",
            )
        ]
        if number is not None and not is_on_record(tx, project, model, number):
            missing = f"version {number} has no checked signature, profile and safe format, so it cannot be deployed"
            found.append(Unmet(condition="deployable", detail=missing))
        return found
