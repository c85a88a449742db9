"""A breaker: after several failed requests in a row a candidate is asked only now and then."""

from dataclasses import dataclass


@dataclass(slots=True)
class Breaker:
    """Counts failed requests in a row. Opens at `threshold`, then lets one request in `probe_every` through."""

    threshold: int = 5
    probe_every: int = 50
    _failed: int = 0
    _spared: int = 0

    @property
    def is_open(self) -> bool:
        """Tell whether requests are being spared."""
        return self._failed >= self.threshold

    def admits(self) -> bool:
        """Tell whether this request is to be tried."""
        if not self.is_open:
            return True
        self._spared += 1
        return self._spared % self.probe_every == 0

    def note(self, *, is_failure: bool) -> None:
        """Count how a tried request went; one success closes the breaker."""
        self._failed = self._failed + 1 if is_failure else 0
