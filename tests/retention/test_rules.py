"""What policies say, from facts alone."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from everlearn.retention.model import Candidate, Item, RetentionPolicy, Rule, Spared, What
from everlearn.retention.rules import judged

NOW = datetime(2013, 6, 1, tzinfo=UTC)
RUN = Candidate(
    kind="run",
    id="r",
    experiment="eta",
    root="0/r/artifacts",
    deleted_at=None,
    ended_at=NOW - timedelta(days=50),
    is_failed=False,
    rank=0,
    has_files=True,
    tags={},
    needed_by=(),
    held_by=(),
)
DELETED = replace(RUN, deleted_at=NOW - timedelta(days=31))
FAILED = replace(RUN, is_failed=True)


def verdict(one: Candidate, **rule: object) -> What | str | None:
    policy = RetentionPolicy(rules=(Rule(**rule),))  # type: ignore[arg-type]  # any field of a rule
    match judged(policy, one, as_of=NOW):
        case Item(what=what):
            return what
        case Spared(because=because):
            return because
        case _:
            return None


@pytest.mark.parametrize(
    ("one", "rule", "expected"),
    [
        (RUN, {}, None),
        (DELETED, {}, What.PURGE_RUN),
        (replace(DELETED, deleted_at=NOW - timedelta(days=29)), {}, None),
        (DELETED, {"purge_deleted_after_days": None}, None),
        (DELETED, {"experiments": "other*"}, None),
        (DELETED, {"experiments": "et?"}, What.PURGE_RUN),
        (replace(DELETED, kind="logged-model", ended_at=None), {}, What.PURGE_MODEL),
        (FAILED, {}, None),
        (FAILED, {"drop_failed_artifacts_after_days": 50}, What.DROP_ARTIFACTS),
        (FAILED, {"drop_failed_artifacts_after_days": 51}, None),
        (RUN, {"drop_failed_artifacts_after_days": 1}, None),
        (replace(FAILED, ended_at=None), {"drop_failed_artifacts_after_days": 1}, None),
        (replace(FAILED, has_files=False), {"drop_failed_artifacts_after_days": 1}, None),
        (replace(RUN, rank=3), {"keep_newest": 3}, What.DROP_ARTIFACTS),
        (replace(RUN, rank=2), {"keep_newest": 3}, None),
        (replace(RUN, rank=9, tags={"team": "a"}), {"keep_newest": 3, "tag": "team=b"}, None),
        (replace(RUN, rank=9, tags={"team": "b"}), {"keep_newest": 3, "tag": "team=b"}, What.DROP_ARTIFACTS),
    ],
)
def test_a_rule_says_what_goes(one: Candidate, rule: dict[str, object], expected: What | None) -> None:
    assert verdict(one, **rule) == expected


def test_what_is_held_needed_or_marked_to_be_kept_stays_and_the_reason_is_told() -> None:
    old = replace(RUN, rank=9)

    assert "legal hold" in str(verdict(replace(DELETED, held_by=("run:default/r",))))
    assert "version 3 of eta" in str(verdict(replace(DELETED, needed_by=("version 3 of eta",))))
    assert "tag keep" in str(verdict(replace(old, tags={"keep": "true"}), keep_newest=1))
    assert verdict(replace(old, tags={"keep": "false"}), keep_newest=1) is What.DROP_ARTIFACTS
    assert verdict(replace(DELETED, tags={"keep": "true"})) is What.PURGE_RUN  # somebody deleted it by hand


def test_the_first_rule_that_fits_decides() -> None:
    policy = RetentionPolicy(rules=(Rule(experiments="eta", purge_deleted_after_days=None), Rule()))

    assert judged(policy, DELETED, as_of=NOW) is None
    assert judged(policy, replace(DELETED, experiment="other"), as_of=NOW) is not None
