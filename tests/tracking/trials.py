"""An experiment of twelve runs for the pages: two depths, six seeds, an error with a unit, one run under way."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

from tests.app.lived import ADA, Visitor, living, visiting

from everlearn.app.platform import Platform
from everlearn.tracking import Metric, RunStatus
from everlearn.tracking.metric_schema import Direction, MetricSchema

AT = datetime(2013, 1, 1, tzinfo=UTC)
# minutes; depth 6 is better with every seed, by 0.5 on average
ERRORS = {"4": (5.1, 5.3, 4.9, 5.6, 5.0, 5.2), "6": (4.7, 4.8, 4.5, 5.0, 4.4, 4.7)}


def log_trials(platform: Platform, experiment: str = "eta") -> None:
    tracking = platform.tracking
    number = int(tracking.ensure_experiment("default", experiment).id)
    schema = MetricSchema(unit="min", direction=Direction.LOWER, low=0.0)
    platform.experiments.declare_metric("default", number, "rmse", schema)
    for depth, errors in ERRORS.items():
        for seed, error in enumerate(errors):
            run_id = f"{experiment}-{depth}-{seed}"
            tracking.start_run("default", experiment, run_id=run_id, name=f"depth {depth} seed {seed}", actor=ADA)
            losses = [
                Metric(key="loss", value=error * (1 + 9 / (step + 1)), step=step, at=AT + timedelta(seconds=step))
                for step in range(20)
            ]
            tracking.log_batch(
                run_id,
                params={"depth": depth, "seed": str(seed), "model": "tree"},
                tags={"team": "north"},
                metrics=[*losses, Metric(key="rmse", value=error, step=0, at=AT)],
            )
            tracking.log_artifact(run_id, "notes/about.txt", f"depth {depth}".encode())
            tracking.end_run(run_id, RunStatus.FINISHED)


@contextmanager
def visited_trials(home: Path) -> Iterator[Visitor]:
    with living(home) as life, visiting(life) as visitor:
        log_trials(life.platform)
        yield visitor
