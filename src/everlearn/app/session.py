"""What one command has at hand: the settings it was given and, once it asks, the platform wired from them."""

from collections.abc import Mapping
from typing import Any

from everlearn.app.settings import Loaded, Settings, load_settings


class CommandSession:
    """Finds services for a running command; settings are read and the platform is built at the first question."""

    def __init__(self) -> None:
        self._overrides: dict[str, object] = {}
        self._loaded: Loaded | None = None
        self._platform: Any = None

    def override(self, values: Mapping[str, object]) -> None:
        """Take options of the command line; None means "not given". Later ones win."""
        self._overrides |= {name: value for name, value in values.items() if value is not None}
        self._loaded = None

    @property
    def loaded(self) -> Loaded:
        """The settings with their sources."""
        if self._loaded is None:
            self._loaded = load_settings(self._overrides)
        return self._loaded

    def __call__(self, of: type[Any]) -> Any:
        """Give the instance of this type; anything but the settings builds the platform first."""
        if of is Loaded:
            return self.loaded
        if of is Settings:
            return self.loaded.settings
        if of is CommandSession:
            return self
        if self._platform is None:
            from everlearn.app.wiring import build  # noqa: PLC0415  # heavy: not needed for help and config

            self._platform = build(self.loaded.settings)
        return self._platform.find(of)

    def close(self) -> None:
        """Give connections back; safe when nothing was opened."""
        if self._platform is not None:
            self._platform.close()
