"""The rail on the left: what it lists is decided by `app`, how it looks by the base template."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class NavItem:
    """One line of the rail."""

    key: str  # what a page says to be its section, e.g. "models"
    title: str
    path: str  # with {project} where the project goes
    shortcut: str = ""  # the letter after `g`


@dataclass(frozen=True, slots=True, kw_only=True)
class Navigation:
    """All lines in order."""

    items: tuple[NavItem, ...] = ()
    home: str = "/"
    search: str = ""  # where the search form goes; empty: there is none

    def paths(self, project: str) -> tuple[tuple[NavItem, str], ...]:
        """Give each line with its address in a project."""
        return tuple((item, item.path.replace("{project}", project)) for item in self.items)
