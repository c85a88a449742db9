"""`/metrics`: HTTP from this process, and the state of the platform as the database has it."""

import logging
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from litestar import get
from litestar.response import Response
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from everlearn.access import Role
from everlearn.core.errors import EverlearnError
from everlearn.db import Database, Tx
from everlearn.web import Service, needs
from everlearn.web.metrics import CONTENT_TYPE, HttpMetrics

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Gauge:
    """One measure read from the database at each scrape: values by label, or one under the empty label."""

    name: str
    about: str
    label: str
    read: Callable[[Tx], Mapping[str, float]]


class DatabaseCollector(Collector):
    """Reads gauges when Prometheus asks; says by a gauge of its own when the database did not answer."""

    def __init__(self, db: Database, gauges: tuple[Gauge, ...]) -> None:
        self._db = db
        self._gauges = gauges

    def describe(self) -> Iterator[Metric]:
        """Name nothing beforehand: registering must not ask the database."""
        return iter(())

    def collect(self) -> Iterator[Metric]:
        """Read all gauges in one transaction."""
        up = GaugeMetricFamily("everlearn_database_up", "1 when the database answered this scrape.")
        try:
            with self._db.read() as tx:
                families = [_family(gauge, gauge.read(tx)) for gauge in self._gauges]
        except EverlearnError as error:
            logger.warning("scrape without the database", extra={"action": "metrics.partial", "code": error.code})
            families = []
        up.add_metric([], 1.0 if families else 0.0)
        yield up
        yield from families


def _family(gauge: Gauge, values: Mapping[str, float]) -> Metric:
    family = GaugeMetricFamily(gauge.name, gauge.about, labels=[gauge.label] if gauge.label else None)
    for label, value in sorted(values.items()):
        family.add_metric([label] if gauge.label else [], value)
    return family


@get("/metrics", guards=[needs(Role.VIEWER)], media_type="text/plain", include_in_schema=False, sync_to_thread=True)
def metrics(http_metrics: Service[HttpMetrics]) -> Response[Any]:
    """Give all measures in Prometheus' text format."""
    return Response(http_metrics.exposition(), headers={"Content-Type": CONTENT_TYPE})


HANDLERS = (metrics,)
