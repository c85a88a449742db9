"""A thread that does one thing again and again until it is told to stop, and is not stopped by failures."""

import logging
from collections.abc import Callable
from threading import Event, Thread

from everlearn.core.errors import EverlearnError

logger = logging.getLogger(__name__)

_LONGEST_PAUSE_S = 2.0


class Repeating:
    """Calls `step` every `every_s`, at once again while it returns True, and ever more rarely while it fails."""

    def __init__(self, name: str, step: Callable[[], bool], *, every_s: float) -> None:
        self.is_failing = False
        self._name = name
        self._step = step
        self._every_s = every_s
        self._pause_s = every_s
        self._wake = Event()
        self._is_stopping = False
        self._thread = Thread(target=self._run, name=name, daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def wake(self) -> None:
        """Do the next step now."""
        self._wake.set()

    def stop(self) -> None:
        """Finish the step in progress, then end."""
        self._is_stopping = True
        self._wake.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._is_stopping:
            if not self._do():
                self._wake.wait(self._pause_s)
                self._wake.clear()

    def _do(self) -> bool:
        try:
            has_more = self._step()
        except Exception as error:  # noqa: BLE001  # the edge of a thread: it must outlive whatever a step runs into
            self._note(error)
            return False
        self.is_failing, self._pause_s = False, self._every_s
        return has_more

    def _note(self, error: Exception) -> None:
        # a database that is away is told once, a defect of ours every time
        if not isinstance(error, EverlearnError):
            logger.error("a step failed", exc_info=error, extra={"action": "gateway.step_failed", "loop": self._name})
        elif not self.is_failing:
            facts = {"action": "gateway.step_failed", "loop": self._name, "code": error.code}
            logger.warning("a step failed and is tried again: %s", error.message, extra=facts)
        self.is_failing = True
        self._pause_s = min(_LONGEST_PAUSE_S, self._pause_s * 2)
