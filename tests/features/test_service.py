import threading
from dataclasses import replace
from datetime import timedelta

import pytest
from tests.features.test_computing import DELAYS, TRAFFIC

from everlearn.core.actor import Actor
from everlearn.core.errors import InvalidError
from everlearn.features import Features, FeatureView, FeatureViewDefined, ViewNotFoundError
from everlearn.features.model import view_subject

ALICE = Actor("user:alice")


def define(features: Features, view: FeatureView) -> int:
    return features.define("default", view, actor=ALICE).revision


def happened(features: Features, name: str) -> list[FeatureViewDefined]:
    with features.db.read() as tx:
        entries = features.log.about(tx, view_subject("default", name))
    return [entry.event for entry in entries if isinstance(entry.event, FeatureViewDefined)]


def test_a_definition_comes_back_as_it_was_given(features: Features) -> None:
    define(features, DELAYS)

    found = features.get("default", DELAYS.name)

    assert (found.view, found.revision, found.digest, found.defined_by) == (DELAYS, 1, DELAYS.digest, ALICE)
    assert happened(features, DELAYS.name) == [
        FeatureViewDefined(project="default", view=DELAYS.name, number=1, entity=("carrier",), digest=DELAYS.digest)
    ]


def test_the_same_again_changes_nothing_and_a_change_is_a_revision(features: Features) -> None:
    wider = replace(DELAYS, latest=(replace(DELAYS.latest[0], max_age=timedelta(days=1)),))

    assert [define(features, view) for view in (DELAYS, DELAYS, wider, wider, DELAYS)] == [1, 1, 2, 2, 3]
    assert [event.number for event in happened(features, DELAYS.name)] == [3, 2, 1]
    assert features.get("default", DELAYS.name, 2).view == wider
    first = features.revisions("default", DELAYS.name, limit=2)
    rest = features.revisions("default", DELAYS.name, limit=2, after=first.next)
    assert [one.revision for one in (*first.items, *rest.items)] == [3, 2, 1]


def test_views_are_listed_by_name_in_pages(features: Features) -> None:
    for view in (TRAFFIC, DELAYS, replace(TRAFFIC, name="b-view"), replace(DELAYS, known_at="landed_at")):
        define(features, view)
    features.define("other", TRAFFIC, actor=ALICE)

    first = features.list("default", limit=2)
    rest = features.list("default", limit=2, after=first.next)

    assert [(one.name, one.revision) for one in first.items] == [("b-view", 1), ("carrier-delays", 2)]
    assert ([one.name for one in rest.items], rest.next) == (["traffic"], None)


def test_definitions_at_the_same_time_get_revisions_of_their_own(features: Features) -> None:
    views = [replace(TRAFFIC, known_at=f"known_{number}") for number in range(6)]
    threads = [threading.Thread(target=define, args=(features, view)) for view in views]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert [one.revision for one in features.revisions("default", "traffic").items] == [6, 5, 4, 3, 2, 1]


def test_what_is_not_there_is_not_found(features: Features) -> None:
    define(features, DELAYS)

    for name, revision in (("nothing", None), (DELAYS.name, 2), (DELAYS.name, 0), (DELAYS.name, 2**63)):
        with pytest.raises(ViewNotFoundError, match=name):
            features.get("default", name, revision)
    with pytest.raises(ViewNotFoundError):
        features.revisions("default", "nothing")
    with pytest.raises(InvalidError, match="not a key"):
        features.revisions("default", DELAYS.name, after="x")


def test_a_view_that_cannot_be_computed_is_not_recorded(features: Features) -> None:
    with pytest.raises(InvalidError):
        define(features, replace(DELAYS, entity=("\n",)))

    assert features.list("default").items == []
    assert happened(features, DELAYS.name) == []
