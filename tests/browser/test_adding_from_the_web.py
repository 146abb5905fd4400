"""Addresses and feeds that an editor adds on the page, from a real site on this machine."""

import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from scripts.serving import serve
from tests.browser.conftest import Open

pytestmark = pytest.mark.browser

SLOW = 40_000

STORY = (
    "<html><head><title>Floods reach Osaka</title></head><body><article><h1>Floods reach Osaka</h1>"
    "<p>OSAKA, Japan - Heavy rain fell in Osaka on Monday and the river rose above its banks in the evening, after a "
    "week in which the ground had taken up all the water that it could hold.</p>"
    "<p>People in the lower parts of the city were asked to go to the upper floors of their houses, and schools stay "
    "closed until Thursday. Trains to Kyoto do not run. The river is expected to fall from Wednesday on.</p>"
    "</article></body></html>"
)

FEED = (
    '<?xml version="1.0"?><rss version="2.0"><channel><title>Lima Daily</title><item><title>Vote in Lima</title>'
    "<guid isPermaLink='false'>1</guid><description>LIMA, Peru - Voters in Lima went out on Sunday to choose a mayor."
    "</description></item></channel></rss>"
)

Editing = Callable[..., AbstractContextManager[Page]]


class Site:
    """Answers from `pages`, and remembers what it was asked."""

    def __init__(self) -> None:
        self.pages = {"/story": ("text/html", STORY), "/feed": ("application/rss+xml", FEED)}
        self.asked: list[str] = []
        self.url = ""


@pytest.fixture
def site() -> Iterator[Site]:
    site = Site()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            site.asked.append(self.path)
            kind, text = site.pages.get(self.path, ("", ""))
            self.send_response(200 if kind else 404)
            self.send_header("Content-Type", kind or "text/plain")
            self.end_headers()
            self.wfile.write(text.encode())

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        site.url = f"http://127.0.0.1:{server.server_port}"
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield site
        server.shutdown()
        thread.join()


@pytest.fixture
def editing(new_page: Open, tmp_path: Path) -> Editing:
    """The owner's page with the panel open at one kind of source; the browser itself asks nobody else."""

    @contextmanager
    def panel(source: str, **settings: str) -> Iterator[Page]:
        environment = {"MAP_APP_STORE": str(tmp_path / "s.sqlite")} | settings
        with serve(environment, f"--secrets.files={tmp_path / 'none.toml'}") as url:
            page = new_page(viewport={"width": 1440, "height": 900})
            page.goto(url)
            page.get_by_role("button", name="Add articles").click()
            page.get_by_role("radio", name=source).click()
            yield page

    return panel


def test_an_address_becomes_an_article_on_the_map(site: Site, editing: Editing) -> None:
    with editing("Addresses", MAP_APP_ALLOW_PRIVATE_ADDRESSES="yes") as page:
        page.get_by_role("textbox", name="Web addresses").fill(f"{site.url}/story\n{site.url}/nothing")
        page.get_by_role("button", name="Fetch and add").click()
        expect(page.locator(".tally")).to_contain_text("1added0updated0unchanged1failed", timeout=SLOW)
        expect(page.locator(".preview")).to_contain_text("404")
        expect(page.locator(".figures")).to_contain_text("1 of 1 article")


def test_an_address_of_ones_own_network_is_refused_unasked(site: Site, editing: Editing) -> None:
    with editing("Addresses") as page:
        page.get_by_role("textbox", name="Web addresses").fill(f"{site.url}/story file:///etc/passwd")
        page.get_by_role("button", name="Fetch and add").click()
        expect(page.locator(".tally")).to_contain_text("0added0updated0unchanged2failed", timeout=SLOW)
        assert site.asked == []


def test_a_feed_is_followed_refreshed_and_its_health_told(site: Site, editing: Editing) -> None:
    with editing("Feeds", MAP_APP_ALLOW_PRIVATE_ADDRESSES="yes") as page:
        expect(page.locator(".st-key-panel")).to_contain_text("No feeds are followed yet")
        page.get_by_role("textbox", name="Follow a feed").fill(f"{site.url}/feed")
        page.get_by_role("button", name="Follow", exact=True).click()
        expect(page.locator(".tally")).to_contain_text("1added", timeout=SLOW)
        page.get_by_role("button", name="Done").click()
        expect(page.locator(".feed.good")).to_contain_text("Lima Daily")
        expect(page.locator(".feed.good")).to_contain_text("last good")

        site.pages.pop("/feed")
        page.get_by_role("button", name="Refresh 1 feed").click()
        expect(page.locator(".tally")).to_contain_text("1failed", timeout=SLOW)
        page.get_by_role("button", name="Done").click()
        expect(page.locator(".feed.bad")).to_contain_text("404")

        page.get_by_role("button", name="Stop following").click()
        expect(page.locator(".feed")).to_have_count(0)
        page.get_by_role("button", name="Back to the list").click()
        expect(page.locator("[class*='st-key-read-'] button").first).to_contain_text("Vote in Lima")
