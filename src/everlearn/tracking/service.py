"""The use cases of tracking. Each is safe to repeat: what is there already is not added again."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from everlearn.blobs import BlobStore
from everlearn.core.actor import Actor
from everlearn.core.clock import Clock, iso, parse_instant
from everlearn.core.digest import Digest
from everlearn.core.errors import InvalidError
from everlearn.core.ids import new_id
from everlearn.core.names import checked_name
from everlearn.core.page import Page, checked_limit, page_of
from everlearn.db import Database, Tx, written
from everlearn.eventlog import Cause, EventLog
from everlearn.tracking.artifact_path import checked_artifact_path, folders_of
from everlearn.tracking.files import hazard_in
from everlearn.tracking.model import (
    LONGEST_PARAM,
    LONGEST_TAG,
    Artifact,
    ArtifactBlockedError,
    ArtifactNotFoundError,
    Experiment,
    Metric,
    Run,
    RunDetail,
    RunStatus,
    RunTakenError,
    checked_metrics,
    checked_run_id,
    checked_text,
    checked_values,
)
from everlearn.tracking.recording import announce_end, begin_run, record, run_not_found
from everlearn.tracking.store import artifacts as artifact_store
from everlearn.tracking.store import experiments as experiment_store
from everlearn.tracking.store import points as point_store
from everlearn.tracking.store import runs as run_store
from everlearn.tracking.store.experiments import ExperimentRow
from everlearn.tracking.store.keys import find_keys
from everlearn.tracking.store.labels import PARAMS, TAGS
from everlearn.tracking.store.points import Point, point_of, value_of
from everlearn.tracking.store.runs import RunKey, RunRow, instant_of, milliseconds_of, run_of


@dataclass(frozen=True, slots=True)
class Tracking:
    """Experiments, runs, and what runs log."""

    db: Database
    log: EventLog
    blobs: BlobStore
    clock: Clock

    def ensure_experiment(self, project: str, name: str) -> Experiment:
        """Give the experiment of this name, made now if need be."""
        with self.db.write() as tx:
            row = self._experiment(tx, project, name)
            return experiment_store.experiment_of(row, experiment_store.tags_of(tx, [row.no])[row.no])

    def experiments(self, project: str, *, after: str | None = None, limit: int = 100) -> Page[Experiment]:
        """List the experiments of a project by name."""
        size = checked_limit(limit)
        with self.db.read() as tx:
            rows = experiment_store.list_by_name(tx, project, after=after or "", limit=size + 1)
            tags = experiment_store.tags_of(tx, [row.no for row in rows])
        found = [experiment_store.experiment_of(row, tags[row.no]) for row in rows]
        return page_of(found, limit=size, key=lambda one: one.name)

    def start_run(
        self,
        project: str,
        experiment: str,
        *,
        run_id: str | None = None,
        name: str = "",
        tags: Mapping[str, str] | None = None,
        effective_at: datetime | None = None,
        actor: Actor,
        cause: Cause | None = None,
    ) -> Run:
        """Start a run, and its experiment with it if need be; starting `run_id` again gives the run as it is now.

        Raises
        ------
        RunTakenError
            When `run_id` is a run of another project or experiment.
        """
        wanted_id = checked_run_id(run_id) if run_id is not None else new_id("run")
        run_name = checked_text(name, kind="a run") if name else ""
        wanted_tags = checked_values(tags or {}, longest=LONGEST_TAG)
        event_time = None if effective_at is None else parse_instant(iso(effective_at))
        with self.db.write() as tx:
            known = self._experiment(tx, project, experiment)
            row = RunRow(
                no=0,
                id=wanted_id,
                project=project,
                experiment_no=known.no,
                experiment_id=known.id,
                experiment=known.name,
                name=run_name,
                user=actor.partition(":")[2],
                status=RunStatus.RUNNING,
                start_ms=milliseconds_of(self.clock.now()),
                end_ms=None,
                lifecycle="active",
                artifact_root=f"{known.id}/{wanted_id}/artifacts",
                effective_at=None if event_time is None else written(tx, event_time),
                started_by=actor,
            )
            begun = begin_run(tx, self.log, row, wanted_tags, actor=actor, cause=cause)
            return begun or _same_run(_known_run(tx, wanted_id), project, experiment)

    def end_run(self, run_id: str, status: RunStatus, *, actor: Actor | None = None, cause: Cause | None = None) -> Run:
        """End a run (`actor` None: by whoever started it); the same end again changes nothing.

        Raises
        ------
        RunEndedError
            When it has ended differently.
        """
        with self.db.write() as tx:
            before = _known_row(tx, run_id)
            after = run_of(before).ended(status, at=self.clock.now())
            # another worker may have ended it between the two statements; the loser looks again
            at_ms = milliseconds_of(self.clock.now())
            if after.status == before.status or not run_store.end(tx, before.no, status, at_ms=at_ms):
                return _known_run(tx, run_id).ended(status, at=self.clock.now())
            announce_end(tx, self.log, after, actor=actor or after.started_by, cause=cause)
            return _known_run(tx, run_id)

    def log_batch(
        self,
        run_id: str,
        *,
        params: Mapping[str, str] | None = None,
        tags: Mapping[str, str] | None = None,
        metrics: Sequence[Metric] = (),
    ) -> None:
        """Add parameters, tags and measurements, all or none; what was sent before is not added again.

        Raises
        ------
        ParamChangedError
            When a parameter has another value already. Tags may change, the newest value wins.
        """
        wanted_params = checked_values(params or {}, longest=LONGEST_PARAM)
        wanted_tags = checked_values(tags or {}, longest=LONGEST_TAG)
        measured = checked_metrics(metrics)
        with self.db.write() as tx:
            key = _known_key(tx, run_id)
            record(tx, key, params=wanted_params, tags=wanted_tags, metrics=[_measured(one) for one in measured])

    def log_params(self, run_id: str, values: Mapping[str, str]) -> None:
        """Add parameters, all or none."""
        self.log_batch(run_id, params=values)

    def set_tags(self, run_id: str, values: Mapping[str, str]) -> None:
        """Set tags; the newest value of each wins."""
        self.log_batch(run_id, tags=values)

    def log_metrics(self, run_id: str, measured: Sequence[Metric]) -> None:
        """Add measurements, all or none."""
        self.log_batch(run_id, metrics=measured)

    def log_artifact(self, run_id: str, path: str, content: bytes) -> Digest:
        """Keep a file with the run; give its digest. At the same path the newest one wins."""
        checked_artifact_path(path)
        self.run(run_id)  # refuse before anything is uploaded
        digest = self.blobs.put(content)
        self._put_artifact(run_id, path, digest, len(content))
        return digest

    def log_artifact_stream(self, run_id: str, path: str, chunks: Iterable[bytes]) -> Artifact:
        """Keep a file of any size with the run, in constant memory."""
        checked_artifact_path(path)
        self.run(run_id)
        stored = self.blobs.put_stream(chunks)
        return self._put_artifact(run_id, path, stored.digest, stored.size_bytes)

    def link_artifact(self, run_id: str, path: str, digest: Digest) -> Artifact:
        """Keep bytes that are in the blob store already with the run, without copying them."""
        checked_artifact_path(path)
        return self._put_artifact(run_id, path, digest, self.blobs.size_bytes(digest))

    def run(self, run_id: str) -> Run:
        """Give one run.

        Raises
        ------
        RunNotFoundError
            When there is none of that id.
        """
        with self.db.read() as tx:
            return _known_run(tx, run_id)

    def run_of(self, project: str, run_id: str) -> Run:
        """Give one run of a project; a run of another project is not found."""
        run = self.run(run_id)
        if run.project != project:
            raise run_not_found(run_id)
        return run

    def detail(self, run_id: str) -> RunDetail:
        """Give a run with its parameters, tags and newest metrics, all of one moment."""
        with self.db.read() as tx:
            row = _known_row(tx, run_id)
            newest = point_store.read_newest(tx, [row.no]).get(row.no, [])
            return RunDetail(
                run=run_of(row),
                params=PARAMS.read(tx, row.no),
                tags=TAGS.read(tx, row.no),
                metrics={one.key: _metric(one.key, one.point) for one in newest},
            )

    def params(self, run_id: str) -> Mapping[str, str]:
        """Give the parameters of a run."""
        return self.detail(run_id).params

    def runs(
        self, project: str, experiment: str | None = None, *, after: str | None = None, limit: int = 100
    ) -> Page[Run]:
        """List runs, newest first: of one experiment, or of all."""
        size = checked_limit(limit)
        with self.db.read() as tx:
            rows = run_store.list_newest(tx, project, experiment, after=after, limit=size + 1)
        return page_of(rows, limit=size, key=run_store.run_key)

    def metric_history(self, run_id: str, key: str, *, after: str | None = None, limit: int = 1_000) -> Page[Metric]:
        """List every measurement of one metric by step, then time."""
        size = checked_limit(limit)
        with self.db.read() as tx:
            number = _known_key(tx, run_id).no
            key_no = find_keys(tx, [key]).get(key)
            last = None if after is None else _parsed_point(after)
            rows = [] if key_no is None else point_store.history(tx, number, key_no, after=last, limit=size + 1)
        page = page_of(rows, limit=size, key=lambda row: _point_key(Point(*row)))
        return Page(items=[_metric(key, Point(*row)) for row in page.items], next=page.next)

    def artifacts(self, run_id: str, *, after: str | None = None, limit: int = 100) -> Page[Artifact]:
        """List the artifacts of a run by path."""
        size = checked_limit(limit)
        with self.db.read() as tx:
            run = _known_run(tx, run_id)
            root = f"{run.artifact_root}/"
            last = None if after is None else root + after
            rows = artifact_store.below(tx, run.project, run.artifact_root, after=last, limit=size + 1)
        found = [replace(one, path=one.path.removeprefix(root)) for one in rows]
        return page_of(found, limit=size, key=lambda one: one.path)

    def artifact(self, run_id: str, path: str) -> bytes:
        """Give the bytes of an artifact, verified."""
        return self.blobs.get(self.find_artifact(run_id, path).digest)

    def open_artifact(self, run_id: str, path: str) -> tuple[Artifact, Iterator[bytes]]:
        """Give an artifact and its bytes in chunks, verified while they are read."""
        found = self.find_artifact(run_id, path)
        return found, self.blobs.stream(found.digest)

    def find_artifact(self, run_id: str, path: str) -> Artifact:
        """Give what is known of an artifact.

        Raises
        ------
        ArtifactNotFoundError
            When the run has none at this path.
        """
        checked_artifact_path(path)
        with self.db.read() as tx:
            run = _known_run(tx, run_id)
            found = artifact_store.find(tx, run.project, f"{run.artifact_root}/{path}")
        if found is None:
            raise ArtifactNotFoundError(f"run {run_id} has no artifact {path[:80]!r}; list them to see what it has")
        return replace(found, path=path)

    def _put_artifact(self, run_id: str, path: str, digest: Digest, size_bytes: int) -> Artifact:
        artifact = Artifact(
            path=path,
            digest=digest,
            size_bytes=size_bytes,
            logged_at=self.clock.now(),
            hazard=hazard_in(self.blobs, path, digest, size_bytes),
        )
        with self.db.write() as tx:
            run = _known_run(tx, run_id)
            root = run.artifact_root
            folders = [f"{root}/{folder}" for folder in folders_of(path)]
            blocking = artifact_store.blocking_path(tx, run.project, f"{root}/{path}", folders)
            if blocking is not None:
                beside = blocking.removeprefix(f"{root}/")[:80]
                raise ArtifactBlockedError(
                    f"run {run.id} cannot have {path[:80]!r} beside {beside!r}: one of them would be a folder"
                )
            artifact_store.put(tx, run.project, replace(artifact, path=f"{root}/{path}"))
        return artifact

    def _experiment(self, tx: Tx, project: str, name: str) -> ExperimentRow:
        checked_name(project, kind="project")
        found = experiment_store.by_name(tx, project, checked_text(name, kind="an experiment"))
        if found is None:
            at_ms = milliseconds_of(self.clock.now())
            experiment_store.insert(tx, project, name, location="", at_ms=at_ms)
            found = experiment_store.by_name(tx, project, name)
        if found is None:
            raise InvalidError(f"the experiment {name[:80]!r} could not be made")
        return found


def _known_row(tx: Tx, run_id: str) -> RunRow:
    found = run_store.find(tx, run_id)
    if found is None:
        raise run_not_found(run_id)
    return found


def _known_run(tx: Tx, run_id: str) -> Run:
    return run_of(_known_row(tx, run_id))


def _known_key(tx: Tx, run_id: str) -> RunKey:
    found = run_store.key_of(tx, run_id)
    if found is None:
        raise run_not_found(run_id)
    return found


def _same_run(known: Run, project: str, experiment: str) -> Run:
    if (known.project, known.experiment) != (project, experiment):
        raise RunTakenError(f"the run id {known.id!r} is taken by a run of another experiment; choose another")
    return known


def _measured(metric: Metric) -> tuple[str, Point]:
    return metric.key, point_of(metric.step, milliseconds_of(metric.at), metric.value)


def _metric(key: str, point: Point) -> Metric:
    return Metric(key=key, value=value_of(point), step=point.step, at=instant_of(point.at_ms))


def _point_key(point: Point) -> str:
    return f"{point.step}~{point.at_ms}~{point.value!r}~{point.is_nan}"


def _parsed_point(key: str) -> Point:
    try:
        step, at_ms, value, is_nan = key.split("~")
        return Point(int(step), int(at_ms), float(value), int(is_nan == "1"))
    except ValueError as error:
        raise InvalidError(f"not a key of a metric's history: {key[:80]!r}; send `next` of the page before") from error
