from pathlib import Path

import pytest

from everlearn.app.settings import (
    Auth,
    SettingError,
    Settings,
    as_environment,
    declared_settings,
    load_settings,
    masked,
)


def test_defaults_live_in_the_home_folder(tmp_path: Path) -> None:
    loaded = load_settings({"home": str(tmp_path)}, environ={})

    assert loaded.settings.database_url == f"sqlite:///{tmp_path}/everlearn.db"
    assert loaded.settings.blobs_url == f"file://{tmp_path}/blobs"
    assert loaded.sources["database_url"] == "default"


def test_later_sources_win_and_each_is_named(tmp_path: Path) -> None:
    (tmp_path / "everlearn.toml").write_text('api_port = 1\ngateway_port = 2\nworkers = 3\npipelines = ["a", "b"]\n')
    environ = {"EVERLEARN_HOME": str(tmp_path), "EVERLEARN_GATEWAY_PORT": "22", "EVERLEARN_WORKERS": "33"}

    loaded = load_settings({"workers": 333}, environ=environ)

    assert (loaded.settings.api_port, loaded.settings.gateway_port, loaded.settings.workers) == (1, 22, 333)
    assert loaded.settings.pipelines == ("a", "b")
    assert loaded.sources["home"] == "EVERLEARN_HOME"
    assert loaded.sources["api_port"] == str(tmp_path / "everlearn.toml")
    assert loaded.sources["gateway_port"] == "EVERLEARN_GATEWAY_PORT"
    assert loaded.sources["workers"] == "command line"


def test_the_data_folder_of_the_desktop_is_the_home_of_last_resort(tmp_path: Path) -> None:
    loaded = load_settings(environ={"XDG_DATA_HOME": str(tmp_path)})

    assert loaded.settings.home == tmp_path / "everlearn"


@pytest.mark.parametrize(
    ("name", "text", "allowed"),
    [
        ("api_port", "many", "a whole number"),
        ("lease_s", "long", "a number"),
        ("auth", "maybe", "token or off"),
        ("log_level", "loud", "debug or info or warning or error"),
    ],
)
def test_a_wrong_value_names_the_setting_its_source_and_what_is_allowed(
    name: str, text: str, allowed: str, tmp_path: Path
) -> None:
    environ = {"EVERLEARN_HOME": str(tmp_path), f"EVERLEARN_{name.upper()}": text}

    with pytest.raises(SettingError, match=f"{name}.*EVERLEARN_{name.upper()}.*{allowed}"):
        load_settings(environ=environ)


@pytest.mark.parametrize("line", ["api_prot = 1", 'home = "elsewhere"', "api_port = true", "not toml at all ="])
def test_a_wrong_file_is_refused(line: str, tmp_path: Path) -> None:
    (tmp_path / "everlearn.toml").write_text(line)

    with pytest.raises(SettingError, match=r"everlearn\.toml"):
        load_settings({"home": str(tmp_path)}, environ={})


def test_settings_survive_the_way_through_the_environment(tmp_path: Path) -> None:
    given = {"home": str(tmp_path), "auth": "off", "pipelines": ("a", "b"), "session_hours": 1.5}
    settings = load_settings(given, environ={}).settings

    again = load_settings(environ=as_environment(settings)).settings

    assert again == settings
    assert again.auth is Auth.OFF


def test_a_password_in_a_url_is_masked() -> None:
    assert masked("postgresql://ada:secret@db:5432/x") == "postgresql://ada:***@db:5432/x"
    assert masked("postgresql://db/x") == "postgresql://db/x"
    assert masked(("a", "b")) == "a, b"


def test_every_setting_is_documented() -> None:
    assert all(declared.about.endswith(".") for declared in declared_settings().values())


def test_the_file_of_an_embedded_database_is_known(tmp_path: Path) -> None:
    assert Settings(database_url=f"sqlite:///{tmp_path}/x.db").database_path == tmp_path / "x.db"
    assert Settings(database_url="postgresql://db/x").database_path is None
