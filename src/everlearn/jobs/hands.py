"""What a worker has in hand: the attempts that are running in its threads."""

from threading import Event, Lock

from everlearn.jobs.context import JobContext


class Hands:
    """The running attempts of one worker; safe to use from all its threads."""

    def __init__(self) -> None:
        self.draining = Event()
        self.closed = Event()
        self._changed = Event()
        self._lock = Lock()
        self._contexts: list[JobContext] = []

    def take(self, context: JobContext) -> None:
        """Begin an attempt."""
        with self._lock:
            self._contexts.append(context)

    def drop(self, context: JobContext) -> None:
        """End an attempt."""
        with self._lock:
            self._contexts.remove(context)
        self._changed.set()

    def contexts(self) -> list[JobContext]:
        """Give the attempts that are running now."""
        with self._lock:
            return list(self._contexts)

    def wait_for_change(self, seconds: float) -> None:
        """Wait until an attempt ends, at most so long."""
        self._changed.wait(seconds)
        self._changed.clear()
