"""Command groups that are imported when they are used, not when help is asked for."""

from collections.abc import Mapping
from dataclasses import dataclass
from importlib import import_module
from typing import Any

from typer.core import TyperCommand, TyperGroup
from typer.main import get_group


@dataclass(frozen=True, slots=True)
class LazyCommands:
    """Where a group of commands is, and what the root's help says of it."""

    place: str  # "everlearn.registry.commands:app"
    help: str  # one line


def lazy_group(table: Mapping[str, LazyCommands]) -> type[TyperGroup]:
    """Make the root group's class: it lists `table` beside its own commands and imports an entry when it is called."""

    class LazyGroup(TyperGroup):
        def __init__(self, **attributes: Any) -> None:
            super().__init__(**attributes)
            for name, entry in table.items():
                self.add_command(TyperGroup(name=name, help=entry.help))

        def resolve_command(self, ctx: Any, args: list[str]) -> tuple[Any, Any, list[str]]:
            if args and args[0] in table:
                self.add_command(_load(args[0], table[args[0]]))
            return super().resolve_command(ctx, args)

    return LazyGroup


def _load(name: str, entry: LazyCommands) -> TyperGroup:
    module, _, attribute = entry.place.partition(":")
    group = get_group(getattr(import_module(module), attribute))
    group.name = name
    group.help = group.help or entry.help
    _be_plain(group)
    return group


def _be_plain(group: TyperGroup) -> None:
    """Give the group the root's plain help, whatever its own application asked for."""
    group.rich_markup_mode = None
    for command in group.commands.values():
        if isinstance(command, TyperGroup):
            _be_plain(command)
        elif isinstance(command, TyperCommand):
            command.rich_markup_mode = None
