"""What can be wrong with a policy."""

from collections.abc import Iterator

from everlearn.core.errors import NotFoundError
from everlearn.core.json import JSONValue


class KindUnknownError(NotFoundError):
    """There are no policies of this kind; the message names those there are."""

    code = "policies.kind_unknown"


def unknown_fields(given: JSONValue, known: JSONValue, path: str = "") -> Iterator[str]:
    """Name the fields of a document, at any depth, that its completed form does not have."""
    if isinstance(given, dict) and isinstance(known, dict):
        for name, value in given.items():
            here = f"{path}.{name}" if path else name
            if name in known:
                yield from unknown_fields(value, known[name], here)
            else:
                yield here
    elif isinstance(given, list) and isinstance(known, list | tuple):  # a completed list is a tuple
        for index, (value, complete) in enumerate(zip(given, known, strict=False)):
            yield from unknown_fields(value, complete, f"{path}[{index}]")
