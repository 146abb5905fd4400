"""A real server with a store of its own, and a real Chromium that reaches nothing else."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from map_app.app import open_app
from map_app.ingest import ingest
from map_app.settings import Settings
from map_app.store import Store
from scripts.serving import asked_elsewhere, chromium, serve

# A busy machine is no fault of the page: what is expected may take its time.
expect.set_options(timeout=20_000)

HOSTILE = (
    "{{7*7}} {% raw ${alert(1)} `x` \\ </script><script>window.ran=1</script>"
    "<img src=https://evil.example/x.png onerror=window.ran=2> $x^2$ :smile: [a](javascript:alert(1)) " + "endless" * 20
)

ARTICLES = [
    {
        "id": "kursk",
        "title": "Troops near Kursk",
        "text": "KYIV, Ukraine - Officials in Kyiv spoke of fighting in Kursk on Sunday.",
        "published": "2024-11-03",
    },
    {
        "id": "tokyo",
        "title": "Rain in Tokyo",
        "text": "TOKYO, Japan - Heavy rain fell in Tokyo and in Osaka on Monday.",
        "published": "2025-02-10",
    },
    {
        "id": "hostile",
        "title": HOSTILE,
        "text": f"LIMA, Peru - People in Lima saw {HOSTILE} on a wall.",
        "published": "2025-03-01",
        "url": "javascript:window.ran=3",
    },
]
"""The owner's articles of these tests."""

Open = Callable[..., Page]


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a page that shows ARTICLES."""
    folder = tmp_path_factory.mktemp("site")
    lines = folder / "articles.jsonl"
    lines.write_text("\n".join(json.dumps(article) for article in ARTICLES), encoding="utf-8")
    store_path: Path = folder / "articles.sqlite"
    app = open_app(Settings())
    with Store.open(store_path) as store:
        ingest([lines], geoparser=app.geoparser, store=store, limits=app.settings)
    with serve({"MAP_APP_STORE": str(store_path)}) as url:
        yield url


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """One for all tests of a module: what they open in it knows nothing of each other."""
    with chromium() as opened:
        yield opened


@pytest.fixture
def new_page(browser: Browser) -> Iterator[Open]:
    """Open an empty page in a context of its own, made with the options given; nothing may leave the machine."""
    tried: list[list[str]] = []
    pages: list[Page] = []

    def open_page(**options: Any) -> Page:
        page = browser.new_context(**options).new_page()
        page.set_default_timeout(40_000)
        tried.append(asked_elsewhere(page))
        pages.append(page)
        return page

    yield open_page
    for page in pages:
        page.context.close()
    assert [urls for urls in tried if urls] == []


@pytest.fixture
def visit(site: str, new_page: Open) -> Open:
    """Open the page of `site` at an address, with a wide window or another size."""

    def open_page(query: str = "", *, width: int = 1440, height: int = 900) -> Page:
        page = new_page(viewport={"width": width, "height": height})
        page.goto(site + query)
        page.frame_locator("iframe[title*='folium']").locator(".leaflet-marker-icon").first.wait_for()
        return page

    return open_page
