"""Addresses of pages: a path and what it is asked, and the ways through a list that is paged by key."""

from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlencode

from everlearn.core.page import Page


@dataclass(frozen=True, slots=True, kw_only=True)
class Pager:
    """Where a page of a list leads; empty where there is nowhere to go."""

    first_href: str
    next_href: str


def path_of(*parts: str) -> str:
    """Write a path of parts that may hold anything: `path_of("projects", "default", "runs")`."""
    return "/" + "/".join(quote(part, safe="~") for part in parts)


def asked(path: str, /, **query: str | None) -> str:
    """Add a query to a path; what is None or empty is left out."""
    given = {name: value for name, value in query.items() if value}
    return f"{path}?{urlencode(given)}" if given else path


def pager(path: str, page: Page[Any], /, *, after: str | None, **query: str | None) -> Pager:
    """Give the ways from one page of a list, its filters kept; the key is `after` in the address."""
    return Pager(
        first_href=asked(path, **query) if after else "",
        next_href=asked(path, **query, after=page.next) if page.next else "",
    )
