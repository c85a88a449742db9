"""What was registered, without what this registry adds: the form in which it comes from elsewhere and leaves."""

from collections.abc import Mapping
from datetime import datetime
from typing import NamedTuple


class ModelFacts(NamedTuple):
    """A registered model without its versions."""

    name: str
    description: str
    newest: int  # the greatest number that a version ever had
    created_at: datetime
    updated_at: datetime
    tags: Mapping[str, str]
    aliases: Mapping[str, int]


class VersionFacts(NamedTuple):
    """A version."""

    model: str
    number: int
    source: str
    run_id: str  # empty: of no run
    run_link: str
    model_id: str  # the logged model; empty: none
    description: str
    stage: str
    created_at: datetime
    updated_at: datetime
    user: str  # who registered it, where that is known
    tags: Mapping[str, str]
