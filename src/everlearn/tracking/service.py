"""The use cases of tracking. Each is safe to repeat: what is there already is not added again."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from everlearn.blobs import BlobStore
from everlearn.core.actor import Actor
from everlearn.core.clock import Clock, iso, parse_instant
from everlearn.core.digest import Digest
from everlearn.core.ids import derived_id, new_id
from everlearn.core.names import checked_name
from everlearn.core.page import Page, checked_limit, page_of
from everlearn.db import Database, Tx
from everlearn.eventlog import Cause, EventLog
from everlearn.tracking.artifact_path import checked_artifact_path, folders_of
from everlearn.tracking.events import RunEnded, RunStarted
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
    RunNotFoundError,
    RunStatus,
    RunTakenError,
    check_unchanged,
    checked_metrics,
    checked_run_id,
    checked_text,
    checked_values,
    run_subject,
)
from everlearn.tracking.store import artifacts as artifact_store
from everlearn.tracking.store import logged as logged_store
from everlearn.tracking.store import runs as run_store


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
            return self._experiment(tx, project, name)

    def experiments(self, project: str, *, after: str | None = None, limit: int = 100) -> Page[Experiment]:
        """List the experiments of a project by name."""
        size = checked_limit(limit)
        with self.db.read() as tx:
            rows = run_store.list_experiments(tx, project, after=after, limit=size + 1)
        return page_of(rows, limit=size, key=lambda one: one.name)

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
        run = Run(
            id=checked_run_id(run_id) if run_id is not None else new_id("run"),
            project=project,
            experiment=experiment,
            name=checked_text(name, kind="a run") if name else "",
            status=RunStatus.RUNNING,
            started_at=self.clock.now(),
            ended_at=None,
            effective_at=None if effective_at is None else parse_instant(iso(effective_at)),
            started_by=actor,
        )
        wanted_tags = checked_values(tags or {}, longest=LONGEST_TAG)
        with self.db.write() as tx:
            self._experiment(tx, project, experiment)
            if not run_store.insert_run(tx, run):
                return _same_run(_known_run(tx, run.id), run)
            logged_store.set_tags(tx, run.id, wanted_tags)
            event = RunStarted(
                project=project, experiment=experiment, run_id=run.id, run_name=run.name, effective_at=effective_at
            )
            self.log.append(tx, event, actor=actor, subject=run_subject(run), cause=cause)
        return run

    def end_run(self, run_id: str, status: RunStatus, *, actor: Actor | None = None, cause: Cause | None = None) -> Run:
        """End a run (`actor` None: by whoever started it); the same end again changes nothing.

        Raises
        ------
        RunEndedError
            When it has ended differently.
        """
        with self.db.write() as tx:
            before = _known_run(tx, run_id)
            after = before.ended(status, at=self.clock.now())
            # another worker may have ended it between the two statements; the loser looks again
            if after is before or not run_store.end_run(tx, after):
                return _known_run(tx, run_id).ended(status, at=self.clock.now())
            event = RunEnded(
                project=after.project,
                experiment=after.experiment,
                run_id=after.id,
                status=after.status,
                effective_at=after.effective_at,
            )
            self.log.append(tx, event, actor=actor or after.started_by, subject=run_subject(after), cause=cause)
        return after

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
            run = _known_run(tx, run_id)
            logged_store.insert_params(tx, run.id, wanted_params)
            check_unchanged(wanted_params, logged_store.read_params(tx, run.id, keys=[*wanted_params]))
            logged_store.set_tags(tx, run.id, wanted_tags)
            logged_store.insert_metrics(tx, run.id, measured)

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
            raise _not_found(run_id)
        return run

    def detail(self, run_id: str) -> RunDetail:
        """Give a run with its parameters, tags and newest metrics, all of one moment."""
        with self.db.read() as tx:
            return RunDetail(
                run=_known_run(tx, run_id),
                params=logged_store.read_params(tx, run_id),
                tags=logged_store.read_tags(tx, run_id),
                metrics=logged_store.read_newest(tx, run_id),
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
            rows = run_store.list_runs(tx, project, experiment, after=after, limit=size + 1)
        return page_of(rows, limit=size, key=run_store.run_key)

    def metric_history(self, run_id: str, key: str, *, after: str | None = None, limit: int = 1_000) -> Page[Metric]:
        """List every measurement of one metric by step, then time."""
        size = checked_limit(limit)
        with self.db.read() as tx:
            rows = logged_store.list_metrics(tx, _known_run(tx, run_id).id, key, after=after, limit=size + 1)
        return page_of(rows, limit=size, key=logged_store.metric_key)

    def artifacts(self, run_id: str, *, after: str | None = None, limit: int = 100) -> Page[Artifact]:
        """List the artifacts of a run by path."""
        size = checked_limit(limit)
        with self.db.read() as tx:
            rows = artifact_store.list_artifacts(tx, _known_run(tx, run_id).id, after=after, limit=size + 1)
        return page_of(rows, limit=size, key=lambda one: one.path)

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
            found = artifact_store.find_artifact(tx, _known_run(tx, run_id).id, path)
        if found is None:
            raise ArtifactNotFoundError(f"run {run_id} has no artifact {path[:80]!r}; list them to see what it has")
        return found

    def _put_artifact(self, run_id: str, path: str, digest: Digest, size_bytes: int) -> Artifact:
        artifact = Artifact(path=path, digest=digest, size_bytes=size_bytes, logged_at=self.clock.now())
        with self.db.write() as tx:
            run = _known_run(tx, run_id)
            blocking = artifact_store.blocking_path(tx, run.id, path, folders_of(path))
            if blocking is not None:
                raise ArtifactBlockedError(
                    f"run {run.id} cannot have {path[:80]!r} beside {blocking[:80]!r}: one of them would be a folder"
                )
            artifact_store.put_artifact(tx, run.id, artifact)
        return artifact

    def _experiment(self, tx: Tx, project: str, name: str) -> Experiment:
        experiment = Experiment(
            id=derived_id("exp", checked_name(project, kind="project"), checked_text(name, kind="an experiment")),
            project=project,
            name=name,
            created_at=self.clock.now(),
        )
        if run_store.insert_experiment(tx, experiment):
            return experiment
        return run_store.find_experiment(tx, project, name) or experiment


def _known_run(tx: Tx, run_id: str) -> Run:
    found = run_store.find_run(tx, run_id)
    if found is None:
        raise _not_found(run_id)
    return found


def _not_found(run_id: str) -> RunNotFoundError:
    return RunNotFoundError(f"no run {run_id[:80]!r} in this project; `everlearn runs list` names them")


def _same_run(known: Run, wanted: Run) -> Run:
    if (known.project, known.experiment) != (wanted.project, wanted.experiment):
        raise RunTakenError(f"the run id {wanted.id!r} is taken by a run of another experiment; choose another")
    return known
