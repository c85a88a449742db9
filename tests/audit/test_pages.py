"""Pages of the log, as somebody sees them."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa
from tests.app.lived import Visitor, a_copy_of_it, a_visit, visiting

from everlearn.eventlog.tables import entries


@pytest.fixture(scope="module")
def visitor() -> Iterator[Visitor]:
    with a_visit() as visit:
        yield visit


def test_the_top_says_how_far_the_log_is_sealed(tmp_path: Path) -> None:
    with a_copy_of_it(tmp_path / "home") as life, visiting(life) as visitor:
        size = life.platform.audit.size()
        before = visitor.sees("/audit")
        life.platform.audit.checkpoint()
        after = visitor.sees("/audit")

    assert "signed in part" in before.text
    assert f"The newest checkpoint signs {size} of {size} entries" in after.text
    assert "Not signed yet 0" in after.text


def test_every_entry_is_reached_through_the_pages(visitor: Visitor) -> None:
    found: list[int] = []
    path = "/audit"
    while path:
        seen = visitor.sees(path)
        links = (link for link in seen.html.split('"') if link.startswith("/audit/entries/"))
        found += [int(link.rpartition("/")[2]) for link in links]
        path = seen.links.get("Next", "")

    assert found == list(range(visitor.platform.audit.size(), 0, -1))


def test_the_log_narrows_to_a_name_and_a_subject(visitor: Visitor) -> None:
    seen = visitor.sees("/audit", name="rollouts.ended", subject="model:default/eta")

    ended = visitor.platform.audit.entries(name="rollouts.ended", subject="model:default/eta").items
    assert [int(link.rpartition("/")[2]) for link in seen.links.values() if "/audit/entries/" in link] == [
        entry.position for entry in ended
    ]


def test_verifying_now_says_sound_and_names_what_is_not(tmp_path: Path) -> None:
    with a_copy_of_it(tmp_path / "home") as life, visiting(life) as visitor:
        life.platform.audit.checkpoint()
        sound = visitor.sees("/audit", verify="true")
        with life.platform.db.write() as tx:
            tx.execute(sa.update(entries).where(entries.c.position == 7).values(actor="user:mallory"))
        forged = visitor.sees("/audit", verify="true")
        entry = visitor.sees("/audit/entries/7")

    assert "sound" in sound.text
    assert "not sound" not in sound.text
    assert "not sound" in forged.text
    assert "entry 7 is not what was written" in forged.text
    assert "not proved" in entry.text


def test_an_entry_shows_what_was_written_its_cause_and_its_proof(visitor: Visitor) -> None:
    entry = visitor.platform.audit.entries(name="decisions.decided").items[0]
    proof = visitor.platform.audit.inclusion(entry.position)

    seen = visitor.sees(f"/audit/entries/{entry.position}")

    assert str(entry.payload["reason"]) in seen.text
    assert f"/audit/entries/{entry.cause_id}" in seen.html
    assert visitor.sees(f"/audit/entries/{entry.cause_id}").status == 200
    assert proof.root in seen.text
    assert all(each in seen.text for each in proof.hashes)
    assert visitor.sees(seen.links[str(entry.payload["decision_id"])]).status == 200


@pytest.mark.parametrize(("path", "status"), [("entries/999999", 404), ("entries/evt_none", 404), ("?after=x", 400)])
def test_what_cannot_be_is_a_page_that_says_so(visitor: Visitor, path: str, status: int) -> None:
    assert visitor.sees(f"/audit{'' if path.startswith('?') else '/'}{path}").status == status
