"""What a table of runs is asked, as it stands in the address."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from urllib.parse import urlencode

from everlearn.core.errors import InvalidError
from everlearn.core.search import RUNS, BadOrderError, Order, parse_order
from everlearn.web.links import path_of

_BARE_KEY = re.compile(r"[^\s=<>!~(),;'\"`.]+")
_WORDS = {"param": "params", "metric": "metrics", "tag": "tags", "attribute": "attributes"}
MOST_COLUMNS = 30


@dataclass(frozen=True, slots=True)
class Field:
    """Something that a run has one value of: a parameter, a metric, a tag or an attribute."""

    kind: str  # param, metric, tag, attribute
    key: str

    @property
    def name(self) -> str:
        """As it stands in addresses: `metrics.loss`."""
        return f"{_WORDS[self.kind]}.{self.key}"

    @property
    def identifier(self) -> str:
        """As filters and orders write it: ``metrics.`train loss` ``."""
        key = self.key
        return f"{_WORDS[self.kind]}." + (key if _BARE_KEY.fullmatch(key) else f"`{key.replace('`', '``')}`")


@dataclass(frozen=True, slots=True, kw_only=True)
class RunsQuery:
    """The whole state of the table."""

    project: str
    experiment: str | None = None
    filter: str = ""
    order: str = ""
    columns: tuple[str, ...] = ()  # empty: those that vary
    after: str | None = None  # the token of a page

    @property
    def path(self) -> str:
        """Where the table is."""
        return path_of("projects", self.project, "runs")

    def given(self) -> tuple[tuple[str, str], ...]:
        """Give what is asked as names and values, but for the page."""
        said = (
            ("experiment", self.experiment or ""),
            ("filter", self.filter),
            ("order", self.order),
            ("columns", ",".join(self.columns)),
        )
        return tuple((name, value) for name, value in said if value)

    def href(self, path: str = "") -> str:
        """Write the address."""
        given = [*self.given(), *([("after", self.after)] if self.after else [])]
        return f"{path or self.path}?{urlencode(given)}" if given else path or self.path

    def first(self) -> "RunsQuery":
        """Go to the first page."""
        return replace(self, after=None)

    def filtered(self, text: str) -> "RunsQuery":
        """Ask another filter."""
        return replace(self, filter=text, after=None)

    def unordered(self) -> "RunsQuery":
        """Sort as it comes: the newest first."""
        return replace(self, order="", after=None)

    def ordered(self, field: Field) -> "RunsQuery":
        """Sort by a field, or the other way if it is the one already."""
        word = "DESC" if self.direction_of(field) == "ascending" else "ASC"
        return replace(self, order=f"{field.identifier} {word}", after=None)

    def direction_of(self, field: Field) -> str:
        """Say how the table is sorted by a field; empty when it is not."""
        try:
            orders = self.orders()
        except BadOrderError:
            return ""
        if not orders or (orders[0].kind, orders[0].key) != (field.kind, field.key):
            return ""
        return "ascending" if orders[0].ascending else "descending"

    def orders(self) -> tuple[Order, ...]:
        """Read the order."""
        return parse_order(self.order_by, RUNS)

    @property
    def order_by(self) -> tuple[str, ...]:
        """The order as a search takes it."""
        return (self.order,) if self.order else ()


def read_query(project: str, said: Mapping[str, str], *, columns: Sequence[str]) -> RunsQuery:
    """Read what an address asks; `columns` come apart or with commas between them."""
    return RunsQuery(
        project=project,
        experiment=said.get("experiment") or None,
        filter=said.get("filter", "").strip(),
        order=said.get("order", "").strip(),
        columns=_read_columns(columns),
        after=said.get("after") or None,
    )


def _read_columns(said: Sequence[str]) -> tuple[str, ...]:
    names = [name for text in said for name in text.split(",") if name]
    if len(names) > MOST_COLUMNS:
        raise InvalidError(f"{len(names)} columns are asked for; {MOST_COLUMNS} are the most that a table shows")
    return tuple(dict.fromkeys(names))


def read_fields(names: Sequence[str]) -> tuple[Field, ...]:
    """Read columns; names that mean nothing are left out."""
    kinds = {word: kind for kind, word in _WORDS.items() if kind != "attribute"}
    found = [(kinds.get(name.partition(".")[0]), name.partition(".")[2]) for name in names]
    return tuple(Field(kind, key) for kind, key in found if kind and key)
