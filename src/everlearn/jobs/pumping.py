"""Calling pumps so that a broken one neither stops the worker nor the other pumps."""

import logging
import time
from collections.abc import Callable, Sequence

from everlearn.core.errors import UnavailableError
from everlearn.jobs.attempt import caught
from everlearn.jobs.retry import backoff_s

logger = logging.getLogger(__name__)


class Pumping:
    """Pumps of one worker, and how long the broken ones among them rest."""

    def __init__(self, pumps: Sequence[Callable[[], int]], *, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._pumps = pumps
        self._monotonic = monotonic
        self._failures = [0] * len(pumps)
        self._rests_until = [0.0] * len(pumps)

    def pump(self) -> int:
        """Call each pump that does not rest; give the number of things they did. UnavailableError passes."""
        return sum(self._call(number, pump) for number, pump in enumerate(self._pumps))

    def _call(self, number: int, pump: Callable[[], int]) -> int:
        if self._monotonic() < self._rests_until[number]:
            return 0
        done: list[int] = []
        error = caught(lambda: done.append(pump()))
        if isinstance(error, UnavailableError):
            raise error
        if error is None:
            self._failures[number] = 0
            return done[0]
        self._failures[number] += 1
        self._rests_until[number] = self._monotonic() + backoff_s(self._failures[number], 1.0)
        logger.error(
            "pump failed", exc_info=error, extra={"action": "jobs.pump_failed", "failures": self._failures[number]}
        )
        return 0
