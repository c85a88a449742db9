"""`everlearn demo`: the whole year, from an empty folder to the table of what happened."""

import json
import shutil
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from everlearn.cli.sole_use import sole_use
from everlearn.core.errors import ConflictError
from everlearn.core.json import JSONObject
from everlearn.demo.flights import report
from everlearn.demo.flights.client import Client
from everlearn.demo.flights.comparison import compared
from everlearn.demo.flights.journey import Journey, Plan
from everlearn.demo.flights.platform import Running, running
from everlearn.demo.flights.setting import MODEL_PATH, PROJECT
from everlearn.demo.flights.show import Screen
from everlearn.demo.flights.world import World

MODULE = "everlearn.demo.flights.training"
MARK = "made-by-everlearn-demo"


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """What the person asked for."""

    home: Path
    plan: Plan
    database_url: str = ""
    blobs_url: str = ""
    json_file: Path | None = None
    keep: bool = False


def run_demo(options: Options) -> None:
    """Start a platform, live through the year, tell what came of it.

    Raises
    ------
    ConflictError
        When the home folder holds something else or is in use, or the database has lived already.
    """
    screen, started = Screen(), time.monotonic()
    _empty(options.home)
    screen.stage("Reading the record of 2013")
    world = World.of(one_in=options.plan.one_in, minutes=options.plan.minutes)
    screen.record(world, options.plan)
    screen.stage("Starting the platform")
    with running(options.home, _settings(options)) as platform, _client(platform) as client:
        _refuse_lived(client)
        journey = Journey(client=client, world=world, plan=options.plan, tell=screen.follow(client))
        told = _lived(screen, platform, journey)
        told["seconds"] = round(time.monotonic() - started, 1)
        if options.json_file is not None:
            options.json_file.write_text(json.dumps(told, indent=2, ensure_ascii=False) + "\n")
            screen.stage(f"Everything above as data: {options.json_file}")
        screen.farewell(platform, keep=options.keep, seconds=told["seconds"], home=options.home)
        if options.keep:
            screen.wait(platform)


def _lived(screen: Screen, platform: Running, journey: Journey) -> dict[str, Any]:
    client = journey.client
    screen.stage("Delivering January; checking it against its contracts")
    journey.prepare()
    screen.data(client)
    screen.stage("Training, judging and deploying the first version")
    journey.train_first()
    screen.stage("Letting the year pass")
    with screen.year(journey.plan):
        journey.live()
    screen.stage("Comparing with what else could have been done")
    comparison = _compared(client, journey)
    screen.stage("Verifying the log and replaying every decision")
    proven = report.proofs(platform)
    told: JSONObject = report.as_json(journey, report.facts(client), comparison, proven)
    screen.result(told)
    return told


def _compared(client: Client, journey: Journey) -> Any:
    costs = report.training_costs(client)
    first = client.get(f"{MODEL_PATH}/versions/1")
    onnx = client.download(f"/api/projects/{PROJECT}/runs/{first['run_id']}/artifacts/content", path="model/model.onnx")
    return compared(journey.world, journey.answers, onnx, loop_cost=(len(costs), sum(costs)), first_cpu_s=costs[0])


def _settings(options: Options) -> Mapping[str, str]:
    return {
        "database_url": options.database_url,
        "blobs_url": options.blobs_url,
        "pipelines": MODULE,
        "api_port": "0",
        "gateway_port": "0",
    }


def _client(platform: Running) -> Client:
    if platform.token is None:
        raise ConflictError(
            "this database has an administrator already, so the demo cannot sign in; give it an empty database"
        )
    return Client(api_url=platform.pages, gateway_url=platform.gateway, token=platform.token)


def _refuse_lived(client: Client) -> None:
    if client.get(f"/api/projects/{PROJECT}/models")["items"]:
        raise ConflictError("this database holds models already; give the demo an empty one")


def _empty(home: Path) -> None:
    """Make a fresh home; what an earlier demo left is removed, anything else is left alone."""
    if home.exists() and any(home.iterdir()):
        if not (home / MARK).exists():
            raise ConflictError(f"{home} is not empty and not of an earlier demo; give --home another folder")
        with sole_use(home):
            shutil.rmtree(home)
    home.mkdir(parents=True, exist_ok=True)
    (home / MARK).write_text(f"{datetime.now().astimezone().isoformat()}\n")
