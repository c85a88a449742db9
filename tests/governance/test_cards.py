"""Model cards: written by themselves, from the platform's own records."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.app.lived import ADA, DAY, Life, living
from tests.app.small_world import BEGIN

from everlearn.governance import Cards
from everlearn.governance.model import CardMissingError


@pytest.fixture
def life(database_url: str, tmp_path: Path) -> Iterator[Life]:
    """A first version that answers, on each engine."""
    with living(tmp_path / "home", database_url=database_url) as life:
        life.platform.policies.set("default", "eta", "gate", {"minimum_rows": 100, "minimum_blocks": 4}, actor=ADA)
        life.train("eta-training", BEGIN, key="first")
        yield life


def test_a_card_tells_where_a_version_comes_from_and_what_was_decided(life: Life) -> None:
    version = life.platform.registry.version("default", "eta", 1)

    card = life.platform.cards.read("default", "eta", 1)

    assert card.startswith("# Model card: eta, version 1\n")
    assert "Stage **live** as of 2013-03-01" in card
    for fact in (version.model_digest, version.run_id, version.lineage.code_digest, "quality.gate | pass"):
        assert fact in card


def test_the_same_facts_again_are_the_same_edition(life: Life) -> None:
    cards: Cards = life.platform.cards

    first = cards.write("default", "eta", 1, effective_at=BEGIN)
    again = cards.write("default", "eta", 1, effective_at=BEGIN)
    earlier = cards.write("default", "eta", 1, effective_at=BEGIN - DAY)

    assert first.number == again.number == earlier.number


def test_what_has_no_card_is_said(life: Life) -> None:
    with pytest.raises(CardMissingError, match="no card of version 9 of eta"):
        life.platform.cards.read("default", "eta", 9)
