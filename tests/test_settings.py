from dataclasses import fields
from pathlib import Path

import pytest

from map_app.errors import SettingsError
from map_app.settings import Settings, documentation


def test_without_any_variable_the_defaults_hold() -> None:
    assert Settings.from_environment({}) == Settings()


def test_a_variable_sets_what_it_names() -> None:
    settings = Settings.from_environment({"MAP_APP_STORE": "/news/a.sqlite", "MAP_APP_MAX_PASTED_CHARS": "500"})
    assert settings.store == Path("/news/a.sqlite")
    assert settings.max_pasted_chars == 500


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("MAP_APP_STOER", "x", "unknown setting MAP_APP_STOER"),
        ("MAP_APP_MAX_FILE_BYTES", "many", "MAP_APP_MAX_FILE_BYTES is 'many'"),
        ("MAP_APP_MAX_FILE_BYTES", "0", "more than 0"),
        ("MAP_APP_GEOCODER", "google", "one of: off, nominatim"),
        ("MAP_APP_STORE", "~nobody-here/a.sqlite", "MAP_APP_STORE is '~nobody-here/a.sqlite': nobody of that name"),
        ("MAP_APP_GEOCODER_USER_AGENT", "Žemė (a@b.lt)", "one line of ASCII"),
        ("MAP_APP_TILES_URL", "javascript:alert(1)", "must start with https"),
    ],
)
def test_a_setting_that_cannot_be_used_is_named(name: str, value: str, message: str) -> None:
    with pytest.raises(SettingsError, match=message):
        Settings.from_environment({name: value})


def test_every_setting_says_what_it_is_for() -> None:
    assert len(documentation()) == len(fields(Settings))
    assert all(doc.endswith(".") for _, _, doc in documentation())
