"""Which versions are in memory and where requests go now; follows the deployments table, a step behind.

Requests read `routes`, a mapping that is replaced and never changed, so each request sees one generation whole. A
version is loaded and warmed before anything is routed to it. While the database is away the last state stays.
"""

import logging
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from threading import Lock
from types import MappingProxyType
from typing import TypeAlias

from everlearn.core.errors import EverlearnError, UnavailableError
from everlearn.db import Database
from everlearn.serving.gateway.breaker import Breaker
from everlearn.serving.gateway.runtime import Scorer, UnfitModelError, load_scorer
from everlearn.serving.gateway.shipping import Applied
from everlearn.serving.model import Deployment, Traffic
from everlearn.serving.ports import ModelSource
from everlearn.serving.store import counters, traffic

logger = logging.getLogger(__name__)

RETRY_LOADING_AFTER_S = 2.0

Place: TypeAlias = tuple[str, str]  # (project, model)


@dataclass(frozen=True, slots=True, kw_only=True)
class Broken:
    """A candidate that cannot be run: every row it scores fails, so that its rollout sees what it is."""

    version: int
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """The version being tried out, and the breaker that spares a failing one the work."""

    scorer: Scorer | Broken
    breaker: Breaker = field(default_factory=Breaker)

    @property
    def version(self) -> int:
        """Give its number."""
        return self.scorer.version


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """One model, ready to answer."""

    deployment: Deployment
    traffic: Traffic
    champion: Scorer
    candidate: Candidate | None
    columns: Sequence[tuple[str, str]]  # (name, datatype) of all that any of the versions takes, the champion's first


class Fleet:
    """The routes of one gateway."""

    def __init__(self, db: Database, source: ModelSource) -> None:
        self.routes: Mapping[Place, Route] = MappingProxyType({})
        self.waiting: Mapping[Place, str] = MappingProxyType({})  # deployed, but not as the table says, and why
        self.is_informed = False  # the deployments have been read at least once
        self.is_database_away = False
        self.failed_loads = 0
        self._db = db
        self._source = source
        self._counters = counters.Counters(traffic=-1, barrier=0)
        self._retry_at: float | None = None
        self._lock = Lock()

    def applied(self) -> Applied:
        """Tell what this gateway has seen and follows."""
        return Applied(
            barrier=self._counters.barrier,
            generations={place: route.deployment.generation for place, route in self.routes.items()},
        )

    def refresh(self) -> bool:
        """Look for changes and follow them; True: a request that comes now may be routed otherwise than before."""
        with self._lock:
            try:
                deployments = self._changed()
            except EverlearnError:
                self.is_database_away = True
                raise
            self.is_database_away = False
            if deployments is None:
                return False
            self._retry_at = time.monotonic() + RETRY_LOADING_AFTER_S  # also when following fails unexpectedly
            self._follow(deployments)
            self.is_informed = True
            return True

    def _changed(self) -> Sequence[Deployment] | None:
        with self._db.read() as tx:
            now = counters.read_counters(tx)
            must_look = now.traffic != self._counters.traffic or self._is_retry_due()
            deployments = traffic.all_deployments(tx) if must_look else None
        self._counters = now
        return deployments

    def _is_retry_due(self) -> bool:
        return self._retry_at is not None and time.monotonic() >= self._retry_at

    def _follow(self, deployments: Sequence[Deployment]) -> None:
        waiting: dict[Place, str] = {}
        for deployment in deployments:
            place = (deployment.project, deployment.model)
            present = self.routes.get(place)
            if present is not None and present.deployment == deployment:
                continue
            try:
                route = self._route(deployment, present)
            except EverlearnError as error:
                waiting[place] = error.message
                self._note_failure(deployment, error)
                continue
            self.routes = MappingProxyType({**self.routes, place: route})
        self.waiting = MappingProxyType(waiting)
        self._retry_at = time.monotonic() + RETRY_LOADING_AFTER_S if waiting else None

    def _route(self, deployment: Deployment, present: Route | None) -> Route:
        assert deployment.traffic is not None  # noqa: S101  # narrows the type; stored deployments have traffic
        champion = _loaded(present, deployment.traffic.champion) or self._load(deployment, deployment.traffic.champion)
        candidate = self._candidate(deployment, champion, present)
        return Route(
            deployment=deployment,
            traffic=deployment.traffic,
            champion=champion,
            candidate=candidate,
            columns=_columns_of(champion, candidate),
        )

    def _candidate(self, deployment: Deployment, champion: Scorer, present: Route | None) -> Candidate | None:
        version = deployment.candidate
        if version is None:
            return None
        if present is not None and present.candidate is not None and present.candidate.version == version:
            return present.candidate
        try:
            scorer = _loaded(present, version) or self._load(deployment, version)
            _check_outputs(scorer, champion)
        except UnavailableError:
            raise
        except EverlearnError as error:
            self._note_failure(deployment, error)
            return Candidate(scorer=Broken(version=version, reason=error.message))
        return Candidate(scorer=scorer)

    def _load(self, deployment: Deployment, version: int) -> Scorer:
        return load_scorer(version, self._source.load(deployment.project, deployment.model, version))

    def _note_failure(self, deployment: Deployment, error: EverlearnError) -> None:
        self.failed_loads += 1
        logger.warning(
            "a deployed version cannot be loaded",
            extra={
                "action": "gateway.load_failed",
                "project": deployment.project,
                "model": deployment.model,
                "generation": deployment.generation,
                "code": error.code,
                "reason": error.message,
            },
        )


def _columns_of(champion: Scorer, candidate: Candidate | None) -> Sequence[tuple[str, str]]:
    columns = {column.name: column.datatype for column in champion.signature.inputs}
    if candidate is not None and isinstance(candidate.scorer, Scorer):
        for column in candidate.scorer.signature.inputs:
            columns.setdefault(column.name, column.datatype)
    return tuple(columns.items())


def _loaded(present: Route | None, version: int) -> Scorer | None:
    """Give the version from memory if the route before had it, in whatever part."""
    if present is None:
        return None
    if present.champion.version == version:
        return present.champion
    scorer = None if present.candidate is None else present.candidate.scorer
    return scorer if isinstance(scorer, Scorer) and scorer.version == version else None


def _check_outputs(candidate: Scorer, champion: Scorer) -> None:
    ours = [(output.name, output.datatype) for output in champion.signature.outputs]
    theirs = [(output.name, output.datatype) for output in candidate.signature.outputs]
    if ours != theirs:
        raise UnfitModelError(f"version {candidate.version} has other outputs than the champion and cannot stand in")
