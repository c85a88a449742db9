"""From the spool into the database: each record once, whatever is killed whenever.

The rows of a portion and the position behind it commit together. A barrier is reported as passed only with everything
stored that was durable after the barrier had been seen.
"""

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import msgspec
import numpy as np

from everlearn.core.clock import Clock
from everlearn.core.errors import ConflictError, DamagedError
from everlearn.core.json import finite_or_none
from everlearn.db import Database, Tx
from everlearn.serving.model import Outcome
from everlearn.serving.spool import RecordedRequest, RecordedVersion, SpoolWriter, decode_record, read_portion
from everlearn.serving.store import gateways, predictions

logger = logging.getLogger(__name__)

REPORT_EVERY = timedelta(seconds=2)

_JSON = msgspec.json.Encoder()


class SpoolMovedError(ConflictError):
    """The database holds another position of this spool than we do; it is asked again."""

    code = "serving.spool_moved"


@dataclass(frozen=True, slots=True, kw_only=True)
class Applied:
    """What a gateway has seen and follows."""

    barrier: int
    generations: Mapping[tuple[str, str], int]  # by (project, model)


class Shipper:
    """Moves what a spool holds into `predictions` and reports how its gateway is."""

    def __init__(
        self, db: Database, writer: SpoolWriter, clock: Clock, *, gateway: str, applied: Callable[[], Applied]
    ) -> None:
        self.skipped_bytes = 0
        self._db = db
        self._writer = writer
        self._clock = clock
        self._gateway = gateway
        self._applied = applied
        self._is_known = False
        self._reported: Applied | None = None
        self._reported_at: datetime | None = None

    @property
    def has_reported(self) -> bool:
        """Tell whether others know of this gateway, so that they wait for what it answers."""
        return self._reported_at is not None

    def ship(self) -> bool:
        """Store one portion, or report when there is something to report; True: there is more to store.

        Raises
        ------
        EverlearnError
            When the database is away; nothing is lost, call again later.
        """
        try:
            if not self._is_known:
                self._begin()
            return self._ship()
        except BaseException:  # a commit that failed may still have happened
            self._is_known = False
            raise

    def leave(self) -> None:
        """Store everything and take the gateway off the list."""
        while self.ship():
            pass
        with self._db.write() as tx:
            gateways.forget(tx, self._gateway)

    def _begin(self) -> None:
        spool = self._writer.folder.id
        with self._db.write() as tx:
            gateways.begin_spool(tx, spool)
            self._writer.shipped = gateways.shipped_bytes(tx, spool) or 0
        self._is_known, self._reported = True, None

    def _ship(self) -> bool:
        # in this order: what is durable now includes all that was answered before the barrier was seen
        applied = self._applied()
        end = self._writer.durable_end
        before = self._writer.shipped
        now = self._clock.now()
        if before >= end:
            if self._must_report(applied, now):
                with self._db.write() as tx:
                    reported = self._report(tx, applied, unshipped_bytes=0, at=now)
                self._reported, self._reported_at = reported, now
            return False
        portion = read_portion(self._writer.folder.segments(), before, end)
        if portion.skipped_bytes:
            self._note_skipped(before, portion.skipped_bytes)
        rows = [row for payload in portion.payloads for row in _rows(payload)]
        with self._db.write() as tx:
            if rows:
                predictions.add_predictions(tx, rows)
            if not gateways.advance_spool(tx, self._writer.folder.id, before=before, after=portion.end):
                raise SpoolMovedError("the spool was shipped from elsewhere; looking again")
            reported = self._report(tx, applied, unshipped_bytes=max(0, end - portion.end), at=now)
        self._writer.shipped = portion.end
        self._reported, self._reported_at = reported, now
        self._writer.folder.remove_before(portion.end, keep=self._writer.segment)
        return portion.end < end

    def _must_report(self, applied: Applied, now: datetime) -> bool:
        is_due = self._reported_at is None or not timedelta(0) <= now - self._reported_at < REPORT_EVERY
        return is_due or self._reported != applied

    def _report(self, tx: Tx, applied: Applied, *, unshipped_bytes: int, at: datetime) -> Applied:
        """Tell how the gateway is; a barrier is behind it only when nothing is left to ship."""
        known = self._reported
        barrier = applied.barrier if unshipped_bytes == 0 else (0 if known is None else known.barrier)
        gateways.report(tx, self._gateway, unshipped_bytes=unshipped_bytes, barrier=barrier, at=at)
        if known is None or known.generations != applied.generations:
            gateways.report_generations(tx, self._gateway, applied.generations)
        return Applied(barrier=barrier, generations=applied.generations)

    def _note_skipped(self, position: int, size_bytes: int) -> None:
        self.skipped_bytes += size_bytes
        logger.warning(
            "skipped unreadable bytes of the prediction spool; a torn tail after a crash was never answered",
            extra={"action": "spool.skipped", "position": position, "bytes": size_bytes},
        )


def rows_of(record: RecordedRequest) -> list[dict[str, Any]]:
    """Give the rows of `predictions` that a record stands for: one for each version and row of the request."""
    return [row for version in record.versions for row in _version_rows(record, version)]


def _rows(payload: bytes) -> Sequence[Mapping[str, Any]]:
    try:
        return rows_of(decode_record(payload))
    except DamagedError:
        logger.exception("left out a record of the prediction spool", extra={"action": "spool.unreadable"})
        return ()


def _version_rows(record: RecordedRequest, version: RecordedVersion) -> list[dict[str, Any]]:
    features = np.frombuffer(version.features, dtype="<f8").reshape(record.rows, version.width).tolist()
    values = np.frombuffer(version.values, dtype="<f8").tolist()
    times = record.event_times or [record.recorded_at] * record.rows
    return [
        {
            "project": record.project,
            "model": record.model,
            "prediction_id": f"{record.request_id}:{index}",
            "version": version.version,
            "role": version.role,
            "is_served": bool(version.is_served[index]),
            "is_fallback": bool(version.is_fallback[index]),
            "entity_id": record.entity_ids[index],
            "event_time": times[index],
            "features": _JSON.encode(features[index]).decode(),
            "value": finite_or_none(values[index]),
            "status": (Outcome.FAILED if version.is_failed[index] else Outcome.OK).value,
            "duration_us": version.duration_us,
            "generation": record.generation,
            "recorded_at": record.recorded_at,
        }
        for index in range(record.rows)
    ]
