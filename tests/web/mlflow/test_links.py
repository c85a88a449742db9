"""Links let whoever shows them do one thing for a while."""

from datetime import UTC, datetime, timedelta

import pytest

from everlearn.core.actor import Actor
from everlearn.core.clock import ManualClock
from everlearn.web.mlflow.links import LinkDeniedError, Links

NOON = datetime(2024, 1, 1, 12, tzinfo=UTC)
ADA = Actor("user:ada")


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(NOON)


@pytest.fixture
def links(clock: ManualClock) -> Links:
    return Links.derived(b"secret", clock)


def test_a_link_acts_for_whoever_it_was_made_for_until_it_is_over(links: Links, clock: ManualClock) -> None:
    sealed = links.sealed("GET", "/a/ü", actor=ADA, life_s=60)

    assert links.opened(sealed, "GET", "/a/ü") == ADA
    assert links.opened(sealed, "HEAD", "/a/ü") == ADA
    clock.at += timedelta(seconds=61)
    with pytest.raises(LinkDeniedError, match="expired"):
        links.opened(sealed, "GET", "/a/ü")


@pytest.mark.parametrize(("method", "path"), [("PUT", "/a"), ("GET", "/a/b"), ("GET", "/A"), ("DELETE", "/a")])
def test_a_link_is_for_one_method_and_one_path(links: Links, method: str, path: str) -> None:
    with pytest.raises(LinkDeniedError, match="not for this address"):
        links.opened(links.sealed("GET", "/a", actor=ADA, life_s=60), method, path)


def test_neither_its_end_nor_its_actor_can_be_changed(links: Links) -> None:
    until, name, mac = links.sealed("GET", "/a", actor=ADA, life_s=60).split(".")
    _, eve, _ = links.sealed("GET", "/a", actor=Actor("user:eve"), life_s=60).split(".")

    for forged in (f"{int(until) + 1}.{name}.{mac}", f"{until}.{eve}.{mac}", f"{until}.{name}.{mac[::-1]}"):
        with pytest.raises(LinkDeniedError):
            links.opened(forged, "GET", "/a")


@pytest.mark.parametrize("shown", ["", ".", "..", "x.y.z", "1.é.z", "1._.ü", "1" * 5_000])
def test_what_is_no_link_opens_nothing(links: Links, shown: str) -> None:
    with pytest.raises(LinkDeniedError):
        links.opened(shown, "GET", "/a")


def test_another_installation_has_other_links(links: Links, clock: ManualClock) -> None:
    with pytest.raises(LinkDeniedError):
        Links.derived(b"another secret", clock).opened(links.sealed("GET", "/a", actor=ADA, life_s=60), "GET", "/a")
