"""A platform that has lived: trained, deployed, watched, alarmed, retrained, rolled out, by its own loop."""

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import cache
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import msgspec
from litestar.testing import TestClient
from litestar.types import ASGIApp
from tests.app import small_world
from tests.app.small_training import COLUMNS, answers
from tests.app.small_world import BEGIN
from tests.serving.models import linear

from everlearn.app.asgi import api_app
from everlearn.app.loop import handlers, subscribers
from everlearn.app.platform import Platform
from everlearn.app.settings import load_settings
from everlearn.app.wiring import build
from everlearn.audit import Checkpointer
from everlearn.core.actor import Actor
from everlearn.core.clock import iso
from everlearn.core.json import JSONObject
from everlearn.eventlog import Subscriptions
from everlearn.jobs import Worker
from everlearn.registry import NewVersion
from everlearn.rollouts.service import NewRollout
from everlearn.serving import Label, Traffic
from everlearn.serving.store.predictions import add_predictions

ADA = Actor("user:ada")
DAY = timedelta(days=1)
HOTFIX_ON = 9  # somebody rolls out a version whose gate said no
POLICIES: dict[str, JSONObject] = {
    "gate": {"minimum_rows": 100, "minimum_blocks": 4},
    "monitoring": {"objective": 8.0},
    "rollout": {"margin": 1.5, "largest_difference": 20.0, "minimum_pairs": 80},
    "retraining": {
        "pipeline": "eta-training",
        "value_per_unit": 0.05,
        "fixed_cost": 100.0,
        "probe_fit_days": 5.0,
        "probe_test_days": 3.0,
    },
}


@dataclass(frozen=True)
class Life:
    """A platform, and the hands that do its work."""

    platform: Platform
    worker: Worker

    def live(self, days: int) -> None:
        """Set policies, train a first version, and let the days pass."""
        for kind, document in POLICIES.items():
            self.platform.policies.set("default", "eta", kind, document, actor=ADA)
        self.train("eta-training", BEGIN, key="first")
        self.train("eta-export", BEGIN, key="export")
        self.register("parking", spoilt=3.0)
        for number in range(days):
            self.pass_day(number)
            if number == HOTFIX_ON:
                self.hotfix(BEGIN + number * DAY + DAY)

    def train(self, pipeline: str, as_of: datetime, *, key: str) -> None:
        """Ask for a pipeline run and see it through."""
        with self.platform.db.write() as tx:
            self.platform.pipelines.submit(tx, "default", pipeline, {"as_of": iso(as_of)}, key=key, actor=ADA)
        self.worker.work_off()

    def pass_day(self, number: int) -> None:
        """Let the versions in traffic answer a day's rows, deliver what turned out to be true, and do what follows."""
        rows = small_world.day(number)
        traffic = self.platform.deployments.state("default", "eta").traffic
        assert traffic is not None
        with self.platform.db.write() as tx:
            add_predictions(tx, self._scored(traffic, rows, number))
        labels = [
            Label(prediction_id=f"p{number}-{index}", value=round(label, 3), observed_at=at + timedelta(hours=8))
            for index, (at, label) in enumerate(zip(rows["event_time"], rows["label"], strict=True))
        ]
        self.platform.labels.deliver("default", "eta", labels)
        self.platform.labels.advance("default", "eta", through=BEGIN + number * DAY + DAY, actor=ADA)
        self.worker.work_off()

    def register(self, model: str, *, spoilt: float, at: datetime = BEGIN) -> int:
        """Register the first version again with its answers stretched; its gate says no."""
        good = self.platform.registry.version("default", "eta", 1)
        onnx = linear([spoilt / 8.5, 0.9], 20.0)
        new = NewVersion(
            project="default",
            model=model,
            run_id=good.run_id,
            model_digest=self.platform.blobs.put(onnx),
            signature=good.signature,
            lineage=replace(good.lineage, pipeline_run_id=""),
            profile_digest=good.profile_digest,
            holdout_digest=good.holdout_digest,
            trained_through=good.trained_through,
            metrics={},
            source_key=f"by hand {spoilt}",
            effective_at=at,
        )
        version = self.platform.registry.register(new, actor=ADA)
        self.worker.work_off()
        return version.number

    def hotfix(self, at: datetime) -> None:
        """Put a version into the canary that never passed."""
        number = self.register("eta", spoilt=1.05, at=at)
        new = NewRollout(
            project="default",
            model="eta",
            candidate=number,
            effective_at=at,
            reason="hot fix for the afternoon peak; the gate can wait",
            actor=ADA,
        )
        self.platform.rollouts.start_by_hand(new, skip_gate=True)
        self.worker.work_off()

    def _scored(self, traffic: Traffic, rows: Any, number: int) -> list[dict[str, Any]]:
        now = self.platform.clock.now()
        found = []
        for version in traffic.versions:
            model = self.platform.registry.version("default", "eta", version)
            said = answers(rows, self.platform.blobs.get(model.model_digest))
            is_champion = version == traffic.champion
            found += [
                {
                    "project": "default",
                    "model": "eta",
                    "prediction_id": f"p{number}-{index}",
                    "version": version,
                    "role": "champion" if is_champion else "candidate",
                    "is_served": is_champion,
                    "is_fallback": False,
                    "entity_id": f"e{index}",
                    "event_time": rows["event_time"][index],
                    "features": msgspec.json.encode([rows[name][index] for name in COLUMNS]).decode(),
                    "value": float(value),
                    "status": "ok",
                    "duration_us": 900,
                    "generation": 1,
                    "recorded_at": now,
                }
                for index, value in enumerate(said)
            ]
        return found


@contextmanager
def living(home: Path, **settings: object) -> Iterator[Life]:
    """Open a platform with a worker of its own."""
    given = {"home": str(home), "auth": "off", "pipelines": "tests.app.small_training", **settings}
    platform = build(load_settings(given, environ={}).settings)
    reactions = Subscriptions(platform.db, platform.log, subscribers(platform.settings, platform.queue, platform.clock))
    pumps = (reactions.pump, Checkpointer(platform.db, platform.audit.checkpoints).pump)
    try:
        yield Life(platform, Worker(platform.db, platform.queue, handlers(platform), name="hands", pumps=pumps))
    finally:
        platform.close()


@cache
def lived_home() -> Path:
    """Give the folder of a platform that has lived 45 days, made once in a process: look, do not touch."""
    home = Path(tempfile.mkdtemp(prefix="everlearn-lived-"))
    with living(home) as life:
        life.live(45)
    return home


@contextmanager
def a_copy_of_it(home: Path) -> Iterator[Life]:
    """Open a copy that may be changed."""
    shutil.copytree(lived_home(), home)
    with living(home) as life:
        yield life


@dataclass(frozen=True)
class Seen:
    """A page as somebody sees it."""

    status: int
    text: str  # without markup, white space made single
    links: dict[str, str]  # by text; of links with the same text the first
    html: str


@dataclass(frozen=True)
class Visitor:
    """Somebody with a browser, without its looks."""

    life: Life
    client: TestClient[ASGIApp]

    @property
    def platform(self) -> Platform:
        return self.life.platform

    def sees(self, path: str, **query: str) -> Seen:
        """Open a page."""
        answer = self.client.get(path, params=query or None, headers={"accept": "text/html"}, follow_redirects=False)
        reader = _Reader()
        reader.feed(answer.text)
        text = " ".join("".join(reader.pieces).replace("\u202f", " ").split())
        return Seen(status=answer.status_code, text=text, links=reader.links, html=answer.text)


@contextmanager
def visiting(life: Life) -> Iterator[Visitor]:
    """Open the pages of a platform over HTTP."""
    with TestClient(api_app(life.platform), base_url="http://127.0.0.1", raise_server_exceptions=False) as client:
        yield Visitor(life, client)


@contextmanager
def a_visit() -> Iterator[Visitor]:
    """Visit the platform that has lived."""
    with living(lived_home()) as life, visiting(life) as visitor:
        yield visitor


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.pieces: list[str] = []
        self.links: dict[str, str] = {}
        self._href: str | None = None
        self._of_link: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.pieces.append(" " if tag not in {"tspan", "span", "code"} else "")
        if tag == "a":
            self._href, self._of_link = dict(attrs).get("href"), []

    def handle_endtag(self, tag: str) -> None:
        if tag == "a" and self._href is not None:
            self.links.setdefault("".join(self._of_link).strip().replace("\u202f", " "), self._href)
            self._href = None

    def handle_data(self, data: str) -> None:
        self.pieces.append(data)
        if self._href is not None:
            self._of_link.append(data)
