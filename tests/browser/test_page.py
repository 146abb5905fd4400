"""The whole page, in a real Chromium, against a real server."""

import re
from collections.abc import Callable
from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.sync_api import FrameLocator, Page, expect

pytestmark = pytest.mark.browser

Open = Callable[..., Page]
SLOW = 30_000


def frame(page: Page) -> FrameLocator:
    return page.frame_locator("iframe[title*='folium']")


def figures(page: Page, text: str) -> None:
    expect(page.locator(".figures")).to_contain_text(text, timeout=SLOW)


def test_the_first_visit_shows_markers_a_count_and_the_newest_article_first(visit: Open) -> None:
    page = visit()
    figures(page, "3 of 3 articles")
    titles = page.locator("[class*='st-key-read-'] button")
    expect(titles).to_have_count(3)
    expect(titles.nth(2)).to_contain_text("Troops near Kursk")


def test_a_country_filter_changes_the_list_the_map_and_the_address(visit: Open) -> None:
    page = visit()
    page.get_by_role("button", name="Filters").click()
    page.get_by_role("combobox", name="Country").click()
    japan = page.get_by_role("option", name="Japan")
    expect(japan).to_be_visible()
    expect(page.get_by_text("Select all")).to_have_count(0)
    japan.click()
    figures(page, "1 of 3 articles")
    page.wait_for_url("**country=JP**")
    expect(page.locator(".st-key-chips")).to_contain_text("Japan")


def test_a_date_filter_changes_the_list_the_markers_and_the_address(visit: Open) -> None:
    page = visit()
    markers = frame(page).locator("[aria-label^='Ukraine, country'], [aria-label^='Japan, country']")
    expect(markers).to_have_count(2)
    page.get_by_role("button", name="Filters").click()
    # The calendar's field has a part each for day, month and year.
    page.get_by_role("spinbutton", name="day").first.click()
    page.keyboard.type("01012025", delay=60)
    page.get_by_test_id("stPopoverBody").get_by_text("Date", exact=True).click()  # leaving the calendar takes the day
    figures(page, "2 of 3 articles")
    page.wait_for_url("**from=2025-01-01**")
    expect(markers).to_have_count(1)
    expect(markers).to_have_attribute("aria-label", "Japan, country: 1 article, only filed from here")


def test_an_address_restores_dates_countries_and_the_open_article(visit: Open) -> None:
    page = visit("/?from=2024-11-01&to=2024-11-30&country=UA&article=kursk")
    figures(page, "This article")
    expect(page.locator(".article h2")).to_contain_text("Troops near Kursk")
    assert "country=UA" in page.url
    assert "from=2024-11-01" in page.url
    assert page.locator(".article mark[title*='Kyiv']").count() > 0
    page.get_by_role("button", name="Back to the list").click()
    figures(page, "1 of 3 articles")


def test_while_an_article_is_read_the_map_shows_its_places_alone(visit: Open) -> None:
    page = visit("/?article=tokyo")
    figures(page, "This article · 3 places")
    japan = frame(page).locator(".nm-badge")
    expect(japan).to_have_count(1)
    expect(japan).to_be_in_viewport()
    page.get_by_role("button", name="Back to the list").click()
    figures(page, "3 of 3 articles")
    expect(frame(page).locator(".nm-badge")).to_have_count(3)


def test_each_place_shows_what_it_is_to_its_stories(visit: Open) -> None:
    page = visit("/?lat=36&lon=137&zoom=7")
    page.wait_for_timeout(1500)  # the map flies to where the link says
    tokyo = frame(page).locator(".nm-pin.nm-city.nm-focus[aria-label*='Tokyo']")
    expect(tokyo).to_have_attribute("aria-label", re.compile("in focus$"))
    tokyo.focus()
    tokyo.press("Enter")
    expect(frame(page).locator(".leaflet-popup .nm-role")).to_have_text(["Focus", "Filed from here"])
    expect(frame(page).locator(".nm-pin[aria-label^='Japan,']")).to_have_class(re.compile("nm-dateline"))
    places = page.locator(".st-key-panel .story .places", has_text="Tokyo")
    expect(places.locator("b")).to_have_text("Tokyo")
    expect(places.locator("i")).to_have_text("filed from Tokyo, Japan")


def test_the_page_says_how_much_it_gets_right_and_how_that_was_measured(visit: Open) -> None:
    page = visit()
    line = page.get_by_text(re.compile(r"^[\d,]+ of [\d,]+ places right on our hand-checked set$"))
    line.click()
    expect(page.locator(".measured").first).to_contain_text("sample digests")
    expect(page.locator(".measured").last).to_contain_text("python -m map_app evaluate")


@pytest.mark.parametrize("width", [1440, 360])
def test_how_it_was_measured_can_be_read_whole_by_keyboard_and_on_a_phone(visit: Open, width: int) -> None:
    page = visit(width=width)
    page.get_by_text(re.compile("places right on our hand-checked set$")).click()
    page.get_by_role("button", name="How it was measured").press("Enter")
    told = page.get_by_role("dialog")
    expect(told.get_by_role("heading", name="What it gets wrong")).to_be_visible()
    expect(told).to_contain_text("end to end F1")
    box = told.bounding_box()
    assert box is not None
    assert box["x"] >= 0
    assert box["x"] + box["width"] <= width
    # A table that is too wide is scrolled by itself, and nothing else is.
    assert told.locator(".st-key-measurements").evaluate("it => it.scrollWidth <= it.clientWidth")
    page.keyboard.press("Escape")
    expect(told).to_have_count(0)


def test_a_role_in_the_address_filters_the_map_the_list_and_the_chips(visit: Open) -> None:
    page = visit("/?role=dateline")
    figures(page, "3 of 3 articles · 6 places")
    expect(page.locator(".st-key-chips")).to_contain_text("Filed from here")
    expect(frame(page).locator(".nm-pin[aria-label^='Lima,']")).to_have_class(re.compile("nm-focus"))
    expect(frame(page).locator(".nm-pin[aria-label^='Peru,']")).to_have_class(re.compile("nm-dateline"))
    page.locator(".st-key-chips button").first.click()
    figures(page, "3 of 3 articles")
    expect(page.locator(".st-key-chips")).to_have_count(0)
    page.wait_for_url(lambda url: "role" not in url)


def test_a_kind_of_place_in_the_address_filters_too(visit: Open) -> None:
    page = visit("/?kind=city")
    figures(page, "3 of 3 articles")
    expect(page.locator(".st-key-chips")).to_contain_text("City or town")


def test_a_role_chosen_in_the_drawer_is_in_the_address(visit: Open) -> None:
    page = visit()
    page.get_by_role("button", name="Filters").click()
    page.get_by_role("combobox", name="Role in the story").click()
    page.get_by_role("option", name="What it is about").click()
    page.wait_for_url("**role=focus**")
    expect(page.locator(".st-key-chips")).to_contain_text("What it is about")


def test_bad_values_in_an_address_are_ignored_with_a_notice(visit: Open) -> None:
    page = visit("/?from=2026-13-45&lat=NaN&country=%3Cscript%3E&q=rain")
    figures(page, "1 of 3 articles")
    expect(page.locator(".notice").first).to_contain_text("ignored")


def test_a_filter_that_leaves_nothing_says_why_and_is_reset(visit: Open) -> None:
    page = visit()
    page.get_by_role("button", name="Filters").click()
    page.get_by_role("textbox", name="Words").fill("zebra")
    page.keyboard.press("Enter")
    figures(page, "0 of 3 articles")
    expect(page.locator(".empty")).to_contain_text("None of the 3 articles")
    page.keyboard.press("Escape")
    page.locator(".st-key-reset-empty button").click()
    figures(page, "3 of 3 articles")


def test_a_text_of_ones_own_is_mapped_for_oneself_alone(visit: Open) -> None:
    page = visit()
    page.get_by_role("button", name="Try your text").click()
    page.get_by_role("textbox", name="Your own text").fill("NAIROBI, Kenya - Traders in Nairobi met on Friday.")
    page.get_by_role("button", name="Find the places").click()
    expect(page.locator("table.found")).to_contain_text("Nairobi", timeout=SLOW)
    expect(frame(page).locator("[aria-label^='Nairobi, city']")).to_be_in_viewport()
    assert "Nairobi" not in page.url
    figures(visit(), "3 of 3 articles")


#: How far the first letter of a paragraph is from the right edge.
FIRST_LETTER = """(node) => {
  const texts = document.createTreeWalker(node, NodeFilter.SHOW_TEXT), letter = document.createRange();
  letter.setStart(texts.nextNode(), 0);
  letter.setEnd(texts.currentNode, 1);
  return node.getBoundingClientRect().right - letter.getBoundingClientRect().right;
}"""


def test_what_is_written_from_right_to_left_begins_on_the_right(visit: Open) -> None:
    page = visit()
    page.get_by_role("button", name="Try your text").click()
    page.get_by_role("textbox", name="Your own text").fill("التقى الوزراء في القاهرة يوم الأحد.")
    page.get_by_role("button", name="Find the places").click()
    text = page.locator(".article p").last
    expect(text).to_contain_text("القاهرة", timeout=SLOW)
    assert text.evaluate(FIRST_LETTER) < 10


def test_a_hostile_article_shows_as_text_and_runs_nothing(visit: Open) -> None:
    page = visit("/?article=hostile")
    expect(page.locator(".article h2")).to_contain_text("{{7*7}} {% raw ${alert(1)} `x`")
    expect(page.locator(".article h2")).to_contain_text("<img src=https://evil.example/x.png")
    assert page.locator(".article h2").evaluate("node => node.scrollWidth <= node.clientWidth")
    assert page.locator(".article a").count() == 0
    page.get_by_role("button", name="Back to the list").click()
    title = page.locator("[class*='st-key-read-'] button").first
    expect(title).to_contain_text("{{7*7}} {% raw ${alert(1)} `x`")
    expect(title).to_contain_text(":smile:")
    assert page.evaluate("window.ran") is None


def test_a_phone_shows_map_and_list_without_scrolling_sideways(visit: Open) -> None:
    page = visit(width=390, height=844)
    figures(page, "3 of 3 articles")
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    box = page.locator("iframe[title*='folium']").bounding_box()
    assert box is not None
    assert box["width"] == 390
    assert box["height"] > 300


@pytest.mark.parametrize(("width", "words"), [(768, True), (390, False)], ids=["tablet", "phone"])
def test_the_buttons_say_what_they_are_where_there_is_room(visit: Open, width: int, words: bool) -> None:
    page = visit(width=width)
    for name in ("Filters", "Try your text", "Copy link"):
        box = page.get_by_role("button", name=name).bounding_box()
        assert box is not None
        assert (box["width"] > 80) is words, name
    assert page.evaluate("document.documentElement.scrollWidth") == width


def test_a_click_on_a_place_opens_its_popup_and_lists_its_articles(visit: Open) -> None:
    page = visit("/?country=JP&lat=36&lon=138&zoom=6")
    page.wait_for_timeout(1500)  # the map flies to where the link says
    frame(page).locator(".leaflet-marker-icon.nm-badge").first.click()
    popup = frame(page).locator(".leaflet-popup")
    expect(popup).to_be_visible()
    expect(popup.locator("mark").first).to_be_visible()
    page.wait_for_url("**place=country*", timeout=SLOW)
    expect(page.locator(".st-key-chips")).to_contain_text("Place:")
    figures(page, "1 of 3 articles")
    page.locator("[class*='st-key-read-'] button").first.click()
    expect(page.locator(".article")).to_be_visible()
    expect(popup).to_have_count(0)
    frame(page).locator(".leaflet-marker-icon.nm-badge").first.click()
    expect(page.locator(".article")).to_have_count(0)  # the list of the place again


@pytest.mark.parametrize("width", [700, 390])
def test_in_another_page_the_map_is_alone_and_leads_to_all_of_it(visit: Open, site: str, width: int) -> None:
    page = visit("/?embed=true&country=UA", width=width, height=450)
    full = page.get_by_role("link", name="Open the full map")
    expect(full).to_be_visible()
    expect(page.locator(".full")).to_contain_text("1 of 3 articles")
    assert page.locator("iframe[title*='folium']").bounding_box() == {"x": 0, "y": 0, "width": width, "height": 450}
    expect(page.get_by_role("button", name="Filters")).to_have_count(0)
    expect(page.locator("#first-paint main")).to_be_hidden()
    frame(page).locator("[aria-label^='Ukraine, country']").press("Enter")
    expect(frame(page).get_by_role("dialog", name="Ukraine")).to_be_visible()
    with page.context.expect_page() as opened:
        full.click()
    assert "country=UA" in opened.value.url
    assert "embed" not in opened.value.url
    figures(opened.value, "1 of 3 articles")


@pytest.mark.parametrize(("width", "height"), [(1440, 400), (390, 844)], ids=["wide", "phone"])
def test_an_article_begins_at_its_top_and_the_list_is_found_where_it_was_left(
    visit: Open, width: int, height: int
) -> None:
    page = visit(width=width, height=height)
    last = page.locator("[class*='st-key-read-'] button").last
    last.scroll_into_view_if_needed()
    places = "['.st-key-panel', '.stMain'].map((name) => document.querySelector(name).scrollTop)"
    left = page.evaluate(places)
    assert sum(left) > 100
    last.click()
    expect(page.locator(".article h2")).to_be_in_viewport()
    expect(page.get_by_role("button", name="Back to the list")).to_be_in_viewport()
    page.get_by_role("button", name="Back to the list").click()
    figures(page, "3 of 3 articles")
    page.wait_for_function(f"(left) => {places}.every((now, i) => Math.abs(now - left[i]) < 3)", arg=left)
    page.get_by_role("button", name="Filters").click()
    page.get_by_role("textbox", name="Words").fill("kyiv")
    page.keyboard.press("Enter")
    figures(page, "1 of 3 articles")
    expect(page.locator(".st-key-chips")).to_be_in_viewport()


def test_the_keyboard_can_skip_the_places_of_the_map(visit: Open) -> None:
    page = visit()
    page.get_by_role("button", name="Copy link").focus()
    page.keyboard.press("Tab")
    skip = page.get_by_role("link", name="Skip the map")
    expect(skip).to_be_focused()
    expect(skip).to_be_in_viewport()
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="CSV")).to_be_focused()
    figures(page, "3 of 3 articles")


def test_the_links_over_the_list_bring_what_is_shown(visit: Open) -> None:
    page = visit("/?country=UA")
    for name, ending in (("CSV", ".csv"), ("GeoJSON", ".geojson")):
        with page.expect_download() as download:
            page.get_by_role("link", name=name, exact=True).click()
        assert download.value.suggested_filename.endswith(ending)
        text = download.value.path().read_text(encoding="utf-8")
        assert "Kyiv" in text
        assert "Osaka" not in text


def test_a_copied_link_opens_the_same_view_and_holds_dates_in_place_of_a_preset(visit: Open) -> None:
    page = visit("/?country=UA&lat=50.0&lon=30.0&zoom=5")
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.get_by_role("button", name="Copy link").click()
    page.get_by_role("button", name="Link copied").wait_for()
    link = page.evaluate("navigator.clipboard.readText()")
    assert "country=UA" in link
    assert "zoom=5" in link
    again = visit("/?" + link.partition("?")[2])
    figures(again, "1 of 3 articles")
    assert "zoom=5" in again.url


def pan(page: Page) -> None:
    """Drag the map as a hand does, from a spot of sea."""
    before = page.url
    box = page.locator("iframe[title*='folium']").bounding_box()
    assert box is not None
    x, y = box["x"] + box["width"] * 0.35, box["y"] + box["height"] * 0.6
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + 90, y - 40, steps=6)
    page.mouse.up()
    page.wait_for_url(lambda url: url != before)
    page.wait_for_timeout(1000)  # it glides on for a while


def viewed(page: Page) -> tuple[float, float, float]:
    """Latitude, longitude and zoom in the address."""
    query = parse_qs(urlsplit(page.url).query)
    lat, lon, zoom = (float(query[name][0]) for name in ("lat", "lon", "zoom"))
    return lat, lon, zoom


@pytest.mark.parametrize(
    ("query", "width"),
    [("/", 1440), ("/", 1920), ("/", 2560), ("/", 390), ("/?lat=85&lon=10&zoom=3", 1440), ("/?zoom=0", 1440)],
)
def test_the_address_follows_the_map_whatever_the_window_and_the_link(visit: Open, query: str, width: int) -> None:
    page = visit(query, width=width)
    page.wait_for_timeout(1500)  # the map goes where the link says
    assert ("lat=" in page.url) == ("lat=" in query), "on its own it tells nothing"
    pan(page)
    first = viewed(page)
    pan(page)
    assert viewed(page) != first


def test_fit_to_results_goes_there_again_and_is_in_the_link(visit: Open) -> None:
    page = visit("/?country=JP")
    japan = frame(page).locator("[aria-label^='Japan, country']")
    expect(japan).to_be_in_viewport()
    assert "lat=" not in page.url, "where it starts is not the visitor's choice"
    fit = frame(page).get_by_role("button", name="Fit to results")
    pan(page)
    moved = viewed(page)
    fit.click()
    page.wait_for_url(lambda _: viewed(page) != moved)
    page.wait_for_timeout(1000)
    fitted = viewed(page)
    assert fitted[2] > 4
    pan(page)
    assert viewed(page) != fitted
    fit.click()
    page.wait_for_timeout(2000)
    assert viewed(page) == pytest.approx(fitted, abs=0.01)


def test_a_place_in_the_link_is_where_the_map_starts(visit: Open) -> None:
    page = visit("/?place=country:JP")
    japan = frame(page).locator("[aria-label^='Japan, country']")
    expect(japan).to_be_in_viewport()
    expect(japan).not_to_have_class(re.compile("nm-waiting"))
    expect(frame(page).locator("[aria-label^='Ukraine, country']")).not_to_be_in_viewport()
    expect(page.locator(".st-key-chips")).to_contain_text("Place: Japan")
    assert "lat=" not in page.url


def test_a_view_in_the_link_is_kept_though_no_result_is_there_and_the_map_says_so(visit: Open) -> None:
    page = visit("/?country=JP&lat=50&lon=-100&zoom=4")
    frame(page).get_by_role("button", name="Go to the results").click()
    expect(frame(page).locator("[aria-label^='Japan, country']")).to_be_in_viewport()
    expect(frame(page).get_by_role("button", name="Fit to results")).to_be_visible()


def test_back_lifts_the_last_filter_however_often_the_map_was_moved(visit: Open) -> None:
    page = visit("/?country=JP")
    pan(page)
    pan(page)
    page.locator(".st-key-chips button").first.click()
    figures(page, "3 of 3 articles")
    page.wait_for_url(lambda url: "country" not in url)
    pan(page)
    moved = viewed(page)
    page.go_back()
    figures(page, "1 of 3 articles")
    page.wait_for_timeout(1000)
    assert viewed(page) == moved, "the map stays where it is"
    page.go_forward()
    figures(page, "3 of 3 articles")


def test_opening_an_article_keeps_where_the_map_looks_in_the_address(visit: Open) -> None:
    page = visit()
    pan(page)
    moved = viewed(page)
    page.locator("[class*='st-key-read-'] button").first.click()
    page.wait_for_url("**article=**")
    page.wait_for_timeout(1000)
    assert viewed(page) == moved
    page.reload()
    frame(page).locator(".leaflet-marker-icon").first.wait_for()
    expect(page.locator(".article")).to_be_visible()
    assert viewed(page) == moved
