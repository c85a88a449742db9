"""Living through the year: departures ask, landings answer, and the platform does the rest by itself."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from everlearn.core.clock import iso
from everlearn.demo.flights import source, world
from everlearn.demo.flights.client import Client
from everlearn.demo.flights.contracts import CONTRACTS
from everlearn.demo.flights.incident import broken_model
from everlearn.demo.flights.setting import MODEL_PATH, PROJECT, policies
from everlearn.demo.flights.training import MODEL, PIPELINE
from everlearn.demo.flights.world import BEGIN, DAY, LABEL_DELAY, World

WEEK = timedelta(days=7)


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """How much of the year, and how fine."""

    days: int = 334  # from 1 February
    one_in: int = 4  # of the flights are replayed
    minutes: int = 30  # of departures in one request
    incident_day: int = 200  # on which somebody deploys a broken model; 0: never


@dataclass(slots=True)
class Journey:
    """One passage through the year against one platform."""

    client: Client
    world: World
    plan: Plan
    tell: Callable[[datetime, str], None]  # hears of every day that is over, and of what happens
    answers: dict[str, float] = field(default_factory=dict)  # by flight

    def prepare(self) -> None:
        """Set policies, declare the data, and load what was known by 1 February."""
        for kind, document in policies(one_in=self.plan.one_in).items():
            self.client.put(f"{MODEL_PATH}/policies/{kind}", document)
        for name, contract in CONTRACTS.items():
            self.client.put(f"/api/projects/{PROJECT}/datasets/{name}", contract)
        self._deliver_data(None, BEGIN)

    def train_first(self) -> None:
        """Train, judge and deploy the first version."""
        newest = {name: self.client.get(f"/api/projects/{PROJECT}/datasets/{name}")["newest"] for name in CONTRACTS}
        self.client.post(
            f"/api/projects/{PROJECT}/pipelines/{PIPELINE}/runs",
            {"parameters": {"as_of": iso(BEGIN), "datasets": newest}, "key": "first"},
        )
        self.client.settle()
        self.client.post(f"{MODEL_PATH}/watermark", {"through": iso(BEGIN - LABEL_DELAY)})

    def live(self) -> None:
        """Let the days pass."""
        for day in range(self.plan.days):
            start = BEGIN + day * DAY
            self.live_one_day(start, is_delivery=day % 7 == 6)
            if day + 1 == self.plan.incident_day:
                self.break_it(start)
            self.tell(start + DAY, "")

    def live_one_day(self, start: datetime, *, is_delivery: bool) -> None:
        """Ask for every departure, deliver what landed, and promise how far that is complete."""
        self.answers |= self.client.infer(MODEL, list(self.world.requests(start)))
        labels = self.world.labels(start)
        if labels:
            self.client.post(f"{MODEL_PATH}/labels", {"items": labels})
        if is_delivery:
            self._deliver_data(start + DAY - WEEK, start + DAY)
        self.client.post(f"{MODEL_PATH}/watermark", {"through": iso(start + DAY - LABEL_DELAY)})
        self.client.settle()

    def break_it(self, at: datetime) -> None:
        """Register a broken model and put it into the canary by hand, although its gate said no."""
        champion = self.client.get(f"{MODEL_PATH}/deployment")["traffic"]["champion"]
        good = self.client.get(f"{MODEL_PATH}/versions/{champion}")
        onnx = broken_model()
        run = self.client.post(
            f"/api/projects/{PROJECT}/runs",
            {"experiment": "hotfix", "run_id": "run_hotfix", "name": "hotfix", "effective_at": iso(at)},
        )
        self.client.put(f"/api/projects/{PROJECT}/runs/{run['id']}/artifacts", content=onnx, path="model.onnx")
        self.client.post(f"/api/projects/{PROJECT}/runs/{run['id']}/end", {"status": "FINISHED"})
        code = "sha256:" + hashlib.sha256(b"hotfix").hexdigest()
        registered = self.client.post(
            f"{MODEL_PATH}/versions",
            {
                "run_id": run["id"],
                "model_digest": "sha256:" + hashlib.sha256(onnx).hexdigest(),
                "signature": good["signature"],
                "lineage": {**good["lineage"], "run_id": run["id"], "pipeline_run_id": "", "code_digest": code},
                "profile_digest": good["profile_digest"],
                "holdout_digest": good["holdout_digest"],
                "trained_through": good["trained_through"],
                "source_key": "hotfix",
                "effective_at": iso(at),
            },
        )
        self.client.settle()
        self._end_other_rollout(at)
        self.client.post(
            f"{MODEL_PATH}/rollouts",
            {
                "candidate": registered["number"],
                "effective_at": iso(at + DAY - LABEL_DELAY),
                "reason": "hot fix for the afternoon peak; the gate can wait",
                "skip_gate": True,
                "steps": [{"phase": "canary", "weight": 0.1}, {"phase": "canary", "weight": 0.5}],
            },
        )
        self.client.settle()

    def _end_other_rollout(self, at: datetime) -> None:
        """Make way, as somebody in a hurry does."""
        for rollout in self.client.get(f"{MODEL_PATH}/rollouts")["items"]:
            if rollout["state"] == "running":
                body = {"at": iso(at + DAY - LABEL_DELAY), "reason": "a hot fix goes first"}
                self.client.post(f"{MODEL_PATH}/rollouts/{rollout['id']}/rollback", body)

    def _deliver_data(self, start: datetime | None, end: datetime) -> None:
        """Append what became known since the last delivery to the data sets."""
        for name, rows in (("flights", self.world.flights), ("weather", self.world.weather)):
            content = world.parquet(source.partition(rows, start, end))
            path = f"/api/projects/{PROJECT}/datasets/{name}/partitions"
            self.client.post(path, content=content, key=f"through-{end:%Y-%m-%d}", effective_at=iso(end))


def deployed_versions(client: Client) -> list[Any]:
    """Give all versions, oldest first."""
    return client.pages(f"{MODEL_PATH}/versions")[::-1]
