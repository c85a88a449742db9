"""Write `docs/reference/` from the code: settings, events, error codes.

    python scripts/references.py

`tests/codebase/test_references.py` fails when what is committed is not what this writes.
"""

import importlib
import inspect
import pkgutil
from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path

import everlearn
from everlearn.app.events import CATALOGUE
from everlearn.app.settings import ENVIRONMENT_PREFIX, declared_settings
from everlearn.core.errors import EverlearnError

FOLDER = Path(__file__).parents[1] / "docs" / "reference"
NOTE = "Written by `scripts/references.py` from the code; change it there.\n"


def settings() -> str:
    """Write every setting with its variable, default and meaning."""
    lines = ["# Settings", "", NOTE, "| setting | variable | default | meaning |", "| --- | --- | --- | --- |"]
    for name, declared in declared_settings().items():
        default = "" if declared.default in ("", ()) or name == "home" else f"`{declared.default}`"
        lines.append(f"| `{name}` | `{ENVIRONMENT_PREFIX}{name.upper()}` | {default} | {declared.about} |")
    return "\n".join(lines) + "\n"


def events() -> str:
    """Write every event with its meaning and fields."""
    lines = ["# Events", "", NOTE]
    for event in CATALOGUE:
        lines += [f"## {event.name}@{event.revision}", "", _first_paragraph(event), ""]
        lines += [f"- `{field.name}`: `{_type(field.type)}`" for field in fields(event)]
        lines.append("")
    return "\n".join(lines)


def errors() -> str:
    """Write every error code with its meaning."""
    lines = ["# Error codes", "", NOTE, "| code | kind | meaning |", "| --- | --- | --- |"]
    found = {kind.code: kind for kind in sorted(_errors(), key=lambda kind: (kind.code, -len(kind.__mro__)))}
    for code, kind in found.items():
        bases = [base.__name__ for base in kind.__mro__[1:] if base.__module__ == "everlearn.core.errors"]
        lines.append(f"| `{code}` | {bases[0] if bases else ''} | {_first_paragraph(kind)} |")
    return "\n".join(lines) + "\n"


REFERENCES = {"settings.md": settings, "events.md": events, "errors.md": errors}


def _errors() -> Iterator[type[EverlearnError]]:
    for module in pkgutil.walk_packages(everlearn.__path__, "everlearn."):
        if not module.name.endswith("__main__") and ".migrations" not in module.name:
            importlib.import_module(module.name)
    waiting = [EverlearnError]
    while waiting:
        kind = waiting.pop()
        waiting += kind.__subclasses__()
        if kind.__module__.startswith("everlearn."):
            yield kind


def _first_paragraph(documented: object) -> str:
    return " ".join((inspect.getdoc(documented) or "").split("\n\n")[0].split())


def _type(annotation: object) -> str:
    return annotation.__name__ if isinstance(annotation, type) else str(annotation).replace("datetime.", "")


def main() -> None:
    FOLDER.mkdir(parents=True, exist_ok=True)
    for name, write in REFERENCES.items():
        (FOLDER / name).write_text(write())


if __name__ == "__main__":
    main()
