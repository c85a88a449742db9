"""The API and the pages as one ASGI application: the routes of all packages over one platform."""

from datetime import timedelta

from litestar.types import ASGIApp, ControllerRouterHandler

from everlearn.access import api as access_api
from everlearn.access import pages as access_pages
from everlearn.access.gate import OpenGate, TokenGate
from everlearn.access.pages import SessionPolicy
from everlearn.app import health, navigation, negotiation, pages, scrape
from everlearn.app.gauges import gauges
from everlearn.app.health import Probes, database_probe
from everlearn.app.platform import Platform
from everlearn.app.scrape import DatabaseCollector
from everlearn.app.settings import Auth
from everlearn.audit import api as audit_api
from everlearn.audit import pages as audit_pages
from everlearn.datasets import api as datasets_api
from everlearn.decisions import api as decisions_api
from everlearn.decisions import pages as decisions_pages
from everlearn.features import api as features_api
from everlearn.governance import api as governance_api
from everlearn.governance import pages as governance_pages
from everlearn.lineage import api as lineage_api
from everlearn.lineage import pages as lineage_pages
from everlearn.lineage.openlineage import api as openlineage_api
from everlearn.monitoring import api as monitoring_api
from everlearn.operations import api as operations_api
from everlearn.pipelines import api as pipelines_api
from everlearn.pipelines import pages as pipelines_pages
from everlearn.policies import api as policies_api
from everlearn.promotion import api as promotion_api
from everlearn.registry import api as registry_api
from everlearn.registry.mlflow import registry_routes
from everlearn.retention import api as retention_api
from everlearn.retraining import api as retraining_api
from everlearn.rollouts import api as rollouts_api
from everlearn.serving import api as serving_api
from everlearn.storage import api as storage_api
from everlearn.tracing import pages as tracing_pages
from everlearn.tracing.mlflow import tracing_routes
from everlearn.tracking import api as tracking_api
from everlearn.tracking import pages as tracking_pages
from everlearn.tracking import removal_api
from everlearn.tracking.mlflow import removal_routes, tracking_routes
from everlearn.web.application import Site, make_app
from everlearn.web.metrics import http_metrics
from everlearn.web.mlflow import Route
from everlearn.webhooks import api as webhooks_api
from everlearn.webhooks.mlflow import webhook_routes

HANDLERS: tuple[ControllerRouterHandler, ...] = (
    *access_api.HANDLERS,
    *datasets_api.HANDLERS,
    *features_api.HANDLERS,
    *pipelines_api.HANDLERS,
    *tracking_api.HANDLERS,
    *removal_api.HANDLERS,
    *registry_api.HANDLERS,
    *promotion_api.HANDLERS,
    *webhooks_api.HANDLERS,
    *serving_api.HANDLERS,
    *monitoring_api.HANDLERS,
    *rollouts_api.HANDLERS,
    *retraining_api.HANDLERS,
    *decisions_api.HANDLERS,
    *policies_api.HANDLERS,
    *lineage_api.HANDLERS,
    *openlineage_api.HANDLERS,
    *governance_api.HANDLERS,
    *audit_api.HANDLERS,
    *operations_api.HANDLERS,
    *storage_api.HANDLERS,
    *retention_api.HANDLERS,
    *health.HANDLERS,
    *negotiation.HANDLERS,
    *scrape.HANDLERS,
)

PAGES: tuple[ControllerRouterHandler, ...] = (
    *navigation.PAGES,
    *pipelines_pages.PAGES,
    *tracking_pages.PAGES,
    *tracing_pages.PAGES,
    *decisions_pages.PAGES,
    *lineage_pages.PAGES,
    *governance_pages.PAGES,
    *audit_pages.PAGES,
    *pages.PAGES,
    *access_pages.PAGES,
)

TEMPLATE_PACKAGES = (
    "everlearn.pipelines",
    "everlearn.tracking",
    "everlearn.tracing",
    "everlearn.decisions",
    "everlearn.lineage",
    "everlearn.governance",
    "everlearn.audit",
    "everlearn.access",
    "everlearn.app",
)


def api_site(platform: Platform) -> Site:
    """Collect what the application is made of."""
    metrics = http_metrics()
    metrics.registry.register(DatabaseCollector(platform.db, gauges(platform)))
    settings = platform.settings
    services = platform.services() | {
        "platform": platform,
        "probes": Probes(parts=(("database", database_probe(platform.db)), ("blobs", platform.blobs.probe))),
        "session_policy": SessionPolicy(lifetime=timedelta(hours=settings.session_hours)),
        "http_metrics": metrics,
    }
    return Site(
        handlers=HANDLERS,
        pages=PAGES,
        services=services,
        protocol=protocol_routes(platform),
        links=platform.links,
        public_url=settings.public_url,
        gate=OpenGate() if settings.auth is Auth.OFF else TokenGate(platform.access),
        metrics=metrics,
        template_packages=TEMPLATE_PACKAGES,
        navigation=navigation.NAVIGATION,
        body_limit_bytes=int(settings.body_limit_mb * 1_000_000),
    )


def protocol_routes(platform: Platform) -> tuple[Route, ...]:
    """Collect every operation of MLflow's protocol: the one table of who may do what."""
    return (
        *negotiation.ROUTES,
        *tracking_routes(
            platform.experiments,
            platform.journal,
            platform.files,
            platform.search,
            platform.models,
            platform.uploads,
            platform.links,
        ),
        *removal_routes(platform.removals),
        *registry_routes(platform.catalogue, platform.files),
        *tracing_routes(platform.tracing),
        *webhook_routes(platform.webhooks),
    )


def api_app(platform: Platform) -> ASGIApp:
    """Make the application that `everlearn api` serves."""
    return make_app(api_site(platform))
