"""Signing the log as it grows."""

from dataclasses import KW_ONLY, dataclass
from datetime import timedelta

from everlearn.db import Database
from everlearn.eventlog import store
from everlearn.eventlog.checkpoint import Checkpoints, newest


@dataclass(frozen=True, slots=True)
class Checkpointer:
    """A worker's pump that signs what no checkpoint covers yet; any number of processes may run it."""

    db: Database
    checkpoints: Checkpoints | None  # None: this process has no key, others sign
    _: KW_ONLY
    entries: int = 256  # as soon as so many are not signed
    age: timedelta = timedelta(seconds=10)  # or some are not, and the newest checkpoint is older than this

    def pump(self) -> int:
        """Sign if it is time; give the number of checkpoints signed."""
        if self.checkpoints is None or not self._is_due(self.checkpoints):
            return 0
        with self.db.write() as tx:
            self.checkpoints.sign(tx)
        return 1

    def _is_due(self, checkpoints: Checkpoints) -> bool:
        with self.db.read() as tx:
            size, last = store.read_head(tx).tree.size, newest(tx)
        unsigned = size - (0 if last is None else last.size)
        if unsigned <= 0 or last is None:
            return unsigned > 0
        return unsigned >= self.entries or checkpoints.clock.now() - last.recorded_at > self.age
