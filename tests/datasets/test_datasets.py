"""The life of a data set on both engines: contracts, versions, refusals, and reading back exactly what went in."""

import threading
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from polars.testing import assert_frame_equal
from tests.datasets.flights import ALICE, CONTRACT, DAY, NEW_YEAR, append, define, frame, parquet

from everlearn.blobs import BlobDamagedError
from everlearn.core.digest import digest_bytes, digest_json
from everlearn.core.errors import InvalidError
from everlearn.core.subjects import dataset_subject
from everlearn.datasets import (
    Column,
    DatasetDefined,
    DatasetNotFoundError,
    Datasets,
    Nulls,
    PartitionRefused,
    PartitionRefusedError,
    Severity,
    UniqueKey,
    VersionAppended,
    VersionNotFoundError,
)
from everlearn.datasets.model import BadKeyError, ContractConflictError, KeyTakenError


def happened(datasets: Datasets) -> list[Any]:
    """Give what the log says of the data set, oldest first."""
    with datasets.db.read() as tx:
        entries = datasets.log.about(tx, dataset_subject("default", "flights"))
    return [entry.event for entry in reversed(entries)]


def kept(datasets: Datasets, tmp_path: Path) -> list[str]:
    return sorted(path.name for path in (tmp_path / "blobs").rglob("*") if path.is_file())


def test_a_contract_is_put_in_force_once_and_revised_by_a_change(datasets: Datasets) -> None:
    lenient = replace(CONTRACT, unique=())

    assert [define(datasets, contract) for contract in (CONTRACT, CONTRACT, lenient, lenient)] == [1, 1, 2, 2]
    known = datasets.dataset("default", "flights")
    assert (known.contract, known.newest) == (lenient, 0)
    assert happened(datasets) == [
        DatasetDefined(project="default", dataset="flights", number=1, digest=CONTRACT.digest),
        DatasetDefined(project="default", dataset="flights", number=2, digest=lenient.digest),
    ]


def test_versions_grow_by_partitions_and_never_change(datasets: Datasets) -> None:
    define(datasets)

    first = append(datasets, frame(day=0), "day-0")
    second = append(datasets, frame(day=1, count=2), "day-1")

    assert [(one.number, one.rows, len(one.partitions)) for one in (first, second)] == [(1, 3, 1), (2, 5, 2)]
    assert datasets.version("default", "flights", 1) == first
    assert datasets.newest("default", "flights") == second
    assert_frame_equal(datasets.scan(first).collect(), frame(day=0))
    assert_frame_equal(datasets.scan(second).collect(), pl.concat([frame(day=0), frame(day=1, count=2)]))
    assert second.effective_at == NEW_YEAR + DAY
    content = [digest_bytes(parquet(frame(day=0))), digest_bytes(parquet(frame(day=1, count=2)))]
    assert second.digest == digest_json({"contract": CONTRACT.digest, "partitions": [*content]})
    assert happened(datasets)[-1] == VersionAppended(
        project="default",
        dataset="flights",
        version=2,
        digest=second.digest,
        key="day-1",
        partition_rows=2,
        rows=5,
        defects=0,
        effective_at=NEW_YEAR + DAY,
    )


def test_the_same_partition_again_is_the_version_that_it_made(datasets: Datasets) -> None:
    define(datasets)
    first = append(datasets, frame(day=0), "day-0")
    append(datasets, frame(day=1), "day-1")
    events = len(happened(datasets))

    assert append(datasets, frame(day=0), "day-0") == first
    with pytest.raises(KeyTakenError, match="version 1"):
        append(datasets, frame(day=2), "day-0")
    assert datasets.newest("default", "flights").number == 2
    assert len(happened(datasets)) == events


def test_known_defects_are_on_record_with_examples(datasets: Datasets) -> None:
    define(datasets)

    append(datasets, frame([{"flight": "A", "delay": 601.0}, {"flight": "B", "delay": None}]), "day-0")
    append(datasets, frame([{"flight": "A", "delay": 999.0}], day=1), "day-1")

    report = datasets.report("default", "flights")
    assert (report.rows, report.violations) == (3, ())
    assert [one.sentence for one in report.defects] == [
        'delay lies between -60 and 600: 2 of 2 rows are against it, such as {"row":0,"value":601.0}'
    ]
    assert report.defects[0].examples == ({"row": 0, "value": 601.0}, {"row": 0, "value": 999.0})
    assert [one.defects for one in datasets.versions("default", "flights").items] == [1, 1]
    assert [event.defects for event in happened(datasets)[1:]] == [1, 1]


def test_a_refused_partition_leaves_an_event_and_nothing_else(datasets: Datasets, tmp_path: Path) -> None:
    define(datasets)
    append(datasets, frame(day=0), "day-0")
    before, files = datasets.newest("default", "flights"), kept(datasets, tmp_path)
    bad = frame([{"flight": "A", "distance": 0}, {"flight": None}])

    with pytest.raises(PartitionRefusedError, match="distance is at least 1") as caught:
        append(datasets, bad, "day-1", effective_at=NEW_YEAR + DAY)

    assert len(caught.value.details["violations"]) == 2  # type: ignore[arg-type]  # a list
    assert datasets.newest("default", "flights") == before
    assert kept(datasets, tmp_path) == files
    refused = happened(datasets)[-1]
    assert isinstance(refused, PartitionRefused)
    assert (refused.key, refused.digest) == ("day-1", digest_bytes(parquet(bad)))
    assert refused.violations == tuple(caught.value.details["violations"])  # type: ignore[arg-type]  # a list
    assert append(datasets, frame(day=1), "day-1").number == 2


def test_keys_are_unique_across_partitions(datasets: Datasets) -> None:
    define(datasets)
    append(datasets, frame(day=0), "day-0")

    with pytest.raises(PartitionRefusedError, match="together are unique") as caught:
        append(datasets, frame(day=0, count=4), "again")

    assert '"partition":"day-0"' in caught.value.message
    assert append(datasets, frame(day=1), "day-1").number == 2


def test_a_key_without_event_time_is_looked_for_everywhere(local: Datasets) -> None:
    define(local, replace(CONTRACT, unique=(UniqueKey(columns=("flight",), severity=Severity.REPORT),)))
    append(local, frame(day=0), "day-0")

    again = append(local, frame(day=300, count=2), "day-300")

    assert [(one.expectation, one.found) for one in again.report.defects] == [("flight is unique", 2)]


def test_columns_come_and_go_and_every_version_is_read_by_its_own_contract(datasets: Datasets) -> None:
    define(datasets)
    first = append(datasets, frame(day=0), "day-0")
    tail = Column(name="tail", dtype="String", nulls=Nulls(max_share=1))
    define(datasets, replace(CONTRACT, columns=(*CONTRACT.columns[:3], tail)))

    later = frame(day=1).drop("distance").with_columns(pl.lit("N1").alias("tail"))
    second = append(datasets, later, "day-1")

    assert datasets.scan(first).collect().columns == ["flight", "at", "delay", "distance"]
    rows = datasets.scan(second)
    assert rows.collect().columns == ["flight", "at", "delay", "tail"]
    assert rows.select("tail").collect()["tail"].to_list() == [None] * 3 + ["N1"] * 3
    assert (first.contract_revision, second.contract_revision) == (1, 2)
    with pytest.raises(ContractConflictError):
        define(datasets, replace(CONTRACT, event_time=None))
    assert datasets.dataset("default", "flights").contract_revision == 2


def test_reading_is_lazy_and_asks_only_for_what_is_needed(local: Datasets) -> None:
    define(local)
    for day in range(3):
        append(local, frame(day=day), f"day-{day}")
    rows = local.scan(local.newest("default", "flights"))

    assert rows.collect_schema().names() == ["flight", "at", "delay", "distance"]
    chosen = rows.filter(pl.col("at") > NEW_YEAR).select("flight").head(4)
    assert chosen.collect()["flight"].to_list() == ["AA0", "AA1", "AA2", "AA0"]
    assert rows.head(4).filter(pl.col("at") > NEW_YEAR).collect().height == 1
    assert rows.select(pl.len()).collect().item() == 9
    assert rows.collect(engine="streaming").height == 9


def test_damaged_bytes_are_noticed_when_they_are_read(local: Datasets, tmp_path: Path) -> None:
    define(local)
    version = append(local, frame(day=0, count=100), "day-0")
    (file,) = (path for path in (tmp_path / "blobs" / "sha256").rglob("*") if path.is_file())
    content = bytearray(file.read_bytes())
    content[40] ^= 1
    file.chmod(0o644)
    file.write_bytes(content)

    with pytest.raises(BlobDamagedError, match=version.partitions[0].digest):
        local.scan(version).select("distance").collect()


def test_lists_are_paged(datasets: Datasets) -> None:
    for name in ("weather", "flights", "airlines"):
        define(datasets, name=name)
    for day in range(3):
        append(datasets, frame(day=day), f"day-{day}")

    names = datasets.list("default", limit=2)
    assert [one.name for one in names.items] == ["airlines", "flights"]
    assert [one.name for one in datasets.list("default", limit=2, after=names.next).items] == ["weather"]
    assert datasets.list("other").items == []
    newest = datasets.versions("default", "flights", limit=2)
    rest = datasets.versions("default", "flights", limit=2, after=newest.next)
    assert [(one.number, one.rows, one.added.key) for one in (*newest.items, *rest.items)] == [
        (3, 9, "day-2"),
        (2, 6, "day-1"),
        (1, 3, "day-0"),
    ]
    with pytest.raises(InvalidError, match="not a key"):
        datasets.versions("default", "flights", after="x")


def test_appending_at_the_same_time_loses_nothing(datasets: Datasets) -> None:
    define(datasets)
    # each partition twice, as by two workers that do the same job
    threads = [
        threading.Thread(target=append, args=(datasets, frame(day=day), f"day-{day}"))
        for day in (0, 1, 2, 3, 0, 1, 2, 3)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    newest = datasets.newest("default", "flights")
    assert (newest.number, newest.rows) == (4, 12)
    assert {one.key for one in newest.partitions} == {"day-0", "day-1", "day-2", "day-3"}
    assert sum(isinstance(event, VersionAppended) for event in happened(datasets)) == 4


def test_of_two_that_repeat_a_key_at_the_same_time_one_is_refused(datasets: Datasets) -> None:
    define(datasets)
    refused: list[PartitionRefusedError] = []

    def try_it(key: str) -> None:
        try:
            append(datasets, frame(day=0), key)
        except PartitionRefusedError as error:
            refused.append(error)

    threads = [threading.Thread(target=try_it, args=(key,)) for key in ("one", "other")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert (len(refused), datasets.newest("default", "flights").rows) == (1, 3)


def test_the_effective_time_is_the_last_event_unless_somebody_says(local: Datasets) -> None:
    define(local)
    timeless = replace(CONTRACT, event_time=None)
    define(local, timeless, name="timeless")
    said = datetime(2013, 3, 1, 1, tzinfo=UTC).astimezone()

    assert append(local, frame(day=3), "a").effective_at == NEW_YEAR + 3 * DAY
    assert append(local, frame(day=4), "b", effective_at=said).effective_at == said
    made = local.append("default", "timeless", parquet(frame()), key="a", actor=ALICE)
    assert made.effective_at == local.clock.now()
    with pytest.raises(InvalidError, match="without a zone"):
        append(local, frame(day=5), "c", effective_at=said.replace(tzinfo=None))


@pytest.mark.parametrize("key", ["", "../x", "/etc/passwd", "a/b", "a\\b", "a\nb", "a..b", "x" * 201, ".x"])
def test_keys_that_look_like_paths_are_refused(local: Datasets, key: str) -> None:
    define(local)

    with pytest.raises(BadKeyError):
        append(local, frame(), key)


def test_what_is_not_there_is_not_found(local: Datasets) -> None:
    define(local)

    with pytest.raises(DatasetNotFoundError, match="nothing"):
        local.newest("default", "nothing")
    with pytest.raises(DatasetNotFoundError):
        local.append("default", "nothing", b"", key="a", actor=ALICE)
    with pytest.raises(DatasetNotFoundError):
        local.versions("other", "flights")
    with pytest.raises(VersionNotFoundError, match="append a partition first"):
        local.newest("default", "flights")
    append(local, frame(), "day-0")
    for number in (0, 2, 2**63):
        with pytest.raises(VersionNotFoundError, match="are 1 to 1"):
            local.version("default", "flights", number)


@pytest.mark.parametrize(("project", "name"), [("default", "../x"), ("a b", "flights"), ("default", "")])
def test_names_that_look_like_paths_are_refused(local: Datasets, project: str, name: str) -> None:
    with pytest.raises(InvalidError, match="not a"):
        local.define(project, name, CONTRACT, actor=ALICE)
    assert local.list("default").items == []


def test_event_times_overlap_at_their_edges(local: Datasets) -> None:
    define(local)
    edge = NEW_YEAR + timedelta(hours=12)
    append(local, frame([{"flight": "A"}, {"flight": "B", "at": edge}]), "morning")

    with pytest.raises(PartitionRefusedError):
        append(local, frame([{"flight": "B", "at": edge}, {"flight": "C", "at": edge + DAY}]), "evening")
