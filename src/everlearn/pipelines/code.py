"""What a step does, as a digest of source text. The same text gives the same digest in every process."""

import inspect
import textwrap
from collections.abc import Callable, Sequence
from types import ModuleType
from typing import Any, TypeAlias

from everlearn.core.digest import Digest, digest_json
from everlearn.core.errors import InvalidError

Source: TypeAlias = Callable[..., Any] | type[Any] | ModuleType


class NoSourceError(InvalidError):
    """The source of a step's function cannot be read, so its results could not be told apart after a change."""

    code = "pipelines.no_source"


def code_digest(function: Source, uses: Sequence[Source] = ()) -> Digest:
    """Digest the source of a function and of what it uses."""
    return digest_json([_source_of(one) for one in (function, *uses)])


def _source_of(one: Source) -> str:
    try:
        return textwrap.dedent(inspect.getsource(one))
    except (OSError, TypeError) as error:
        name = getattr(one, "__qualname__", getattr(one, "__name__", repr(one)))
        raise NoSourceError(f"the source of {name} cannot be read; define it in a file") from error
