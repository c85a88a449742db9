"""Cron expressions against the manual's rules and a slow reference; each due time fires once."""

import itertools
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from tests.jobs.bench import Bench

from everlearn.core.errors import InvalidError
from everlearn.db import Database
from everlearn.jobs import Job, Schedule
from everlearn.jobs.schedule import fire, register

LEAP_DAY = datetime(2024, 2, 28, 23, 59, 30, tzinfo=UTC)


def schedule(cron: str, *, zone: str = "UTC", name: str = "nightly") -> Schedule:
    return Schedule(name=name, kind="t.work", cron=cron, time_zone=zone, arguments={"why": "nightly"})


def times(cron: str, start: datetime, count: int, *, zone: str = "UTC") -> list[str]:
    found = []
    for _ in range(count):
        start = schedule(cron, zone=zone).next_after(start)
        found.append(start.strftime("%m-%d %H:%M"))
    return found


@pytest.mark.parametrize(
    ("cron", "expected"),
    [
        ("* * * * *", ["02-29 00:00", "02-29 00:01", "02-29 00:02"]),
        ("*/20 * * * *", ["02-29 00:00", "02-29 00:20", "02-29 00:40"]),
        ("30 4 29 2 *", ["02-29 04:30", "02-29 04:30", "02-29 04:30"]),  # leap years only
        ("0 9-17/4 * * 1-5", ["02-29 09:00", "02-29 13:00", "02-29 17:00"]),
        ("15 10 1,15 * *", ["03-01 10:15", "03-15 10:15", "04-01 10:15"]),
        ("0 0 1 * 1", ["03-01 00:00", "03-04 00:00", "03-11 00:00"]),  # both day fields given: either matches
        ("0 12 * mar,may sun", ["03-03 12:00", "03-10 12:00", "03-17 12:00"]),
        ("0 0 * * 7", ["03-03 00:00", "03-10 00:00", "03-17 00:00"]),  # 7 is Sunday, like 0
    ],
)
def test_times_are_those_of_the_manual(cron: str, expected: list[str]) -> None:
    assert times(cron, LEAP_DAY, 3) == expected


@dataclass(frozen=True)
class Field:
    """A field as it is written, and the numbers that this must mean."""

    text: str
    numbers: frozenset[int]


def fields(low: int, high: int) -> st.SearchStrategy[Field]:
    number = st.integers(low, high)
    every = frozenset(range(low, high + 1))
    single = number.map(lambda one: Field(str(one), frozenset({one})))
    span = st.tuples(number, number).map(
        lambda ends: Field(f"{min(ends)}-{max(ends)}", frozenset(range(min(ends), max(ends) + 1)))
    )
    stepped = st.integers(1, high).map(lambda step: Field(f"*/{step}", frozenset(sorted(every)[::step])))
    item = st.one_of(single, span, stepped)
    several = st.lists(item, min_size=2, max_size=3).map(
        lambda items: Field(",".join(each.text for each in items), frozenset().union(*(each.numbers for each in items)))
    )
    return st.one_of(st.just(Field("*", every)), item, several)


Cron = tuple[Field, Field, Field, Field, Field]
CRONS: st.SearchStrategy[Cron] = st.tuples(fields(0, 59), fields(0, 23), fields(1, 31), fields(1, 12), fields(0, 6))
INSTANTS = st.datetimes(datetime(2000, 1, 1), datetime(2040, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001  # given the zone


def text_of(cron: Cron) -> str:
    return " ".join(each.text for each in cron)


def day_matches(cron: Cron, day: datetime) -> bool:
    """cron(8): with both day fields restricted either will do, unless one of them begins with a star."""
    _, _, days, months, weekdays = cron
    hits = (day.day in days.numbers, day.isoweekday() % 7 in weekdays.numbers)
    both = days.text.startswith("*") or weekdays.text.startswith("*")
    return day.month in months.numbers and (all(hits) if both else any(hits))


def slowly_next(cron: Cron, at: datetime) -> datetime | None:
    """Look at every minute that is named, on every day that matches, for 45 years."""
    minutes, hours = sorted(cron[0].numbers), sorted(cron[1].numbers)
    midnight = at.replace(hour=0, minute=0, second=0, microsecond=0)
    days = (day for number in range(366 * 45) if day_matches(cron, day := midnight + timedelta(days=number)))
    moments = (day + timedelta(hours=hour, minutes=minute) for day in days for hour in hours for minute in minutes)
    return next((moment for moment in moments if moment > at), None)


@given(cron=CRONS, at=INSTANTS)
@settings(max_examples=200, deadline=None)
def test_times_agree_with_looking_at_every_minute(cron: Cron, at: datetime) -> None:
    expected = slowly_next(cron, at)

    if expected is None:
        with pytest.raises(InvalidError, match="no time"):
            schedule(text_of(cron))
    else:
        assert schedule(text_of(cron)).next_after(at) == expected


ZONES = st.sampled_from(["UTC", "Europe/Berlin", "America/New_York", "Asia/Kolkata"])


@given(cron=CRONS, at=INSTANTS, zone=ZONES)
@settings(max_examples=200, deadline=None)
def test_times_only_grow_and_none_lies_between_two(cron: Cron, at: datetime, zone: str) -> None:
    assume(slowly_next(cron, at) is not None)
    each = schedule(text_of(cron), zone=zone)

    first, second, third = itertools.islice(each.times_after(at), 3)

    assert at < first < second < third
    assert each.next_after(at + (first - at) / 2) == first
    assert each.next_after(first) == second
    assert each.next_after(second - timedelta(microseconds=1)) == second


def test_a_skipped_hour_runs_right_after_and_a_repeated_one_once() -> None:
    # Berlin 2024: 02:00 -> 03:00 on March 31, 03:00 -> 02:00 on October 27
    spring = times("30 2 * * *", datetime(2024, 3, 30, 12, tzinfo=UTC), 2, zone="Europe/Berlin")
    autumn = times("30 2 * * *", datetime(2024, 10, 26, 12, tzinfo=UTC), 2, zone="Europe/Berlin")

    assert spring == ["03-31 01:00", "04-01 00:30"]
    assert autumn == ["10-27 00:30", "10-28 01:30"]


def test_a_zone_keeps_its_local_hour_through_the_year() -> None:
    new_york = ZoneInfo("America/New_York")
    each = schedule("0 6 * * *", zone="America/New_York")

    hours = {each.next_after(datetime(2024, month, 15, tzinfo=UTC)).astimezone(new_york).hour for month in range(1, 13)}

    assert hours == {6}


@pytest.mark.parametrize(
    "cron",
    [
        "",
        "* * * *",
        "* * * * * *",
        "@daily",
        "60 * * * *",
        "* 24 * * *",
        "* * 0 * *",
        "* * * 13 *",
        "* * * * 8",
        "*/0 * * * *",
        "5-1 * * * *",
        "a * * * *",
        "1,,2 * * * *",
        "0 0 30 2 *",  # well formed, and never
    ],
)
def test_what_could_never_run_is_refused_where_it_is_declared(cron: str) -> None:
    with pytest.raises(InvalidError, match="cron expression"):
        schedule(cron)


def test_an_unknown_zone_is_refused() -> None:
    with pytest.raises(InvalidError, match="Europe/Berlin"):
        schedule("* * * * *", zone="Europe/Atlantis")


def fire_all(bench: Bench, *declared: Schedule) -> list[str]:
    with bench.db.write() as tx:
        return fire(tx, bench.queue, {each.name: each for each in declared}, now=bench.clock.now())


def declare(bench: Bench, *declared: Schedule) -> None:
    with bench.db.write() as tx:
        register(tx, declared, now=bench.clock.now())


def due_times(jobs: list[Job]) -> list[str]:
    return sorted(str(job.arguments["due_at"]) for job in jobs)


def test_each_due_time_fires_once_however_many_look(bench: Bench) -> None:
    each = schedule("*/10 * * * *")
    declare(bench, each)

    assert fire_all(bench, each) == []
    bench.later(600)
    first, second = fire_all(bench, each), fire_all(bench, each)
    bench.later(600)
    third = fire_all(bench, each)

    assert len(first) == len(third) == 1
    assert second == []
    claimed = bench.claim(limit=10)
    assert due_times(claimed) == ["2024-03-01T12:10:00.000000Z", "2024-03-01T12:20:00.000000Z"]
    assert {job.arguments["why"] for job in claimed} == {"nightly"}


def test_a_clockwork_set_back_fires_no_time_again(sqlite_bench: Bench) -> None:
    each = schedule("*/10 * * * *")
    declare(sqlite_bench, each)
    sqlite_bench.later(600)
    first = fire_all(sqlite_bench, each)
    register_anew(sqlite_bench.db)
    sqlite_bench.clock.at -= timedelta(seconds=300)
    declare(sqlite_bench, each)
    sqlite_bench.later(300)

    again = fire_all(sqlite_bench, each)

    assert again == first
    assert len(sqlite_bench.claim(limit=10)) == 1


def register_anew(db: Database) -> None:
    from everlearn.jobs.tables import schedules

    with db.write() as tx:
        tx.execute(schedules.delete())


def test_of_the_times_missed_while_nothing_ran_only_the_latest_is_made_up(sqlite_bench: Bench) -> None:
    each = schedule("*/10 * * * *")
    declare(sqlite_bench, each)
    sqlite_bench.later(3_000 + 59)

    fired = fire_all(sqlite_bench, each)

    assert len(fired) == 1
    assert due_times(sqlite_bench.claim(limit=10)) == ["2024-03-01T12:50:00.000000Z"]
    assert fire_all(sqlite_bench, each) == []


def test_a_changed_schedule_starts_from_now_and_an_unchanged_one_keeps_its_time(sqlite_bench: Bench) -> None:
    kept, changed = schedule("0 * * * *", name="kept"), schedule("0 * * * *", name="changed")
    declare(sqlite_bench, kept, changed)
    sqlite_bench.later(3_600)
    moved = schedule("30 * * * *", name="changed")

    declare(sqlite_bench, kept, moved)

    assert len(fire_all(sqlite_bench, kept, moved)) == 1


def test_schedules_of_others_are_left_to_them(sqlite_bench: Bench) -> None:
    declare(sqlite_bench, schedule("* * * * *", name="theirs"))
    sqlite_bench.later(60)

    assert fire_all(sqlite_bench, schedule("* * * * *", name="ours")) == []
