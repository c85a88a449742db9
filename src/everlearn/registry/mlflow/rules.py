"""The limits and names of the registry half of the protocol, with its own words where clients read them."""

import re
from collections.abc import Sequence

from everlearn.registry.mlflow.messages import Tag
from everlearn.web.mlflow.errors import ProtocolError

LONGEST_NAME, LONGEST_KEY, LONGEST_VALUE, LONGEST_ALIAS = 256, 250, 100_000, 255
STAGES = ("None", "Staging", "Production", "Archived")
_ALIAS = re.compile(r"[\w\-]*")
_KEY = re.compile(r"[/\w.\- :]*")
_LARGEST = 2**31 - 1


def checked_name(name: str) -> str:
    """Give a model's name back if it can stand in an address such as `models:/NAME/1`."""
    if not name.strip() or len(name) > LONGEST_NAME or "/" in name or ":" in name or not name.isprintable():
        raise ProtocolError(
            f"Invalid registered model name: '{name[:80]}'. It is 1 to {LONGEST_NAME} printable characters without "
            "'/' and ':'."
        )
    return name


def checked_alias(alias: str) -> str:
    """Give an alias back if it cannot be taken for a version."""
    if not alias or len(alias) > LONGEST_ALIAS or not _ALIAS.fullmatch(alias):
        raise ProtocolError(
            f"Invalid alias name: '{alias[:80]}'. Names may only contain alphanumerics, underscores (_) and dashes "
            f"(-), and have 1 to {LONGEST_ALIAS} of them."
        )
    if alias.lower() == "latest":
        raise ProtocolError("'latest' alias name (case insensitive) is reserved.")
    if re.fullmatch(r"[vV]\d+", alias):
        raise ProtocolError(f"Version alias name '{alias}' is reserved.")
    return alias


def version_number(version: str | int | None) -> int:
    """Read a version's number."""
    text = str(version)
    if not (text.isascii() and text.isdecimal()) or len(text) > 10 or not 0 < int(text) <= _LARGEST:
        raise ProtocolError(f"Parameter 'version' must be an integer, got '{text[:80]}'.")
    return int(text)


def given_tags(tags: Sequence[Tag] | None) -> dict[str, str]:
    """Read tags."""
    return {checked_key(tag.key or ""): checked_value(tag.key or "", tag.value or "") for tag in tags or ()}


def checked_key(key: str) -> str:
    """Give the key of a tag back if it is well formed."""
    if not key or len(key) > LONGEST_KEY or not _KEY.fullmatch(key):
        raise ProtocolError(
            f"Invalid tag name: '{key[:80]}'. Names may only contain alphanumerics, underscores (_), dashes (-), "
            f"periods (.), spaces ( ), colon(:) and slashes (/), at most {LONGEST_KEY} of them."
        )
    return key


def checked_value(key: str, value: str) -> str:
    """Give the value of a tag back if it fits."""
    if len(value) > LONGEST_VALUE:
        raise ProtocolError(f"The value of tag '{key}' exceeds the maximum length of {LONGEST_VALUE} characters")
    return value


def given_description(text: str | None) -> str:
    """Read a description; absent is empty."""
    if text is not None and len(text) > LONGEST_VALUE:
        raise ProtocolError(f"The description exceeds the maximum length of {LONGEST_VALUE} characters")
    return text or ""


def given_stage(stage: str) -> str:
    """Read a stage, however it is spelled."""
    known = {one.lower(): one for one in STAGES}
    if stage.lower() not in known:
        raise ProtocolError(f"Invalid Model Version stage: {stage[:80]}. Value must be one of {', '.join(STAGES)}.")
    return known[stage.lower()]


def page_size(wanted: int | None, *, default: int, most: int) -> int:
    """Read how many are wanted."""
    size = default if wanted is None else wanted
    if not 1 <= size <= most:
        raise ProtocolError(
            f"Invalid value for max_results. It must be at most {most} and at least 1, but got value {size}"
        )
    return size
