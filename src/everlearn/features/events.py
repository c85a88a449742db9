"""Facts about feature definitions."""

from dataclasses import dataclass
from typing import ClassVar

from everlearn.core.digest import Digest
from everlearn.eventlog import Event


@dataclass(frozen=True, slots=True, kw_only=True)
class FeatureViewDefined(Event):
    """A feature view was defined, or defined anew."""

    name: ClassVar[str] = "features.view_defined"
    revision: ClassVar[int] = 1

    project: str
    view: str
    number: int  # the revision of the view: 1, 2, ...
    entity: tuple[str, ...]
    digest: Digest


EVENTS: tuple[type[Event], ...] = (FeatureViewDefined,)
