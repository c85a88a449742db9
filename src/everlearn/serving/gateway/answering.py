"""One batch against one route: who scores, who is heard, what is remembered. No I/O besides running the graphs.

In shadow and canary both versions score every row, so that they can be compared row by row. Where the candidate is to
answer and has no usable value, the champion's stands in.
"""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import numpy as np
import numpy.typing as npt

from everlearn.core.errors import InvalidError, NotFoundError
from everlearn.serving.gateway.fleet import Candidate, Route
from everlearn.serving.gateway.runtime import Scorer, Scores, ScoringError
from everlearn.serving.model import Phase, TrafficRole
from everlearn.serving.protocol import Batch
from everlearn.serving.routing import goes_to_candidate
from everlearn.serving.spool import RecordedRequest, RecordedVersion

logger = logging.getLogger(__name__)

Mask = npt.NDArray[np.bool_]
Numbers = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Answered:
    """What came of a batch."""

    record: RecordedRequest
    version: int  # the one that the answer names
    outputs: Sequence[Numbers] | None  # one array per output of the signature; None: nobody could answer
    served: Mapping[int, int]  # rows by version
    fallback_rows: int  # of those, answered by the champion because the candidate failed
    is_degraded: bool  # a fallback, or a champion outside the bounds of its signature


@dataclass(frozen=True, slots=True, kw_only=True)
class _Scored:
    """One version's part in a request."""

    version: int
    role: TrafficRole
    features: Numbers  # (rows, columns)
    scores: Scores | None  # None: it failed on the whole request
    is_failed: Mask


def answer_batch(route: Route, batch: Batch, *, version: int | None, at: datetime) -> Answered:
    """Score a batch and decide row by row whose value is heard; `version` asks for one version alone.

    Raises
    ------
    InvalidError
        When the batch lacks what the version that must answer needs.
    NotFoundError
        When the version asked for is not deployed.
    """
    if version is not None:
        return _by_one(route, batch, version, at)
    champion = _score_champion(route.champion, batch)
    if route.candidate is None:
        return _alone(route, batch, champion, at)
    candidate = _score_candidate(route.candidate, batch)
    return _together(route, batch, champion, candidate, at=at)


def _by_one(route: Route, batch: Batch, version: int, at: datetime) -> Answered:
    if version == route.champion.version:
        return _alone(route, batch, _score_champion(route.champion, batch), at)
    if route.candidate is None or version != route.candidate.version:
        raise NotFoundError("no such version of this model is deployed")
    scorer = route.candidate.scorer
    if isinstance(scorer, Scorer):
        scorer.fit(batch.columns)  # here nobody stands in, so the caller is told what is missing
    return _alone(route, batch, _score_candidate(route.candidate, batch), at)


def _alone(route: Route, batch: Batch, scored: _Scored, at: datetime) -> Answered:
    everywhere = np.ones(batch.rows, dtype=np.bool_)
    is_answered = scored.scores is not None and bool(scored.scores.is_finite.all())
    served = everywhere if is_answered else ~everywhere
    return Answered(
        record=_record(route, batch, at, [_recorded(scored, served, ~everywhere)]),
        version=scored.version,
        outputs=scored.scores.outputs if scored.scores is not None and is_answered else None,
        served={scored.version: batch.rows},
        fallback_rows=0,
        is_degraded=scored.scores is not None and not bool(scored.scores.is_usable.all()),
    )


def _together(route: Route, batch: Batch, champion: _Scored, candidate: _Scored, *, at: datetime) -> Answered:
    nowhere = np.zeros(batch.rows, dtype=np.bool_)
    wanted = nowhere
    if route.traffic.phase == Phase.CANARY:
        wanted = np.array(goes_to_candidate(route.deployment.salt, batch.entity_ids, route.traffic.weight))
    by_candidate = wanted & ~candidate.is_failed
    by_champion = ~by_candidate
    fallback = wanted & candidate.is_failed
    is_answered = champion.scores is not None and bool(champion.scores.is_finite[by_champion].all())
    is_answered = is_answered or bool(by_candidate.all())
    if not is_answered:
        by_candidate = by_champion = fallback = nowhere
    recorded = [_recorded(champion, by_champion, fallback), _recorded(candidate, by_candidate, nowhere)]
    return Answered(
        record=_record(route, batch, at, recorded),
        version=champion.version,
        outputs=_merged(champion, candidate, by_candidate) if is_answered else None,
        served=_counts(champion, candidate, by_candidate),
        fallback_rows=int(fallback.sum()),
        is_degraded=bool(fallback.any()) or _is_out_of_bounds(champion, by_champion),
    )


def _score_champion(scorer: Scorer, batch: Batch) -> _Scored:
    fitted = scorer.fit(batch.columns)
    scores = None
    try:
        scores = scorer.score(fitted, batch.rows)
    except ScoringError:
        logger.exception("the champion failed", extra={"action": "gateway.champion_failed", "version": scorer.version})
    return _Scored(
        version=scorer.version,
        role=TrafficRole.CHAMPION,
        features=fitted.features(),
        scores=scores,
        is_failed=np.ones(batch.rows, dtype=np.bool_) if scores is None else ~scores.is_finite,
    )


def _score_candidate(candidate: Candidate, batch: Batch) -> _Scored:
    features, scores = np.empty((batch.rows, 0)), None
    scorer, breaker = candidate.scorer, candidate.breaker
    if isinstance(scorer, Scorer):
        try:
            fitted = scorer.fit(batch.columns)
            features = fitted.features()
            if breaker.admits():
                scores = scorer.score(fitted, batch.rows)
                breaker.note(is_failure=False)
        except InvalidError:
            pass  # the champion could do with these columns; for the candidate every row counts as failed
        except ScoringError as error:
            breaker.note(is_failure=True)
            _note_failure(candidate, error)
    return _Scored(
        version=candidate.version,
        role=TrafficRole.CANDIDATE,
        features=features,
        scores=scores,
        is_failed=np.ones(batch.rows, dtype=np.bool_) if scores is None else ~scores.is_usable,
    )


def _note_failure(candidate: Candidate, error: ScoringError) -> None:
    if not candidate.breaker.is_open:
        logger.warning(
            "the candidate failed; the champion answers",
            extra={"action": "gateway.candidate_failed", "version": candidate.version, "reason": str(error)},
        )


def _merged(champion: _Scored, candidate: _Scored, by_candidate: Mask) -> Sequence[Numbers]:
    if champion.scores is None or candidate.scores is None or not by_candidate.any():
        scores = champion.scores or candidate.scores
        return () if scores is None else scores.outputs
    return tuple(
        np.where(by_candidate, theirs, ours)
        for ours, theirs in zip(champion.scores.outputs, candidate.scores.outputs, strict=True)
    )


def _counts(champion: _Scored, candidate: _Scored, by_candidate: Mask) -> Mapping[int, int]:
    theirs = int(by_candidate.sum())
    counts = {champion.version: len(by_candidate) - theirs, candidate.version: theirs}
    return {version: count for version, count in counts.items() if count}


def _is_out_of_bounds(scored: _Scored, where: Mask) -> bool:
    return scored.scores is not None and not bool(scored.scores.is_usable[where].all())


def _recorded(scored: _Scored, served: Mask, fallback: Mask) -> RecordedVersion:
    nothing = np.full(len(served), np.nan)
    values = nothing if scored.scores is None else np.where(scored.is_failed, nothing, scored.scores.outputs[0])
    return RecordedVersion(
        version=scored.version,
        role=scored.role.value,
        duration_us=0 if scored.scores is None else scored.scores.duration_us,
        width=scored.features.shape[1],
        features=scored.features.astype("<f8", copy=False).tobytes(),
        values=values.tobytes(),
        is_failed=scored.is_failed.tobytes(),
        is_served=served.tobytes(),
        is_fallback=fallback.tobytes(),
    )


def _record(route: Route, batch: Batch, at: datetime, versions: list[RecordedVersion]) -> RecordedRequest:
    return RecordedRequest(
        project=route.deployment.project,
        model=route.deployment.model,
        request_id=batch.request_id,
        rows=batch.rows,
        generation=route.deployment.generation,
        recorded_at=at,
        entity_ids=list(batch.entity_ids),
        event_times=None if batch.event_times is None else list(batch.event_times),
        versions=versions,
    )
