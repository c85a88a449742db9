"""What the pages of runs cost a server with many runs.

    python benchmarks/pages.py [--runs N] [--points N] [--database postgresql://…] [--home FOLDER]

The database is filled in this process, the pages are asked for over ASGI, so the figures are the server's own time
(rendering and database) without a network. A folder given by `--home` is kept and used again.
"""

import argparse
import asyncio
import statistics
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import httpx

from everlearn.app.asgi import api_app
from everlearn.app.platform import Platform
from everlearn.app.settings import load_settings
from everlearn.app.wiring import build
from everlearn.core.actor import Actor
from everlearn.tracking.recording import begin_run, record
from everlearn.tracking.store import experiments as experiment_store
from everlearn.tracking.store import runs as run_store
from everlearn.tracking.store.points import point_of
from everlearn.tracking.store.runs import RunRow

EXPERIMENT, ACTOR, BEGIN_MS = "many", Actor("user:bench"), 1_700_000_000_000
AT_ONCE, TIMES = 1_000, 15
PAGES = {
    "newest runs": "runs?experiment=many",
    "the runs of all experiments": "runs",
    "filter on a metric and a parameter, by a metric": (
        "runs?experiment=many&filter=metrics.m1 > 0.5 and params.p1 = '3'&order=metrics.m2 DESC"
    ),
    "by a metric": "runs?experiment=many&order=metrics.m3 ASC",
    "by a parameter": "runs?experiment=many&order=params.p3 ASC",
    "by name": "runs?experiment=many&order=attributes.run_name ASC",
    "filter that few pass": "runs?experiment=many&filter=metrics.m1 > 0.9985 and metrics.m2 < 0.1",
    "filter that none passes": "runs?experiment=many&filter=params.p1 = 'nobody'",
    "filter on a pattern": "runs?experiment=many&filter=attributes.run_name LIKE '%99999'",
    "experiments": "experiments",
    "one run": "runs/run-77",
    "a run with long histories": "runs/run-0",
    "comparison of 20 runs": "comparison?" + "&".join(f"run=run-{number}" for number in range(100, 120)),
}


def fill(platform: Platform, runs: int, points: int) -> None:
    platform.tracking.ensure_experiment("default", EXPERIMENT)
    for start in range(0, runs, AT_ONCE):
        with platform.db.write() as tx:
            experiment = experiment_store.by_name(tx, "default", EXPERIMENT)
            assert experiment is not None
            for number in range(start, min(start + AT_ONCE, runs)):
                run_id = f"run-{number}"
                row = RunRow(
                    no=0,
                    id=run_id,
                    project="default",
                    experiment_no=experiment.no,
                    experiment_id=experiment.id,
                    experiment=experiment.name,
                    name=f"trial-{number}",
                    user="bench",
                    status="RUNNING",
                    start_ms=BEGIN_MS + number * 1_000,
                    end_ms=None,
                    lifecycle="active",
                    artifact_root=f"{experiment.id}/{run_id}/artifacts",
                    effective_at=None,
                    started_by=ACTOR,
                )
                begin_run(tx, platform.log, row, {"team": f"t{number % 7}"}, actor=ACTOR)
                key = run_store.key_of(tx, run_id)
                assert key is not None
                values = [(f"m{one}", (number * 7919 * (one + 1)) % 1000 / 1000) for one in range(10)]
                record(
                    tx,
                    key,
                    params={f"p{one}": str((number * 31 + one) % 10) for one in range(10)},
                    tags={},
                    metrics=[(name, point_of(0, BEGIN_MS, value)) for name, value in values],
                )
                run_store.update(tx, key.no, status="FINISHED", end_ms=BEGIN_MS + number * 1_000 + 60_000)
    for start in range(1, points, AT_ONCE):
        with platform.db.write() as tx:
            key = run_store.key_of(tx, "run-0")
            assert key is not None
            steps = range(start, min(start + AT_ONCE, points))
            for name in ("m0", "m1"):
                measured = [(name, point_of(step, BEGIN_MS + step, 1.0 / step)) for step in steps]
                record(tx, key, params={}, tags={}, metrics=measured)


async def measured(platform: Platform) -> Iterator[str]:
    transport = httpx.ASGITransport(app=api_app(platform))
    lines = []
    async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1", timeout=300) as client:
        for name, path in PAGES.items():
            spent = []
            for _ in range(TIMES):
                started = time.perf_counter()
                answer = await client.get(f"/projects/default/{path}", headers={"accept": "text/html"})
                spent.append((time.perf_counter() - started) * 1_000)
            size = len(answer.content) / 1_000
            lines.append(
                f"  {name:<50} {answer.status_code}  first {spent[0]:>8.1f} ms  "
                f"p50 {statistics.median(spent):>8.1f} ms  "
                f"worst {max(spent[1:]):>8.1f} ms  {size:>6.0f} kB"
            )
            print(lines[-1], flush=True)
    return iter(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=100_000)
    parser.add_argument("--points", type=int, default=1_000_000)
    parser.add_argument("--database", default="", help="an empty database instead of SQLite")
    parser.add_argument("--home", type=Path)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        home = options.home or Path(folder)
        given = {"home": str(home), "auth": "off"} | ({"database_url": options.database} if options.database else {})
        platform = build(load_settings(given, environ={}).settings)
        try:
            if not platform.tracking.experiments("default").items:
                started = time.perf_counter()
                fill(platform, options.runs, options.points)
                print(f"filled with {options.runs:,} runs in {time.perf_counter() - started:.0f} s", flush=True)
            asyncio.run(measured(platform))
        finally:
            platform.close()


if __name__ == "__main__":
    main()
