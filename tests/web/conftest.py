"""Fixtures of the web kit's tests."""

from collections.abc import Iterator

import pytest
from tests.web.kit import Client, kit_client


@pytest.fixture
def client() -> Iterator[Client]:
    """A client of the kit's small application."""
    with kit_client() as opened:
        yield opened
