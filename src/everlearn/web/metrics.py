"""What Prometheus reads about HTTP. One registry for one application: nothing is shared between tests or roles."""

from dataclasses import dataclass, field

from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_LATEST

CONTENT_TYPE = CONTENT_TYPE_LATEST
_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})


@dataclass(frozen=True, slots=True)
class HttpMetrics:
    """Requests counted and timed by route template."""

    registry: CollectorRegistry
    requests: Counter
    seconds: Histogram
    known: dict[tuple[str, str, int], tuple[Counter, Histogram]] = field(default_factory=dict)

    def observe(self, *, method: str, route: str, status: int, seconds: float) -> None:
        """Count one answered request."""
        known = method if method in _METHODS else "other"
        counter, timer = self._series(known, route, status)
        counter.inc()
        timer.observe(seconds)

    def _series(self, method: str, route: str, status: int) -> tuple[Counter, Histogram]:
        """Look up the two series once: finding them by their labels costs more than counting does."""
        key = (method, route, status)
        found = self.known.get(key)
        if found is None:
            found = (self.requests.labels(method, route, str(status)), self.seconds.labels(method, route))
            self.known[key] = found
        return found

    def exposition(self) -> bytes:
        """Write everything in the registry in Prometheus' text format."""
        return generate_latest(self.registry)


def http_metrics() -> HttpMetrics:
    """Make an empty registry with the HTTP measures in it; others add their own collectors to `registry`."""
    registry = CollectorRegistry()
    return HttpMetrics(
        registry=registry,
        requests=Counter(
            "everlearn_http_requests", "Requests answered.", ("method", "route", "status"), registry=registry
        ),
        seconds=Histogram(
            "everlearn_http_request_seconds",
            "Time to answer a request.",
            ("method", "route"),
            buckets=(0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10),
            registry=registry,
        ),
    )
