"""What there is before the page's script has run, and where none runs."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, Route, expect

from map_app.ui.first_paint import DESCRIPTION, TITLE
from scripts.serving import serve
from tests.browser.conftest import Open

pytestmark = pytest.mark.browser

Box = dict[str, float]


@pytest.fixture(scope="module")
def below(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A page that is served below a path, as behind a proxy that serves others too."""
    store = tmp_path_factory.mktemp("none") / "none.sqlite"
    with serve({"MAP_APP_STORE": str(store)}, "--server.baseUrlPath=news/map", at="/news/map") as url:
        yield f"{url}/"


def boxes(page: Page, *selectors: str) -> list[Box | None]:
    return [page.locator(selector).bounding_box() for selector in selectors]


@pytest.mark.parametrize("width", [1440, 390], ids=["wide", "phone"])
def test_the_outline_lies_where_the_page_will_be_and_goes(visit: Open, width: int) -> None:
    page = visit(width=width)
    expect(page.locator("#first-paint header, #first-paint main, #first-paint aside")).to_have_count(3)
    for part in ("header", "main", "aside"):
        expect(page.locator(f"#first-paint {part}")).to_be_hidden()
    head, the_map, panel = boxes(page, ".st-key-head", ".st-key-mapframe iframe", ".st-key-panel")

    def without_script(route: Route) -> None:
        route.abort() if route.request.resource_type == "script" else route.fallback()

    page.route("**/*", without_script)
    page.reload(wait_until="commit")
    expect(page.locator("#first-paint aside")).to_be_visible()
    outlined = boxes(page, "#first-paint header", "#first-paint main", "#first-paint aside")
    assert outlined[:2] == [head, the_map]
    assert panel is not None
    assert outlined[2] is not None
    assert [outlined[2][side] for side in ("x", "y", "width")] == [panel[side] for side in ("x", "y", "width")]


def test_nothing_of_the_outline_comes_back_over_the_page(visit: Open) -> None:
    page = visit()
    page.get_by_role("button", name="Try your text").click()
    page.get_by_role("textbox").wait_for()
    for part in ("header", "main", "aside"):
        expect(page.locator(f"#first-paint {part}")).to_be_hidden()


def test_without_javascript_there_is_a_sentence_and_no_outline(below: str, new_page: Open) -> None:
    page = new_page(java_script_enabled=False)
    page.goto(below)
    expect(page).to_have_title(TITLE)
    expect(page.locator("noscript p")).to_contain_text("JavaScript")
    expect(page.locator("#first-paint")).to_be_hidden()


def test_a_shared_link_unfurls_and_opens_below_a_path_too(below: str, new_page: Open) -> None:
    page = new_page()
    page.goto(f"{below}?country=UA")
    expect(page.locator("meta[property='og:title']")).to_have_attribute("content", TITLE)
    expect(page.locator("meta[name='description']")).to_have_attribute("content", DESCRIPTION)
    expect(page.locator(".st-key-chips")).to_contain_text("Ukraine", timeout=40_000)
    expect(page.locator("#first-paint aside")).to_be_hidden(timeout=40_000)
