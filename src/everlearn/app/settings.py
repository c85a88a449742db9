"""Every setting of the platform: read once, checked at the door, handed on as values.

A later source wins over an earlier one: the default, the file `<home>/everlearn.toml`, the environment
(`EVERLEARN_API_PORT` for `api_port`), the command line. `everlearn config` prints each value with its source.
"""

import os
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, fields
from enum import StrEnum
from functools import cache
from pathlib import Path
from typing import Annotated, Any, get_args, get_type_hints
from urllib.parse import urlsplit, urlunsplit

from everlearn.core.errors import InvalidError

ENVIRONMENT_PREFIX = "EVERLEARN_"
FILE_NAME = "everlearn.toml"


class Auth(StrEnum):
    """Who may use the API and the pages."""

    TOKEN = "token"  # noqa: S105  # a way to authenticate, not a token
    OFF = "off"  # everybody is an administrator; only on a loopback address


class PackVersions(StrEnum):
    """What becomes of the files of a model's version that has a successor."""

    ON = "on"
    OFF = "off"


class LogLevel(StrEnum):
    """How much is logged."""

    DEBUG = "debug"
    INFO = "info"
    WARNING = "warning"
    ERROR = "error"


class SettingError(InvalidError):
    """A setting is unknown or has a value that cannot be."""

    code = "app.setting"


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """What this process was told. Empty places never occur: they default into `home`."""

    home: Annotated[Path, "The folder of the embedded platform: database, blobs, logs, spool, settings file."] = Path()
    database_url: Annotated[str, "Where facts are kept: sqlite:///file or postgresql://user@host/name."] = ""
    blobs_url: Annotated[str, "Where content is kept: file:///folder or s3://bucket/prefix."] = ""
    api_host: Annotated[str, "The address that the API and the pages listen on."] = "127.0.0.1"
    api_port: Annotated[int, "The port of the API and the pages; 0 takes a free one."] = 4700
    gateway_host: Annotated[str, "The address that the inference gateway listens on."] = "127.0.0.1"
    gateway_port: Annotated[int, "The port of the inference gateway; 0 takes a free one."] = 4701
    public_url: Annotated[str, "Where clients reach the API if a proxy stands before it; empty: where they say."] = ""
    auth: Annotated[Auth, "token: ask for tokens and sessions; off: none, on a loopback address only."] = Auth.TOKEN
    session_hours: Annotated[float, "How long a browser stays signed in, in hours."] = 12.0
    body_limit_mb: Annotated[float, "The largest request body that the API reads, in megabytes."] = 16.0
    workers: Annotated[int, "How many worker processes `everlearn up` starts."] = 1
    worker_name: Annotated[str, "The name of this worker; a restart under it frees what it had leased."] = "worker-1"
    worker_threads: Annotated[int, "How many jobs one worker process runs at the same time."] = 1
    lease_s: Annotated[float, "Seconds without a sign of life until a worker's job is given to another."] = 30.0
    gateway_name: Annotated[str, "The name that this gateway reports under; the same after a restart."] = "gateway-1"
    spool: Annotated[str, "The gateway's own folder for predictions not yet in the database; must outlive it."] = ""
    log_key: Annotated[str, "The file with the key that signs the log; all processes need the same one."] = ""
    gc_grace_hours: Annotated[float, "How long blobs that nothing refers to are left alone, twice, in hours."] = 24.0
    secrets_key: Annotated[str, "The file with the key that seals secrets; all processes need the same one."] = ""
    egress_allow: Annotated[tuple[str, ...], "Private hosts and networks that webhooks may reach: 10.1.0.0/16."] = ()
    pack_versions: Annotated[PackVersions, "on: pack the files of a version that has a successor; off: leave them."] = (
        PackVersions.ON
    )
    pipelines: Annotated[tuple[str, ...], "Modules that offer pipelines in an attribute PIPELINES."] = ()
    openlineage_url: Annotated[str, "Where OpenLineage events are sent, e.g. http://marquez:5000/api/v1/lineage."] = ""
    openlineage_token: Annotated[str, "The bearer token for that address, if it asks for one."] = ""
    openlineage_namespace: Annotated[str, "What our jobs and data are named below in OpenLineage."] = "everlearn"
    log_level: Annotated[LogLevel, "The least important log lines to write."] = LogLevel.INFO
    log_file: Annotated[str, "Write log lines here, rotating at 10 MB, instead of to standard error."] = ""

    @property
    def database_path(self) -> Path | None:
        """The embedded database's file; None with PostgreSQL."""
        prefix = "sqlite:///"
        return Path(self.database_url.removeprefix(prefix)) if self.database_url.startswith(prefix) else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Loaded:
    """Settings, and for each where its value comes from (`default`, the file's path, the variable, `command line`)."""

    settings: Settings
    sources: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Declared:
    """One setting as it is declared above."""

    default: Any
    about: str


@cache
def declared_settings() -> Mapping[str, Declared]:
    """Give every setting's declaration by name, in order."""
    hints = get_type_hints(Settings, include_extras=True)
    return {each.name: Declared(each.default, get_args(hints[each.name])[1]) for each in fields(Settings)}


def load_settings(overrides: Mapping[str, object] | None = None, *, environ: Mapping[str, str] | None = None) -> Loaded:
    """Read the settings from all sources; `overrides` are the command line's, None meaning "not given".

    Raises
    ------
    SettingError
        When a source names an unknown setting or gives a value of the wrong kind.
    """
    environment = os.environ if environ is None else environ
    given = {name: value for name, value in (overrides or {}).items() if value is not None}
    home, home_source = _home(given, environment)
    values: dict[str, Any] = {"home": home}
    sources = dict.fromkeys(declared_settings(), "default") | {"home": home_source}
    for source, found in (
        (str(home / FILE_NAME), _from_file(home / FILE_NAME)),
        ("", _from_environment(environment)),
        ("command line", {name: value for name, value in given.items() if name != "home"}),
    ):
        for name, value in found.items():
            values[name] = _converted(name, value, source or ENVIRONMENT_PREFIX + name.upper())
            sources[name] = source or ENVIRONMENT_PREFIX + name.upper()
    values.setdefault("database_url", f"sqlite:///{home / 'everlearn.db'}")
    values.setdefault("blobs_url", f"file://{home / 'blobs'}")
    values.setdefault("spool", str(home / "spool"))
    values.setdefault("log_key", str(home / "log.key"))
    values.setdefault("secrets_key", str(home / "secrets.key"))
    return Loaded(settings=Settings(**values), sources=sources)


def as_environment(settings: Settings) -> dict[str, str]:
    """Write settings as the environment variables that say the same, for a child process."""
    values = {name: getattr(settings, name) for name in declared_settings()}
    return {
        ENVIRONMENT_PREFIX + name.upper(): ",".join(value) if isinstance(value, tuple) else str(value)
        for name, value in values.items()
    }


def masked(value: object, *, is_secret: bool = False) -> str:
    """Write a setting for people, without the password that a URL may carry; of a secret only whether it is set."""
    if is_secret:
        return "***" if value else ""
    if isinstance(value, tuple):
        return ", ".join(map(str, value))
    text = str(value)
    if "://" not in text:
        return text
    parts = urlsplit(text)
    if parts.password is None:
        return text
    user_and_host = f"{parts.username}:***@{parts.netloc.rpartition('@')[2]}"
    return urlunsplit(parts._replace(netloc=user_and_host))


def _home(given: Mapping[str, object], environment: Mapping[str, str]) -> tuple[Path, str]:
    if "home" in given:
        return Path(str(given["home"])).expanduser().absolute(), "command line"
    if environment.get("EVERLEARN_HOME"):
        return Path(environment["EVERLEARN_HOME"]).expanduser().absolute(), "EVERLEARN_HOME"
    data = environment.get("XDG_DATA_HOME") or str(Path.home() / ".local" / "share")
    return Path(data) / "everlearn", "default"


def _from_file(path: Path) -> dict[str, object]:
    try:
        found = tomllib.loads(path.read_text(encoding="utf-8"))
    except (FileNotFoundError, NotADirectoryError):
        return {}
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise SettingError(f"cannot read the settings file {path}: {error}") from error
    unknown = sorted(set(found) - set(declared_settings()) | {"home"} & set(found))
    if unknown:
        allowed = ", ".join(name for name in declared_settings() if name != "home")
        raise SettingError(f"{path} sets {', '.join(unknown)}, which is no setting there; there are: {allowed}")
    return found


def _from_environment(environment: Mapping[str, str]) -> dict[str, object]:
    names = (name for name in declared_settings() if name != "home")
    return {name: text for name in names if (text := environment.get(ENVIRONMENT_PREFIX + name.upper(), ""))}


def _converted(name: str, value: object, source: str) -> Any:
    default = declared_settings()[name].default
    try:
        return _as_kind(default, value)
    except (TypeError, ValueError) as error:
        raise SettingError(f"{name} (from {source}) must be {_kind_of(default)}, not {value!r}") from error


def _as_kind(default: object, value: object) -> Any:
    match default:
        case StrEnum():
            return type(default)(str(value))
        case bool() | int() | float():
            if isinstance(value, bool):
                raise TypeError
            return type(default)(str(value))
        case tuple():
            parts = value.split(",") if isinstance(value, str) else value
            return tuple(text for part in parts if (text := str(part).strip()))  # type: ignore[attr-defined]  # TypeError is answered
        case _:
            return str(value)


def _kind_of(default: object) -> str:
    match default:
        case StrEnum():
            return " or ".join(type(default))
        case int():
            return "a whole number"
        case float():
            return "a number"
        case tuple():
            return "a list of names"
        case _:
            return "text"
