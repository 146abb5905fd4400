from collections.abc import Mapping
from typing import Any

import pytest

from map_app.errors import AccessError, MapAppError, SettingsError
from map_app.settings import Settings
from map_app.ui.access import Access, Editor, Rules, Visit, Way, decide, is_loopback, rules_of
from map_app.ui.access import _SignedIn as SignedIn

AUTH = {
    "auth": {
        "redirect_uri": "https://map.example/oauth2callback",
        "cookie_secret": "0123456789abcdef0123456789abcdef",
        "client_id": "map",
        "client_secret": "secret",
        "server_metadata_url": "https://id.example/.well-known/openid-configuration",
    }
}
PASSWORD = {"editors": {"password": "correct horse battery"}}


def browser(host: str = "localhost:8501", **more: str) -> dict[str, list[str]]:
    """The headers of a browser that opened the page at this host."""
    return {"host": [host], "origin": [f"http://{host}"]} | {
        name.replace("_", "-"): [value] for name, value in more.items()
    }


def on_machine(address: str | None, headers: Mapping[str, list[str]], peer: str | None = None) -> Access:
    return decide(rules_of("", {}, address), Visit(headers=headers, peer=peer))


def signed_in(editors: str, **claims: object) -> Access:
    return decide(rules_of(editors, AUTH, "127.0.0.1"), Visit(headers=browser(), claims=claims))


@pytest.mark.parametrize("address", ["127.0.0.1", "localhost", "::1", "[::1]", "127.8.9.10"])
@pytest.mark.parametrize("host", ["localhost:8501", "127.0.0.1:8501", "[::1]:8501", "localhost"])
def test_on_a_machine_that_listens_to_itself_its_owner_edits(address: str, host: str) -> None:
    assert on_machine(address, browser(host)).editor is not None


@pytest.mark.parametrize(
    "address",
    [None, "", "0.0.0.0", "::", "192.168.1.4", "10.0.0.1", "map.example", "localhost.example", "unix:///run/map.sock"],
    ids=str,
)
def test_a_server_that_others_can_reach_is_read_only(address: str | None) -> None:
    access = on_machine(address, browser())
    assert access.editor is None
    assert access.rules.way is Way.NOBODY
    assert "reading" in access.why_not


@pytest.mark.parametrize(
    "headers",
    [
        pytest.param(browser("evil.example:8501"), id="DNS rebinding: the site's own name leads here"),
        pytest.param(browser("localhost.evil.example"), id="a name that begins like ours"),
        pytest.param(browser("127.0.0.1.evil.example"), id="a name that begins like our address"),
        pytest.param(browser() | {"origin": ["http://evil.example"]}, id="another site's page"),
        pytest.param(browser() | {"origin": ["http://localhost:3000"]}, id="another server's page on this machine"),
        pytest.param(browser() | {"origin": ["null"]}, id="a sandboxed frame"),
        pytest.param({"host": ["localhost:8501"]}, id="no origin: not a browser's page"),
        pytest.param({}, id="nothing is known"),
        pytest.param(browser() | {"host": ["localhost:8501", "evil.example"]}, id="two hosts"),
        pytest.param(browser(x_forwarded_for="203.0.113.7"), id="X-Forwarded-For"),
        pytest.param(browser(x_forwarded_host="map.example"), id="X-Forwarded-Host"),
        pytest.param(browser(forwarded="for=203.0.113.7"), id="Forwarded"),
        pytest.param(browser(via="1.1 proxy"), id="Via"),
        pytest.param(browser(x_real_ip="203.0.113.7"), id="X-Real-IP"),
        pytest.param(browser(cf_connecting_ip="203.0.113.7"), id="Cloudflare"),
        pytest.param(browser("[::1"), id="a host that is none"),
    ],
)
def test_whoever_was_not_sent_to_this_machine_by_its_own_name_is_a_visitor(headers: dict[str, list[str]]) -> None:
    assert on_machine("127.0.0.1", headers).editor is None


def test_a_connection_from_elsewhere_is_a_visitors_whatever_the_settings_say() -> None:
    assert on_machine("127.0.0.1", browser(), peer="192.168.1.9").editor is None
    assert on_machine("127.0.0.1", browser(), peer="127.0.0.3").editor is not None


def test_a_password_that_is_set_up_is_asked_for_on_the_machine_too() -> None:
    rules = rules_of("", PASSWORD, "127.0.0.1")
    assert decide(rules, Visit(headers=browser())).editor is None


def test_a_session_that_gave_the_password_edits_until_the_password_changes() -> None:
    rules = rules_of("", PASSWORD, None)
    visit = Visit(signed_in=SignedIn(rules.password))
    assert decide(rules, visit).editor is not None
    changed = rules_of("", {"editors": {"password": "another long password"}}, None)
    assert decide(changed, visit).editor is None


@pytest.mark.parametrize("forged", [True, "correct horse battery", b"", {"password": b""}, SignedIn(b""), 1], ids=repr)
def test_nothing_else_in_the_session_passes_for_having_signed_in(forged: object) -> None:
    assert decide(rules_of("", PASSWORD, None), Visit(headers=browser(), signed_in=forged)).editor is None


@pytest.mark.parametrize(
    "secrets",
    [
        {"editors": {"password": "short"}},
        {"editors": {"password": ""}},
        {"editors": {"password": 123456789012}},
        {"editors": {}},
        {"editors": "correct horse battery"},
    ],
    ids=str,
)
def test_a_password_that_cannot_be_meant_is_an_error_and_not_an_open_door(secrets: dict[str, Any]) -> None:
    with pytest.raises(SettingsError, match="password"):
        rules_of("", secrets, "127.0.0.1")


def test_an_editor_by_openid_connect_is_one_whose_verified_address_is_named() -> None:
    access = signed_in("ann@paper.example,bo@paper.example", is_logged_in=True, email="Ann@Paper.example",
                       email_verified=True)  # fmt: skip
    assert access.editor == Editor("ann@paper.example", access.editor.seal if access.editor else None)


@pytest.mark.parametrize(
    "claims",
    [
        pytest.param({}, id="nobody signed in"),
        pytest.param({"is_logged_in": False, "email": "ann@paper.example", "email_verified": True}, id="signed out"),
        pytest.param({"is_logged_in": "yes", "email": "ann@paper.example", "email_verified": True}, id="odd"),
        pytest.param({"is_logged_in": True, "email": "eve@evil.example", "email_verified": True}, id="not named"),
        pytest.param({"is_logged_in": True, "email": "ann@paper.example", "email_verified": False}, id="unverified"),
        pytest.param({"is_logged_in": True, "email": "ann@paper.example", "email_verified": "false"}, id="as text"),
        pytest.param({"is_logged_in": True, "email": "ann@paper.example"}, id="nobody vouches for the address"),
        pytest.param({"is_logged_in": True, "email": "ann@paper.example", "email_verified": 1}, id="a number"),
        pytest.param({"is_logged_in": True, "email": ["ann@paper.example"], "email_verified": True}, id="a list"),
        pytest.param({"is_logged_in": True, "email": "", "email_verified": True}, id="an empty address"),
        pytest.param({"is_logged_in": True}, id="no address"),
    ],
)
def test_everybody_else_is_a_visitor(claims: dict[str, object]) -> None:
    assert signed_in("ann@paper.example", **claims).editor is None


def test_anyone_signed_in_edits_only_where_that_is_set() -> None:
    assert signed_in("anyone-signed-in", is_logged_in=True).editor is not None
    assert signed_in("anyone-signed-in", is_logged_in=False).editor is None
    assert signed_in("anyone-signed-in", is_logged_in=True, email="a@b.example", email_verified=False).editor is None


def test_who_is_not_an_editor_is_told_under_which_address_they_are_signed_in() -> None:
    access = signed_in("ann@paper.example", is_logged_in=True, email="eve@evil.example", email_verified=True)
    assert "eve@evil.example" in access.why_not


def test_openid_connect_goes_before_a_password_and_before_the_machine() -> None:
    rules = rules_of("ann@paper.example", AUTH | PASSWORD, "127.0.0.1")
    assert rules.way is Way.OIDC
    assert decide(rules, Visit(headers=browser(), signed_in=SignedIn(rules.password))).editor is None


def test_every_provider_of_the_secrets_file_is_offered() -> None:
    assert rules_of("anyone-signed-in", AUTH, None).providers == (None,)
    shared = {name: AUTH["auth"][name] for name in ("redirect_uri", "cookie_secret")}
    named = {"auth": shared | {"okta": {"client_id": "1"}, "google": {"client_id": "2"}}}
    assert rules_of("anyone-signed-in", named, None).providers == ("google", "okta")


@pytest.mark.parametrize(
    ("editors", "secrets"),
    [
        pytest.param("", AUTH, id="nobody is named"),
        pytest.param("ann@paper.example", {}, id="nothing to sign in with"),
        pytest.param("ann@paper.example", PASSWORD, id="addresses with a password"),
        pytest.param("anyone-signed-in", {"auth": "yes"}, id="no table"),
        pytest.param("anyone-signed-in", {"auth": AUTH["auth"] | {"cookie_secret": "xxx"}}, id="a secret that is none"),
        pytest.param("anyone-signed-in", {"auth": {"client_id": "map"}}, id="no cookie secret"),
    ],
)
def test_openid_connect_that_is_half_set_up_is_an_error(editors: str, secrets: dict[str, Any]) -> None:
    with pytest.raises(SettingsError):
        rules_of(editors, secrets, "127.0.0.1")


def test_nobody_means_nobody() -> None:
    for secrets in ({}, AUTH, PASSWORD):
        rules = rules_of("nobody", secrets, "127.0.0.1")
        claims = {"is_logged_in": True, "email": "nobody", "email_verified": True}
        assert decide(rules, Visit(headers=browser(), claims=claims)).editor is None


def test_an_editor_cannot_be_made_elsewhere() -> None:
    with pytest.raises(AccessError):
        Editor("me")
    assert issubclass(AccessError, MapAppError)
    assert issubclass(AccessError, PermissionError)


def test_a_password_shows_in_nothing_that_is_printed() -> None:
    rules = rules_of("", PASSWORD, None)
    shown = repr(rules) + repr(decide(rules, Visit(signed_in=SignedIn(rules.password))))
    assert "correct horse" not in shown
    assert repr(rules.password) not in shown


@pytest.mark.parametrize("text", ["ann", "@", "ann@", "ann@a@b", "ann bo@paper.example", "everyone"])
def test_a_setting_that_names_no_address_is_refused(text: str) -> None:
    with pytest.raises(SettingsError, match="e-mail"):
        Settings.from_environment({"MAP_APP_EDITORS": text})


def test_addresses_are_read_whatever_their_case_and_spaces() -> None:
    assert Settings.from_environment({"MAP_APP_EDITORS": " Ann@Paper.example , bo@x.example,"}).editors == (
        "ann@paper.example,bo@x.example"
    )


@pytest.mark.parametrize("host", ["", "127.0.0.1:80", "2130706433", "0x7f.1", "::ffff:8.8.8.8", "LOCALHOST."])
def test_odd_spellings_are_not_taken_for_this_machine(host: str) -> None:
    assert not is_loopback(host)


def test_rules_without_anything_let_nobody_in() -> None:
    assert decide(Rules(Way.OIDC), Visit()).editor is None
    assert decide(Rules(Way.PASSWORD), Visit()).editor is None
    assert decide(Rules(Way.PASSWORD), Visit(signed_in=None)).editor is None
    assert decide(Rules(Way.MACHINE), Visit(headers=browser())).editor is None
