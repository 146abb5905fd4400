"""Editors and visitors in a real Chromium: who is offered what, and what an upload does to the map."""

import csv
import io
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from scripts.serving import serve
from tests.browser import conftest
from tests.browser.oidc_provider import CLIENT_ID, CLIENT_SECRET, Provider, provide

pytestmark = pytest.mark.browser

PASSWORD = "correct horse battery staple"  # noqa: S105 - of the server that these tests start
SLOW = 40_000

CSV = (
    "title,text,published\n"
    '"Rain in Osaka","OSAKA, Japan - Heavy rain fell in Osaka.",2025-01-02\n'
    '"{{7*7}} <img src=x onerror=window.ran=1>","LIMA, Peru - Voters in Lima went out.",2025-01-03\n'
    "only one cell\n"
)

Open = Callable[[str], Page]


@pytest.fixture
def visit(new_page: conftest.Open) -> Open:
    """Open the page of a server that the test started."""

    def open_page(url: str) -> Page:
        page = new_page(viewport={"width": 1440, "height": 900})
        page.goto(url)
        page.frame_locator("iframe[title*='folium']").locator(".leaflet-marker-icon").first.wait_for()
        return page

    return open_page


@pytest.fixture
def local(tmp_path: Path) -> Iterator[str]:
    with serve({"MAP_APP_STORE": str(tmp_path / "s.sqlite")}, f"--secrets.files={tmp_path / 'none.toml'}") as url:
        yield url


def figures(page: Page, text: str) -> None:
    expect(page.locator(".figures")).to_contain_text(text, timeout=SLOW)


def choose(page: Page, *files: Path) -> None:
    page.get_by_role("button", name="Add articles").click()
    page.locator("input[type=file]").set_input_files([str(file) for file in files])


def test_an_upload_is_previewed_added_and_on_the_map_without_a_restart(local: str, visit: Open, tmp_path: Path) -> None:
    export = tmp_path / "export.csv"
    export.write_text(CSV, encoding="utf-8")
    broken = tmp_path / "broken.json"
    broken.write_text('{"a": ', encoding="utf-8")
    page, visitor = visit(local), visit(local)
    assert not (tmp_path / "s.sqlite").exists()

    choose(page, export, broken)
    expect(page.locator(".preview")).to_have_count(2)
    expect(page.locator(".preview").first).to_contain_text("2 articles, 1 failed")
    expect(page.locator(".preview").first).to_contain_text("<img src=x onerror=window.ran=1>")
    expect(page.locator(".preview").first).to_contain_text("row 4")
    assert not (tmp_path / "s.sqlite").exists()

    page.get_by_role("button", name="Add 2 articles").click()
    expect(page.locator(".tally")).to_contain_text("2added0updated0unchanged2failed", timeout=SLOW)
    figures(page, "2 of 2 articles")
    with page.expect_download() as download:
        page.get_by_role("button", name="Download the report").click()
    report = list(csv.reader(io.StringIO(Path(download.value.path()).read_text("utf-8-sig"))))
    assert ["added", "", "2"] in report
    assert any(row[:2] == ["failed", "export.csv, row 4"] for row in report)

    visitor.reload()
    figures(visitor, "2 of 2 articles")
    assert page.evaluate("window.ran") is None

    page.get_by_role("button", name="Done").click()
    expect(page.locator(".preview")).to_have_count(0)
    page.locator("input[type=file]").set_input_files(str(export))
    page.get_by_role("button", name="Add 2 articles").click()
    expect(page.locator(".tally")).to_contain_text("0added0updated2unchanged1failed", timeout=SLOW)


def test_a_file_without_an_article_cannot_be_added_and_says_why(local: str, visit: Open, tmp_path: Path) -> None:
    empty = tmp_path / "empty.csv"
    empty.write_text("", encoding="utf-8")
    page = visit(local)
    choose(page, empty)
    expect(page.locator(".preview")).to_contain_text("0 articles, 1 failed")
    expect(page.get_by_role("button", name="Nothing to add")).to_be_disabled()


def test_columns_that_nobody_could_guess_are_chosen_before_anything_is_added(
    local: str, visit: Open, tmp_path: Path
) -> None:
    export = tmp_path / "export.csv"
    export.write_text("der_Kopf,*Inhalt*\nRegen,Heavy rain fell in Osaka on Monday.\n", encoding="utf-8")
    page = visit(local)
    choose(page, export)
    expect(page.locator(".preview")).to_contain_text("no column can be told to be the title")
    expect(page.get_by_role("button", name="Nothing to add")).to_be_disabled()
    for field, column in (("Title", "der_Kopf"), ("Text", "*Inhalt*")):
        page.get_by_role("combobox", name=field, exact=True).click()
        page.get_by_role("option", name=column, exact=True).click()
    expect(page.locator(".preview")).to_contain_text("Heavy rain fell", timeout=SLOW)
    page.get_by_role("button", name="Add 1 article").click()
    expect(page.locator(".tally")).to_contain_text("1added", timeout=SLOW)
    page.get_by_role("button", name="Back to the list").click()
    expect(page.locator("[class*='st-key-read-'] button").first).to_contain_text("Regen")


def test_editors_sign_in_with_the_password_and_out_again(visit: Open, tmp_path: Path) -> None:
    secrets = tmp_path / "secrets.toml"
    secrets.write_text(f'[editors]\npassword = "{PASSWORD}"\n', encoding="utf-8")
    with serve({"MAP_APP_STORE": str(tmp_path / "s.sqlite")}, f"--secrets.files={secrets}") as url:
        page = visit(url)
        add = page.get_by_role("button", name="Add articles")
        expect(add).to_have_count(0)
        page.get_by_role("button", name="Editors").click()
        field = page.get_by_label("Password").first
        field.fill("not the password")
        field.press("Enter")
        expect(page.get_by_role("dialog")).to_contain_text("That is not the password", timeout=SLOW)
        field.fill(PASSWORD)
        field.press("Enter")
        expect(add).to_be_visible(timeout=SLOW)
        # A session of its own is a visitor's still.
        expect(visit(url).get_by_role("button", name="Add articles")).to_have_count(0)
        page.get_by_role("button", name="Sign out").click()
        expect(add).to_have_count(0, timeout=SLOW)


def test_a_page_that_nobody_may_edit_says_so(visit: Open, tmp_path: Path) -> None:
    environment = {"MAP_APP_STORE": str(tmp_path / "s.sqlite"), "MAP_APP_EDITORS": "nobody"}
    with serve(environment) as url:
        page = visit(url)
        expect(page.get_by_role("button", name="Add articles")).to_have_count(0)
        page.get_by_role("button", name="Editors").click()
        expect(page.get_by_role("dialog")).to_contain_text("it is for reading")


def test_a_store_that_cannot_be_written_says_so_and_the_map_goes_on(visit: Open, tmp_path: Path) -> None:
    folder = tmp_path / "file-in-the-way"
    folder.write_text("", encoding="utf-8")
    article = tmp_path / "a.txt"
    article.write_text("OSAKA, Japan - Heavy rain fell in Osaka.", encoding="utf-8")
    environment = {"MAP_APP_STORE": str(folder / "s.sqlite")}
    with serve(environment, f"--secrets.files={tmp_path / 'none.toml'}") as url:
        page = visit(url)
        choose(page, article)
        page.get_by_role("button", name="Add 1 article").click()
        notice = page.locator(".st-key-panel .notice")
        expect(notice).to_contain_text("log", timeout=SLOW)
        assert str(tmp_path) not in notice.inner_text()
        page.get_by_role("button", name="Back to the list").click()
        expect(page.locator("[class*='st-key-read-']").first).to_be_visible()


@contextmanager
def sign_in_at(provider: Provider, folder: Path, visit: Open, editors: str) -> Iterator[Page]:
    """A page that signs in at this provider, with whoever comes signed in."""
    secrets = folder / "secrets.toml"
    secrets.write_text(
        f"""[auth]
        redirect_uri = "http://127.0.0.1:{{port}}/oauth2callback"
        cookie_secret = "thirty-two characters of no secret"
        client_id = "{CLIENT_ID}"
        client_secret = "{CLIENT_SECRET}"
        server_metadata_url = "{provider.url}/.well-known/openid-configuration"
        """,
        encoding="utf-8",
    )
    environment = {"MAP_APP_STORE": str(folder / "s.sqlite"), "MAP_APP_EDITORS": editors}
    with serve(environment, f"--secrets.files={secrets}") as url:
        page = visit(url)
        expect(page.get_by_role("button", name="Add articles")).to_have_count(0)
        page.get_by_role("button", name="Editors").click()
        with page.expect_response(lambda answer: "/oauth2callback" in answer.url):
            page.get_by_role("dialog").get_by_role("button", name="Sign in").click()
        page.frame_locator("iframe[title*='folium']").locator(".leaflet-marker-icon").first.wait_for()
        yield page


def test_an_editor_signs_in_by_openid_connect(visit: Open, tmp_path: Path) -> None:
    with (
        provide(email="ann@paper.example", email_verified=True) as provider,
        sign_in_at(provider, tmp_path, visit, "Ann@paper.example") as page,
    ):
        expect(page.get_by_role("button", name="Add articles")).to_be_visible(timeout=SLOW)
        expect(page.locator(".st-key-editors-foot")).to_contain_text("ann@paper.example")
        page.get_by_role("button", name="Sign out").click()
        expect(page.get_by_role("button", name="Editors")).to_be_visible(timeout=SLOW)
        expect(page.get_by_role("button", name="Add articles")).to_have_count(0)


@pytest.mark.parametrize(
    ("claims", "says"),
    [
        ({"email": "eve@evil.example", "email_verified": True}, "eve@evil.example, who is not among the editors"),
        ({"email": "ann@paper.example", "email_verified": False}, "has not verified"),
        ({"email": "ann@paper.example"}, "does not say"),
    ],
    ids=["not named", "not verified", "nothing said"],
)
def test_whoever_else_signs_in_stays_a_visitor_and_is_told_why(
    visit: Open, tmp_path: Path, claims: dict[str, object], says: str
) -> None:
    with provide(**claims) as provider, sign_in_at(provider, tmp_path, visit, "ann@paper.example") as page:
        page.get_by_role("button", name="Editors").click()
        expect(page.get_by_role("dialog")).to_contain_text(says, timeout=SLOW)
        expect(page.get_by_role("dialog").get_by_role("button", name="Sign out")).to_be_visible()
        expect(page.get_by_role("button", name="Add articles")).to_have_count(0)
