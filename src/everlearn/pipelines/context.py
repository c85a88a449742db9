"""What a step's function gets besides its inputs."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from everlearn.blobs import BlobStore
from everlearn.core.clock import Clock, iso, parse_instant
from everlearn.core.digest import Digest
from everlearn.core.json import JSONObject, canonical_json
from everlearn.pipelines.ports import DatasetReader
from everlearn.tracking import Metric, checked_artifact_path
from everlearn.tracking.model import (
    LONGEST_PARAM,
    ArtifactBlockedError,
    check_unchanged,
    checked_key,
    checked_values,
)


@dataclass(slots=True)
class Logged:
    """What a step has logged so far; kept with its result, so that a result used again logs the same again."""

    params: dict[str, str] = field(default_factory=dict)
    metrics: list[Metric] = field(default_factory=list)
    artifacts: dict[str, Digest] = field(default_factory=dict)

    def as_text(self) -> str:
        """Write it as canonical JSON."""
        built: JSONObject = {
            "params": {**self.params},
            # repr, because JSON has no word for not-a-number and infinity
            "metrics": [[one.key, repr(one.value), one.step, iso(one.at)] for one in self.metrics],
            "artifacts": {path: str(digest) for path, digest in self.artifacts.items()},
        }
        return canonical_json(built)

    @classmethod
    def from_text(cls, text: str) -> "Logged":
        """Read what `as_text` wrote."""
        built = json.loads(text)
        return cls(
            params=built["params"],
            metrics=[
                Metric(key=key, value=float(value), step=step, at=parse_instant(at))
                for key, value, step, at in built["metrics"]
            ],
            artifacts={path: Digest(digest) for path, digest in built["artifacts"].items()},
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class StepContext:
    """Data sets, a run logger, and signs of life. Everything else that a step depends on comes in as an input.

    There is no clock in here on purpose: the time that a run is about is the parameter `as_of`.
    """

    project: str
    pipeline_run_id: str
    step: str
    datasets: DatasetReader
    heartbeat: Callable[[], None]  # call it in long loops: it ends the step when another worker has taken over
    blobs: BlobStore
    clock: Clock
    logged: Logged = field(default_factory=Logged)

    def log_param(self, key: str, value: object) -> None:
        """Note what this attempt was made with, as text; a parameter never changes."""
        self.log_params({key: value})

    def log_params(self, values: Mapping[str, object]) -> None:
        """Note several parameters."""
        texts = checked_values({key: str(value) for key, value in values.items()}, longest=LONGEST_PARAM)
        check_unchanged(texts, self.logged.params)
        self.logged.params.update(texts)

    def log_metric(self, key: str, value: float, *, step: int = 0) -> None:
        """Note a measured number."""
        self.logged.metrics.append(
            Metric(key=checked_key(key), value=float(value), step=int(step), at=self.clock.now())
        )

    def log_metrics(self, values: Mapping[str, float], *, step: int = 0) -> None:
        """Note several measured numbers."""
        for key, value in values.items():
            self.log_metric(key, value, step=step)

    def log_artifact(self, path: str, content: bytes) -> Digest:
        """Keep a file with the run, at `<step>/<path>`."""
        full_path = checked_artifact_path(f"{self.step}/{path}")
        for other in self.logged.artifacts:
            if other.startswith(f"{full_path}/") or full_path.startswith(f"{other}/"):
                raise ArtifactBlockedError(f"{full_path!r} and {other!r} cannot both be files: one would be a folder")
        digest = self.blobs.put(content)
        self.logged.artifacts[full_path] = digest
        return digest
