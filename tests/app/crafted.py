"""Days on which the champion errs by exactly as much as a test wants."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import numpy as np
from tests.app import small_world
from tests.app.lived import ADA, DAY, Life, living
from tests.app.small_world import BEGIN, ROWS_A_DAY

from everlearn.serving import Label
from everlearn.serving.store.predictions import add_predictions

GATE = {"minimum_rows": 100, "minimum_blocks": 4}


@contextmanager
def first_version(home: Path, database_url: str) -> Iterator[Life]:
    """Open a platform of which version 1 answers."""
    with living(home, database_url=database_url) as life:
        life.platform.policies.set("default", "eta", "gate", GATE, actor=ADA)  # type: ignore[arg-type]
        life.train("eta-training", BEGIN, key="first")
        yield life


def noise(number: int, *, off: float = 0.0) -> list[float]:
    """Give errors as they were on held-out days (a mean absolute error of 5.6), and `off` on top."""
    return list(np.random.default_rng(20_000 + number).normal(off, 7, ROWS_A_DAY))


def craft(life: Life, number: int, errors: Sequence[float], *, of_day: int | None = None, failed: int = 0) -> None:
    """Let the champion answer a day and deliver labels that it misses by `errors`; nobody evaluates anything.

    The inputs are those of `of_day`, where that is another one. The last `failed` rows get no answer.
    """
    rows = small_world.day(number if of_day is None else of_day)
    rows = rows.with_columns(event_time=small_world.day(number)["event_time"])
    traffic = life.platform.deployments.state("default", "eta").traffic
    assert traffic is not None
    scored = [row for row in life._scored(traffic, rows, number) if row["role"] == "champion"]
    labels = [
        Label(prediction_id=row["prediction_id"], value=row["value"] - error, observed_at=BEGIN + number * DAY)
        for row, error in zip(scored, errors, strict=False)
    ]
    for row in scored[len(scored) - failed :]:
        row |= {"value": None, "status": "failed"}
    with life.platform.db.write() as tx:
        add_predictions(tx, scored)
    if labels:
        life.platform.labels.deliver("default", "eta", labels)


def evaluated(life: Life, number: int) -> int:
    """Evaluate what there is to evaluate by the end of a day."""
    through = BEGIN + number * DAY + timedelta(days=1)
    return life.platform.monitoring.evaluate("default", "eta", since=BEGIN, through=through)
