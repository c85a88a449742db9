"""What Prometheus reads about a gateway; one registry for each."""

from collections.abc import Mapping
from dataclasses import dataclass

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_LATEST

CONTENT_TYPE = CONTENT_TYPE_LATEST.encode()

_SECONDS = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5)


@dataclass(frozen=True, slots=True)
class GatewayMetrics:
    """The measures of one gateway."""

    registry: CollectorRegistry
    requests: Counter
    seconds: Histogram
    rows: Counter
    fallback_rows: Counter
    unshipped_bytes: Gauge
    skipped_bytes: Gauge
    database_away: Gauge
    failed_loads: Gauge
    generation: Gauge

    def observe(self, status: int, seconds: float) -> None:
        """Count one inference request."""
        self.requests.labels(str(status)).inc()
        self.seconds.observe(seconds)

    def observe_rows(self, place: tuple[str, str], served: Mapping[int, int], fallback_rows: int) -> None:
        """Count the rows of one answer."""
        for version, count in served.items():
            self.rows.labels(*place, str(version)).inc(count)
        if fallback_rows:
            self.fallback_rows.labels(*place).inc(fallback_rows)

    def exposition(self) -> bytes:
        """Write everything in Prometheus' text format."""
        return generate_latest(self.registry)


def gateway_metrics() -> GatewayMetrics:
    """Make an empty set of measures."""
    registry = CollectorRegistry()
    place = ("project", "model")

    def gauge(name: str, text: str, labels: tuple[str, ...] = ()) -> Gauge:
        return Gauge(f"everlearn_gateway_{name}", text, labels, registry=registry)

    return GatewayMetrics(
        registry=registry,
        requests=Counter("everlearn_gateway_requests", "Inference requests.", ("status",), registry=registry),
        seconds=Histogram(
            "everlearn_gateway_request_seconds", "Time to answer one.", buckets=_SECONDS, registry=registry
        ),
        rows=Counter("everlearn_gateway_rows", "Rows answered.", (*place, "version"), registry=registry),
        fallback_rows=Counter(
            "everlearn_gateway_fallback_rows",
            "Rows the champion answered for a failing candidate.",
            place,
            registry=registry,
        ),
        unshipped_bytes=gauge("unshipped_bytes", "Prediction log not yet in the database."),
        skipped_bytes=gauge("skipped_bytes", "Prediction log found unreadable since the start: torn or damaged."),
        database_away=gauge("database_away", "1 while the deployments cannot be read and the last state is served."),
        failed_loads=gauge("failed_loads", "Versions that could not be loaded, since the start."),
        generation=gauge("generation", "Deployment generation that is followed.", place),
    )
