"""Digests of what was tracked and registered, the same for the same content on either side.

Points come in another order from every database, so theirs is a sum: each point is hashed, and the hashes are added
modulo 2^128. Two histories have the same sum only if they hold the same points (but for a chance of 2^-128).
"""

import hashlib
from collections.abc import Iterable, Mapping
from typing import NamedTuple

from everlearn.core.json import JSONValue, canonical_json
from everlearn.exchange.model import Kind
from everlearn.registry.facts import ModelFacts as RegisteredFacts
from everlearn.registry.facts import VersionFacts
from everlearn.tracking.facts import ExperimentFacts, KeyedPoint, ModelFacts, RunFacts
from everlearn.tracking.store.points import Point
from everlearn.web.mlflow.wire import LARGEST_DOUBLE

_MODULUS = 2**128


class PointsDigest(NamedTuple):
    """How many points there are, and the sum of their hashes."""

    points: int
    total: int


def of_points(pages: Iterable[Iterable[KeyedPoint]]) -> PointsDigest:
    """Digest the points of a run, in constant memory."""
    count = total = 0
    for page in pages:
        for key, point in page:
            count += 1
            text = f"{key}\x00{point.step}\x00{point.at_ms}\x00{_number(point.value)!r}\x00{point.is_nan}"
            total += int.from_bytes(hashlib.blake2b(text.encode(), digest_size=16).digest(), "little")
    return PointsDigest(count, total % _MODULUS)


def of_experiment(facts: ExperimentFacts) -> str:
    """Digest an experiment, but for its id and the place of its files, which may have to change."""
    return _digest([facts.name, facts.lifecycle, facts.created_ms, facts.updated_ms, _pairs(facts.tags)])


def of_run(facts: RunFacts) -> dict[Kind, str]:
    """Digest a run without its points, part by part."""
    fields: list[JSONValue] = [facts.id, facts.experiment, facts.name, facts.user, facts.status, facts.lifecycle]
    return {
        Kind.RUNS: _digest([fields, [facts.start_ms, facts.end_ms]]),
        Kind.PARAMS: _digest(_pairs(facts.params)),
        Kind.TAGS: _digest(_pairs(facts.tags)),
        Kind.NEWEST: _digest([[one.key, _point(one.point)] for one in sorted(facts.newest)]),
        Kind.INPUTS: _digest([[*use[:6], _pairs(use.tags)] for use in facts.inputs]),
        Kind.USES: _digest([[*use] for use in sorted(facts.models)]),
    }


def of_logged_model(facts: ModelFacts) -> str:
    """Digest a logged model."""
    return _digest(
        [
            [facts.id, facts.experiment, facts.name, facts.model_type or "", facts.source_run_id or "", facts.status],
            [facts.created_ms, facts.updated_ms],
            _pairs(facts.params),
            _pairs(facts.tags),
            [[*metric[:4], _point(metric.point)] for metric in sorted(facts.metrics)],
        ]
    )


def of_registered_model(facts: RegisteredFacts) -> str:
    """Digest a registered model without its versions and aliases."""
    times: list[JSONValue] = [facts.created_at.timestamp(), facts.updated_at.timestamp()]
    return _digest([facts.name, facts.description, times, _pairs(facts.tags)])


def of_aliases(facts: RegisteredFacts) -> str:
    """Digest the aliases of a model."""
    return _digest(_pairs(facts.aliases))


def of_version(facts: VersionFacts) -> str:
    """Digest a version, but for its source, which may have to change."""
    return _digest(
        [
            [facts.model, facts.number, facts.run_id, facts.run_link, facts.description, facts.stage],
            [facts.created_at.timestamp(), facts.updated_at.timestamp()],
            _pairs(facts.tags),
        ]
    )


def _number(value: float) -> float:
    """Give a value as both sides can have it: MLflow stores the largest double for infinity, and SQLite 0 for -0."""
    return max(-LARGEST_DOUBLE, min(LARGEST_DOUBLE, value)) + 0.0


def _pairs(values: Mapping[str, str] | Mapping[str, int]) -> JSONValue:
    pairs: list[tuple[str, str | int]] = sorted(values.items())
    return [[key, value] for key, value in pairs]


def _point(point: Point) -> JSONValue:
    return [point.step, point.at_ms, repr(_number(point.value)), point.is_nan]


def _digest(value: JSONValue) -> str:
    return hashlib.sha256(canonical_json(value).encode()).hexdigest()
