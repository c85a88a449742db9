"""What questions about lineage cost in a project with many runs.

    python benchmarks/lineage.py [--runs N] [--database postgresql://…]

One run in ten logs a model, one logged model in ten is registered, one model in two is in traffic; every run read one
of fifty data sets (one of them is read by half of all runs), and came from one of a thousand commits.
"""

import argparse
import statistics
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime

import everlearn.app.tables  # noqa: F401  # declares every table
from everlearn.core.clock import SystemClock
from everlearn.db import Database, Sql, Tx, open_database, written
from everlearn.db.migrate import migrate
from everlearn.lineage import Direction, Lineage, Question
from everlearn.tracking.store.keys import number_keys
from everlearn.tracking.store.lineage import COMMIT

AT = datetime(2013, 1, 1, tzinfo=UTC)
AT_MS = int(AT.timestamp() * 1000)
MODELS = 100


def main() -> None:
    """Fill a database and print how long questions take."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=100_000)
    parser.add_argument("--database")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        db = open_database(asked.database or f"sqlite:///{folder}/everlearn.db")
        migrate(db)
        fill(db, asked.runs)
        measure(db, asked.runs)
        db.close()


def fill(db: Database, runs: int) -> None:
    """Write the project, past the services: only what is read is measured."""
    with db.write() as tx:
        experiments(tx)
        key = number_keys(tx, [COMMIT])[COMMIT]
        Sql(
            "insert into tracking_runs (id, project, experiment_no, name, user_name, status, start_ms, lifecycle, "
            "artifact_root, started_by) values (?,'default',1,'r','me','FINISHED',?,'active',?,'user:me')"
        ).run_all(tx, [(f"{run:032x}", AT_MS, f"1/{run:032x}/artifacts") for run in range(1, runs + 1)])
        Sql("insert into tracking_inputs (run_no, dataset_no, context, tags) values (?,?,'training','{}')").run_all(
            tx, [(run, 1 if run % 4 < 2 else run % 49 + 2) for run in range(1, runs + 1)]
        )
        Sql("insert into tracking_tags (run_no, key_no, experiment_no, head, value) values (?,?,1,?,?)").run_all(
            tx, [(run, key, f"c{run % 1000}", f"c{run % 1000}") for run in range(1, runs + 1)]
        )
        Sql(
            "insert into tracking_models (id, project, experiment_no, name, source_run_id, status, artifact_root, "
            "created_ms, updated_ms) values (?,'default',1,'m',?,'LOGGED_MODEL_READY',?,?,?)"
        ).run_all(
            tx,
            [(f"m-{run}", f"{run:032x}", f"1/models/m-{run}/artifacts", AT_MS, AT_MS) for run in range(10, runs, 10)],
        )
        versions(tx, runs)
    if db.is_sqlite:
        with db.write() as tx:
            Sql("analyze").run(tx)


def experiments(tx: Tx) -> None:
    """Write one experiment and its data."""
    Sql(
        "insert into tracking_experiments (project, id, name, artifact_location, lifecycle, created_ms, updated_ms) "
        "values ('default', 1, 'first', '', 'active', ?, ?)"
    ).run(tx, AT_MS, AT_MS)
    Sql(
        "insert into tracking_datasets (experiment_no, name, digest, source_type, source) values (1,?,?,'code','{}')"
    ).run_all(tx, [(f"data-{number}", f"digest{number:04}") for number in range(1, 51)])


def versions(tx: Tx, runs: int) -> None:
    """Register some of the models, and send traffic to every other one."""
    at = written(tx, AT)
    Sql(
        "insert into registry_models (project, name, newest, description, created_at, updated_at) "
        "values ('default',?,?,'',?,?)"
    ).run_all(tx, [(f"model-{number}", runs, at, at) for number in range(MODELS)])
    Sql(
        "insert into registry_catalogue (project, model, number, source, run_id, run_link, model_id, description, "
        "stage, created_at, updated_at, registered_by) values ('default',?,?,'',?,'',?,'','None',?,?,'user:me')"
    ).run_all(
        tx, [(f"model-{run // 100 % MODELS}", run, f"{run:032x}", f"m-{run}", at, at) for run in range(100, runs, 100)]
    )
    for number in range(1, MODELS, 2):
        champion = (number or MODELS) * 100
        Sql(
            "insert into deployments (project, model, generation, champion, phase, weight, salt, since) "
            "values ('default',?,1,?,'none',0,'',?)"
        ).run(tx, f"model-{number}", champion, at)
        Sql(
            "insert into traffic_changes (project, model, generation, champion, phase, weight, salt, reason, actor, "
            "recorded_at) values ('default',?,1,?,'none',0,'','','user:me',?)"
        ).run(tx, f"model-{number}", champion, at)


def measure(db: Database, runs: int) -> None:
    """Print the median of each question."""
    lineage = Lineage(db, SystemClock())

    def ask(start: str, direction: Direction) -> Callable[[], int]:
        return lambda: len(lineage.ask("default", Question(start=start, direction=direction)).nodes)

    questions: dict[str, Callable[[], int]] = {
        "what a deployment stands on": ask("deployment:model-1", Direction.UPSTREAM),
        "what came of a commit": ask("code:c7", Direction.DOWNSTREAM),
        "what came of data that few read": ask("dataset:data-9", Direction.DOWNSTREAM),
        "what came of data that half of all runs read": ask("dataset:data-1", Direction.DOWNSTREAM),
        "who in traffic learned from that": lambda: len(
            lineage.learned_from("default", "digest:digest0001").deployments
        ),
        "who in traffic learned from data that few read": lambda: len(
            lineage.learned_from("default", "digest:digest0009").deployments
        ),
    }
    print(f"{runs} runs on {'SQLite' if db.is_sqlite else 'PostgreSQL'}")
    for name, question in questions.items():
        times = []
        for _ in range(5):
            began = time.perf_counter()
            found = question()
            times.append((time.perf_counter() - began) * 1000)
        print(f"{name:50} {found:6} found {statistics.median(times):9.1f} ms")


if __name__ == "__main__":
    main()
