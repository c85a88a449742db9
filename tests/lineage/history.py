"""Making history through the services of the domains, and writing down by hand which edges it must leave.

`reached` is the oracle: a breadth-first search over the written edges that shares nothing with the code under test.
"""

import json
from collections import deque
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import count
from typing import NamedTuple

from tests.tracking.protocol import aliases_of

from everlearn.app.events import CATALOGUE
from everlearn.blobs import BlobStore
from everlearn.core.actor import Actor
from everlearn.core.clock import ManualClock
from everlearn.core.digest import Digest, digest_bytes
from everlearn.db import Database
from everlearn.eventlog import EventLog
from everlearn.lineage import Lineage
from everlearn.registry import (
    Catalogue,
    Column,
    DatasetUse,
    NewVersion,
    OutputColumn,
    Registry,
    Signature,
)
from everlearn.registry import Lineage as Origin
from everlearn.registry.catalogue import NewEntry
from everlearn.registry.model import ModelExistsError
from everlearn.serving import Deployments, Traffic
from everlearn.tracking import Files, Models, Tracking
from everlearn.tracking.models import NewModel
from everlearn.tracking.store import inputs
from everlearn.tracking.store import runs as run_store
from everlearn.tracking.store.models import ModelUse

ADA = Actor("user:ada")
SIGNATURE = Signature(
    inputs=(Column(name="distance", datatype="FP32"),),
    outputs=(OutputColumn(name="air_time", datatype="FP32", minimum=0.0, maximum=1_000.0),),
)
_numbers = count()


class Fact(NamedTuple):
    """One edge as the test knows it."""

    source: str
    target: str
    relation: str
    since: datetime
    until: datetime | None = None


@dataclass
class History:
    """A project, the services that act in it, and the facts that must follow."""

    db: Database
    clock: ManualClock
    tracking: Tracking
    models: Models
    registry: Registry
    catalogue: Catalogue
    deployments: Deployments
    project: str
    facts: list[Fact] = field(default_factory=list)
    traffic: dict[str, Traffic] = field(default_factory=dict)

    @property
    def lineage(self) -> Lineage:
        return Lineage(self.db, self.clock)

    def tick(self) -> datetime:
        self.clock.at += timedelta(seconds=1)
        return self.clock.at

    def run(self, name: str = "", *, commit: str = "", parent: str = "") -> str:
        tags = {"mlflow.source.git.commit": commit} if commit else {}
        tags |= {"mlflow.parentRunId": parent} if parent else {}
        at = self.tick()
        run = self.tracking.start_run(self.project, "first", name=name, tags=tags, actor=ADA)
        if commit:
            self.facts.append(Fact(f"code:{commit}", f"run:{run.id}", "built", at))
        if parent:
            self.facts.append(Fact(f"run:{parent}", f"run:{run.id}", "parent of", at))
        return run.id

    def read(
        self,
        run: str,
        name: str,
        digest: str,
        *,
        context: str = "training",
        source: str = "{}",
        schema: str | None = None,
        rows: int | None = None,
    ) -> None:
        profile = None if rows is None else json.dumps({"num_rows": rows})
        use = inputs.DatasetUse(name, digest, "code", source, schema, profile, {inputs.CONTEXT: context})
        with self.db.write() as tx:
            row = run_store.find(tx, run)
            assert row is not None
            inputs.insert(tx, row.no, row.experiment_no, [use])
            began = run_store.instant_of(row.start_ms)
        relation = "evaluated with" if context == "eval" else "read by"
        self.facts.append(Fact(f"dataset:{name}@{digest}", f"run:{run}", relation, began))

    def log_model(self, run: str | None) -> str:
        at = self.tick()
        new = NewModel(experiment=0, name="m", model_type=None, source_run_id=run, params={}, tags={})
        model = self.models.create(self.project, new).model.id
        if run is not None:
            self.facts.append(Fact(f"run:{run}", f"logged-model:{model}", "made", at))
        return model

    def take(self, run: str, model: str) -> None:
        self.models.add_uses(self.project, run, [ModelUse("input", model, 0)])
        began = self.tracking.run(run).started_at
        self.facts.append(Fact(f"logged-model:{model}", f"run:{run}", "used by", began))

    def put_file(self, owner: str, path: str, content: bytes) -> None:
        """Put a file among those of a run or of a logged model."""
        if owner.startswith("m-"):
            root, node = self.models.get(self.project, owner).model.artifact_root, f"logged-model:{owner}"
        else:
            root, node = self.tracking.run(owner).artifact_root, f"run:{owner}"
        at = self.tick()
        Files(self.db, self.tracking.blobs, self.clock).write(self.project, f"{root}/{path}", [content])
        if path.rpartition("/")[2] in {"requirements.txt", "conda.yaml"}:
            self.facts.append(Fact(f"environment:{digest_bytes(content)}", node, "ran in", at))

    def register(self, name: str, *, run: str = "", model: str = "") -> str:
        at = self.tick()
        with suppress(ModelExistsError):
            self.catalogue.create(self.project, name, description="", tags={}, actor=ADA)
        source = f"models:/{model}" if model else f"runs:/{run}/model"
        entry = NewEntry(model=name, source=source, run_id=run, run_link="", model_id=model, description="", tags={})
        number = self.catalogue.add(self.project, entry, actor=ADA).version.number
        origin = f"logged-model:{model}" if model else f"run:{run}"
        self.facts.append(Fact(origin, f"version:{name}/{number}", "registered as", at))
        return f"{name}/{number}"

    def train(self, name: str, *data: tuple[str, int, str], run: str, pipeline_run: str = "", code: str = "c") -> str:
        """Register a version that can be deployed."""
        at = self.tick()
        digest = digest_bytes(code.encode())
        uses = tuple(DatasetUse(name=one, version=number, digest=_digest(text)) for one, number, text in data)
        new = NewVersion(
            project=self.project,
            model=name,
            run_id=run,
            model_digest=digest_bytes(b"model"),
            signature=SIGNATURE,
            lineage=Origin(datasets=uses, pipeline_run_id=pipeline_run, run_id=run, code_digest=digest),
            profile_digest=digest_bytes(b"profile"),
            holdout_digest=digest_bytes(b"holdout"),
            trained_through=at,
            metrics={},
            source_key=f"{next(_numbers)}",
        )
        with self.db.write() as tx:
            number = self.registry.register_version(tx, new, actor=ADA).number
        version = f"version:{name}/{number}"
        self.facts += [Fact(f"dataset:{use.name}@{use.digest}", version, "learned by", at) for use in uses]
        self.facts += [Fact(f"code:{digest}", version, "built", at), Fact(f"run:{run}", version, "registered as", at)]
        if pipeline_run:
            self.facts.append(Fact(f"pipeline-run:{pipeline_run}", version, "made", at))
        return f"{name}/{number}"

    def direct(self, model: str, traffic: Traffic) -> None:
        at = self.tick()
        with self.db.write() as tx:
            self.deployments.direct(tx, self.project, model, traffic, reason="test", actor=ADA)
        if self.traffic.get(model) != traffic:
            self._change(model, traffic, at)

    def _change(self, model: str, traffic: Traffic, at: datetime) -> None:
        """End the stretches of roles that change, begin the new ones; a canary of another weight is another role."""
        were, are = _roles(self.traffic.get(model)), _roles(traffic)
        self.traffic[model] = traffic
        deployment = f"deployment:{model}"
        for version in were.keys() - {key for key, role in are.items() if were.get(key) == role}:
            source = f"version:{model}/{version}"
            (ended,) = [one for one in self.facts if one[:2] == (source, deployment) and one.until is None]
            self.facts[self.facts.index(ended)] = ended._replace(until=at)
        for version in are.keys() - {key for key, role in were.items() if are.get(key) == role}:
            self.facts.append(Fact(f"version:{model}/{version}", deployment, are[version][0], at))


def _digest(text: str) -> Digest:
    """Give a digest back as it is, and of any other text its own."""
    return Digest(text) if text.startswith("sha256:") else digest_bytes(text.encode())


def _roles(traffic: Traffic | None) -> dict[int, tuple[str, float]]:
    if traffic is None:
        return {}
    roles = {traffic.champion: ("champion of", 0.0)}
    if traffic.candidate is not None:
        roles[traffic.candidate] = (f"{traffic.phase} of", traffic.weight)
    return roles


def reached(
    facts: list[Fact], start: str, *, downwards: bool, at: datetime, live: bool, learned: bool
) -> dict[str, int]:
    """Search breadth first in plain Python."""
    not_learned = {"evaluated with", "decided", "rolled out", "built", "ran in"}
    onward: dict[str, set[str]] = {}
    for fact in facts:
        is_over = fact.until is not None and fact.until <= at
        if fact.since > at or (live and is_over) or (learned and fact.relation in not_learned):
            continue
        near, far = (fact.source, fact.target) if downwards else (fact.target, fact.source)
        onward.setdefault(near, set()).add(far)
    depths, queue = {start: 0}, deque([start])
    while queue:
        node = queue.popleft()
        for far in onward.get(node, ()):
            if far not in depths:
                depths[far] = depths[node] + 1
                queue.append(far)
    return depths


def history_over(db: Database, blobs: BlobStore, clock: ManualClock) -> History:
    """Begin a history in a project of its own."""
    log = EventLog(CATALOGUE, clock)
    tracking, models = Tracking(db, log, blobs, clock), Models(db, log, clock)
    return History(
        db=db,
        clock=clock,
        tracking=tracking,
        models=models,
        registry=Registry(db, log, blobs, clock),
        catalogue=Catalogue(db, log, clock, tracking, models, aliases_of(db, log, blobs, clock)),
        deployments=Deployments(db, log, clock),
        project=f"p{next(_numbers)}",
    )
