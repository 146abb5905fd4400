"""The map alone, in a real Chromium, from plain files on a loopback server."""

import functools
import http.server
import json
import re
import shutil
import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from itertools import chain
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Dialog, Page, Request, Route, expect

from map_app.geo import Point
from map_app.model import Feature, Pin, Place, Role, Snippet, Story
from map_app.webmap import constant_map, payload, results_layer, shown_at, static_folders, story_row

pytestmark = pytest.mark.browser

HOSTILE = (
    "{{7*7}} {% raw ${alert(1)} `x` \\ </script><script>alert(2)</script><img src=x onerror=alert(3)> "
    "{{cycler.__init__}}"
)


def pin(
    name: str,
    at: tuple[float, float],
    feature: Feature,
    numbers: tuple[int, ...],
    *,
    country: str = "",
    radius_km: float | None = None,
    title: str = "",
    url: str = "",
) -> Pin:
    text = f"Officials in {name} spoke on Tuesday. {HOSTILE}"
    snippet = Snippet(text, ((13, 13 + len(name)),))
    stories = tuple(
        Story(n, f"a{n}", title or f"News {n} from {name}", url, "The Paper", datetime(2025, 3, n, tzinfo=UTC), snippet)
        for n in numbers[:3]
    )
    place = Place(f"{feature}:{name}", name, Point(*at), feature, country, radius_km=radius_km)
    return Pin(place, len(numbers), stories, numbers, Role.FOCUS)


PINS = [
    pin("Lima", (-12.04, -77.03), Feature.CITY, (1, 2, 3), country="PE", title=HOSTILE, url="javascript:alert(4)"),
    pin("Ukraine", (49.0, 32.0), Feature.COUNTRY, tuple(range(1, 13)), country="UA"),
    pin("Kyiv", (50.45, 30.52), Feature.CITY, (4, 5, 6), country="UA", url="https://example.org/kyiv"),
    pin("Kyiv Oblast", (50.3, 30.4), Feature.ADMIN1, (4, 5), country="UA", radius_km=100),
    pin("Black Sea", (43.0, 34.0), Feature.WATER, (7,), radius_km=400),
    pin("Sahel", (15.0, 5.0), Feature.REGION, (8, 9), radius_km=1200),
    pin("Africa", (2.0, 20.0), Feature.CONTINENT, (8, 9, 10)),
    pin("Tokyo", (35.68, 139.69), Feature.CITY, (11,), country="JP"),
]
NORTHERN = pin("Longyearbyen", (78.22, 15.65), Feature.CITY, (1, 2, 3), country="SJ")
TWINS = [pin(name, (-12.04, -77.03), Feature.CITY, (n,), country="PE") for n, name in enumerate(("Lima", "Callao"), 1)]
SUVA, APIA = (
    pin(name, at, Feature.CITY, numbers, country=code)
    for name, at, code, numbers in (("Suva", (-18.1, 178.4), "FJ", (1, 2)), ("Apia", (-13.8, -171.8), "WS", (1,)))
)
SIZES = (1, 8, 60, 500, 4_000)
GROWING = [
    replace(pin(f"Of {count}", (0, 2 * n), Feature.CITY, (1,)), article_count=count) for n, count in enumerate(SIZES)
]
SHARED = [pin(name, (-12.04, -77.03), Feature.CITY, (1,), country="PE") for name in ("Lima", "Callao")]
CROWDED = [PINS[1], pin("Middle", (49.0, 32.0), Feature.CITY, tuple(range(1, 40)), country="UA")]
FITTED = {"all": PINS, "country": PINS[1:2], "city": PINS[2:3], "pacific": [SUVA, APIA], "continent": PINS[6:7]}
COUNTS = {"UA": 12, "PE": 3, "JP": 1, "VA": 1}


class Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 the base class names it
        """Keep requests out of the test's output."""


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder: Path = tmp_path_factory.mktemp("site")
    for name, source in static_folders().items():
        shutil.copytree(source, folder / name)
    for theme in ("light", "dark"):
        news_map = constant_map(lambda name: name, theme=theme)
        results_layer(payload(PINS, COUNTS)).add_to(news_map)
        (folder / f"{theme}.html").write_text(news_map.get_root().render(), encoding="utf-8")
    news_map = constant_map(lambda name: name)
    results_layer(payload([NORTHERN, PINS[0]], COUNTS)).add_to(news_map)
    (folder / "north.html").write_text(news_map.get_root().render(), encoding="utf-8")
    news_map = constant_map(lambda name: name)
    outlines = json.loads((static_folders()["newsmap"] / "outlines.json").read_text("utf-8"))["features"]
    [(lon, lat)] = [f["properties"]["label"] for f in outlines if f["properties"]["name"] == "Romania"]
    results_layer(payload([pin("Covering", (lat, lon), Feature.CITY, (1,), country="RO")], COUNTS)).add_to(news_map)
    (folder / "covered.html").write_text(news_map.get_root().render(), encoding="utf-8")
    news_map = constant_map(lambda name: name)
    results_layer(payload(TWINS, COUNTS)).add_to(news_map)
    (folder / "twins.html").write_text(news_map.get_root().render(), encoding="utf-8")
    news_map = constant_map(lambda name: name)
    for name, pins in (FITTED | {"sizes": GROWING, "crowded": CROWDED, "shared": SHARED}).items():
        fitting_map = constant_map(lambda name: name)
        results_layer(payload(pins, COUNTS), fit=1).add_to(fitting_map)
        (folder / f"{name}.html").write_text(fitting_map.get_root().render(), encoding="utf-8")
    bare = [replace(pin, stories=(), article_numbers=()) for pin in PINS]
    bare[1] = replace(bare[1], article_count=1_234_567)
    asking = {"stories": "stories?q=rain", "clusters": "clusters?q=rain"}
    results_layer(payload(bare, COUNTS, ask=asking)).add_to(news_map)
    (folder / "asking.html").write_text(news_map.get_root().render(), encoding="utf-8")
    handler = functools.partial(Quiet, directory=str(folder))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


@pytest.fixture(params=[(1440, 900, "light"), (390, 844, "dark")], ids=["wide", "phone"])
def page(request: pytest.FixtureRequest, browser: Browser, site: str) -> Iterator[Page]:
    width, height, theme = request.param
    context = browser.new_context(viewport={"width": width, "height": height})
    context.set_default_timeout(15_000)
    page = context.new_page()
    outside: list[str] = []
    alarms: list[str] = []

    def gate(route: Route) -> None:
        if route.request.url.startswith(site):
            route.continue_()
        else:
            outside.append(route.request.url)
            route.abort()

    page.route("**/*", gate)

    def alarm(dialog: Dialog) -> None:
        alarms.append(dialog.message)
        dialog.dismiss()

    page.on("dialog", alarm)
    page.on("pageerror", lambda error: alarms.append(str(error)))
    page.goto(f"{site}/{theme}.html")
    page.locator(".nm-pin").first.wait_for()
    page.wait_for_selector(".nm-country.nm-level-4", state="attached")
    yield page
    context.close()
    assert outside == []
    assert alarms == []


def choose(page: Page, name: str) -> None:
    """Press Enter on a marker, as someone without a mouse does."""
    marker = page.locator(f".nm-pin[aria-label^='{name},']")
    marker.focus()
    marker.press("Enter")
    expect(page.locator(".nm-popup .nm-name")).to_have_text(name)


def test_a_popup_shows_the_snippet_with_the_place_marked(page: Page) -> None:
    choose(page, "Tokyo")
    expect(page.locator(".nm-popup .nm-kind")).to_have_text("City")
    expect(page.locator(".nm-popup mark")).to_have_text("Tokyo")
    expect(page.locator(".nm-popup .nm-meta")).to_contain_text("The Paper")
    expect(page.locator(".nm-popup .nm-role")).to_have_text("Mentioned")
    # The map moves until the popup is within the window.
    page.wait_for_function(
        """() => {
            const box = document.querySelector(".nm-popup").getBoundingClientRect();
            return box.left >= 0 && box.right <= innerWidth && box.top >= 0;
        }"""
    )


#: The names beside pins, and whether each lies on a pin, on another name or out of the window.
NAMES = """() => {
    const box = (node) => node.getBoundingClientRect();
    const meet = (a, b) => a.left < b.right && b.left < a.right && a.top < b.bottom && b.top < a.bottom;
    const names = [...document.querySelectorAll(".nm-beside")];
    const others = [...document.querySelectorAll(
            ".nm-pin:not(.nm-waiting), .nm-beside, .nm-country-name span, .leaflet-control")]
        .filter((node) => getComputedStyle(node).visibility === "visible");
    return names.map((node) => [node.textContent, node.closest(".nm-pin").ariaLabel, others.some((other) =>
        other !== node && !node.contains(other) && !other.contains(node) && meet(box(node), box(other))),
        box(node).left < 0 || box(node).right > innerWidth]);
}"""


#: As streamlit-folium listens: at the group that it was given.
REPORT_CLICKS = """() => {
    window.clicks = [];
    const map = Object.values(window).find((value) => value instanceof L.Map);
    for (const layer of Object.values(map._layers)) {
        if (Object.values(layer._layers || {}).some((inner) => inner instanceof L.MarkerClusterGroup)) {
            layer.on("click", (event) => window.clicks.push(event.latlng.lat));
        }
    }
}"""
#: A map that is in the midst of a zoom goes nowhere else.
LOOK = """(view) => {
    const map = Object.values(window).find((value) => value instanceof L.Map);
    if (map._animatingZoom) return false;
    map.setView(...view, { animate: false });
    return true;
}"""


def look(page: Page, latitude: float, longitude: float, zoom: float) -> None:
    page.wait_for_function(LOOK, arg=[[latitude, longitude], zoom])


@pytest.mark.parametrize("view", [(20, 0, 2), (48, 30, 4), (35.7, 139.7, 9)], ids=["far", "nearer", "near"])
def test_pins_are_named_where_there_is_room(page: Page, view: tuple[float, float, float]) -> None:
    look(page, *view)
    expect(page.locator(".nm-beside").first).to_be_attached()
    page.wait_for_timeout(500)  # the clusters' own animation
    for name, pin, covered, outside in page.evaluate(NAMES):
        assert pin.startswith(f"{name}, ")
        assert not covered, name
        assert not outside, name


@pytest.mark.parametrize("width", [1440, 390])
@pytest.mark.parametrize(("name", "near"), [("all", 3), ("country", 5), ("city", 5), ("pacific", 3), ("continent", 5)])
def test_a_map_that_fits_its_results_shows_all_of_them(
    browser: Browser, site: str, name: str, near: float, width: int
) -> None:
    page = browser.new_page(viewport={"width": width, "height": 800})
    page.goto(f"{site}/{name}.html")
    page.wait_for_selector(".nm-country.nm-level-4", state="attached")
    fit = page.get_by_role("button", name="Fit to results")
    expect(fit).to_be_visible()
    shown = """(pins) => {
        const map = Object.values(window).find((value) => value instanceof L.Map);
        return [map.getZoom(), ...pins.map((pin) => map.getBounds().contains(pin))];
    }"""
    points = [
        (p.place.point.latitude, p.place.point.longitude)
        for p in FITTED[name]
        if p.place.feature is not Feature.CONTINENT or name == "continent"
    ]
    zoom, *seen = page.evaluate(shown, points)
    # A phone is narrower than the world: where most articles are is seen then.
    assert seen == [True, False] if (name, width) == ("pacific", 390) else all(seen)
    assert near - 2.5 < zoom <= near
    look(page, -60, -120, 6)
    away = page.get_by_role("button", name="Go to the results")
    away.click()
    expect(fit).to_be_visible()
    page.wait_for_timeout(500)  # it glides there
    assert page.evaluate(shown, points) == [zoom, *seen]
    page.context.close()


def test_the_name_of_a_country_that_lies_under_a_pin_is_hidden(browser: Browser, site: str) -> None:
    page = browser.new_page(viewport={"width": 1440, "height": 900})
    page.goto(f"{site}/covered.html")
    page.wait_for_selector(".nm-country.nm-level-4", state="attached")
    look(page, 47.5, 29, 6)
    expect(page.locator(".nm-country-name span", has_text="Hungary")).to_be_visible()
    expect(page.locator(".nm-country-name span", has_text="Romania")).to_be_hidden()
    page.context.close()


def test_a_badge_goes_aside_within_its_country_from_a_pin_that_would_cover_it(browser: Browser, site: str) -> None:
    page = browser.new_page(viewport={"width": 1440, "height": 900})
    page.goto(f"{site}/crowded.html")
    page.wait_for_selector(".nm-country.nm-level-4", state="attached")
    for zoom in (4, 5, 6):
        look(page, 49, 32, zoom)
        page.wait_for_timeout(300)  # names and badges are laid out once the map stands still
        badge = page.locator(".nm-badge[aria-label^='Ukraine,']:not(.nm-waiting)")
        expect(badge.locator(".nm-beside")).to_have_text("Ukraine")
        boxes = [node.bounding_box() for node in (badge, page.locator("[aria-label^='Middle,']"))]
        (x, y, w, h), (x2, y2, w2, h2) = ([box[k] for k in ("x", "y", "width", "height")] for box in boxes if box)
        assert x + w <= x2 or x2 + w2 <= x or y + h <= y2 or y2 + h2 <= y, zoom
        over = "([x, y]) => document.elementsFromPoint(x, y).some((n) => n.matches('.nm-country.nm-level-4'))"
        assert page.evaluate(over, [x + w / 2, y + h / 2]), "it is in its country still"
    choose(page, "Ukraine")
    page.wait_for_timeout(500)  # the map may move for it
    tip, at = page.locator(".leaflet-popup-tip-container").bounding_box(), badge.bounding_box()
    assert tip is not None
    assert at is not None
    assert abs(tip["x"] + tip["width"] / 2 - at["x"] - at["width"] / 2) < 5, "its popup points at it"
    page.context.close()


def test_a_country_is_named_once_at_its_badge(page: Page) -> None:
    look(page, 47.5, 29, 6)
    badge = page.locator(".nm-badge[aria-label^='Ukraine,']:not(.nm-waiting)")
    expect(badge.locator(".nm-beside")).to_have_text("Ukraine")
    expect(page.locator(".nm-country-name", has_text="Romania")).to_have_count(1)
    expect(page.locator(".nm-country-name", has_text="Ukraine")).to_have_count(0)


@pytest.mark.parametrize(("width", "height"), [(1440, 900), (390, 844)], ids=["wide", "phone"])
def test_a_popup_in_the_far_north_is_whole_and_the_map_comes_back(
    browser: Browser, site: str, width: int, height: int
) -> None:
    context = browser.new_context(viewport={"width": width, "height": height})
    page = context.new_page()
    page.goto(f"{site}/north.html")
    marker = page.locator(".nm-pin[aria-label^='Longyearbyen,']")
    marker.wait_for()
    choose(page, "Longyearbyen")
    page.wait_for_timeout(1_500)  # the map's own animations, one of which led back
    popup, open_at = page.locator(".nm-popup").bounding_box(), marker.bounding_box()
    assert popup is not None
    assert open_at is not None
    assert popup["y"] >= 0
    assert popup["y"] + popup["height"] <= height
    page.keyboard.press("Escape")
    expect(page.locator(".nm-popup")).to_have_count(0)
    page.wait_for_timeout(1_500)
    closed_at = marker.bounding_box()
    assert closed_at is not None
    assert closed_at["y"] < open_at["y"] - 50, "nobody is left beyond the world"
    context.close()


def test_a_hostile_article_shows_as_text_and_runs_nothing(page: Page) -> None:
    choose(page, "Lima")
    title = page.locator(".nm-popup .nm-title").first
    expect(title).to_have_text(HOSTILE)
    expect(page.locator(".nm-popup .nm-snippet").first).to_contain_text("{{7*7}}")
    assert page.locator(".nm-popup img, .nm-popup script").count() == 0
    assert page.locator(".nm-popup a.nm-title").count() == 0
    title.click()


def test_a_country_is_shaded_and_a_click_on_it_reports_its_point(page: Page) -> None:
    page.evaluate(
        """() => {
            window.clicks = [];
            const map = Object.values(window).find((value) => value instanceof L.Map);
            for (const layer of Object.values(map._layers)) {
                if (layer instanceof L.FeatureGroup) {
                    layer.on("click", (event) => window.clicks.push([event.latlng.lat, event.latlng.lng]));
                }
            }
            document.querySelector(".nm-country.nm-level-4").dispatchEvent(
                new MouseEvent("click", { bubbles: true, clientX: 200, clientY: 200 }));
        }"""
    )
    expect(page.locator(".nm-popup .nm-name")).to_have_text("Ukraine")
    assert {tuple(at) for at in page.evaluate("window.clicks")} == {(49.0, 32.0)}


def test_a_country_says_its_number_to_a_mouse_and_invites_a_click_where_one_opens_something(page: Page) -> None:
    country = page.locator(".nm-country.nm-level-4")
    assert country.locator("title").evaluate_all("nodes => nodes.map((n) => n.textContent)") == ["Ukraine: 12 articles"]
    peru = page.locator(".nm-country", has=page.locator("title", has_text="Peru: 3 articles"))
    assert country.evaluate("node => getComputedStyle(node).cursor") == "pointer"
    assert peru.evaluate("node => getComputedStyle(node).cursor") != "pointer"
    # Country and sea alone would fill the window: where countries are large they are paler.
    look(page, 49, 32, 4)
    strong = country.evaluate("node => getComputedStyle(node).fill")
    look(page, 49, 32, 6)
    expect(country).not_to_have_css("fill", strong)


def test_zooming_out_ends_where_the_world_fills_the_window(page: Page) -> None:
    out = page.get_by_role("button", name="Zoom out")
    look(page, 20, 0, 4)
    expect(out).to_be_enabled()
    look(page, 20, 0, 1)
    expect(out).to_be_disabled()


def test_enter_on_a_marker_counts_as_a_click_for_the_page(page: Page) -> None:
    page.evaluate(REPORT_CLICKS)
    choose(page, "Tokyo")
    assert 35.68 in page.evaluate("window.clicks")


def test_of_pins_on_one_point_the_page_is_told_which_was_clicked(browser: Browser, site: str) -> None:
    page = browser.new_page(viewport={"width": 1440, "height": 900}, reduced_motion="reduce")
    page.goto(f"{site}/twins.html")
    page.locator(".nm-cluster").wait_for()
    look(page, -12.04, -77.03, 18)
    page.evaluate(REPORT_CLICKS)
    page.wait_for_timeout(500)  # markercluster takes no click while it still moves
    page.locator(".nm-cluster").click()
    for name in ("Lima", "Callao"):
        page.locator(f".nm-pin[aria-label^='{name},']").click()
        expect(page.locator(".nm-popup .nm-name").last).to_have_text(name)  # the one before may still fade
    assert page.evaluate("window.clicks") == pytest.approx([lat for lat, _ in shown_at([t.place for t in TWINS])])
    assert len(set(page.evaluate("window.clicks"))) == 2
    page.context.close()


def test_a_cluster_counts_each_article_once(page: Page) -> None:
    """Kyiv has articles 4 to 6 and its oblast 4 and 5; the sea below adds 7 where it lies in the same cluster."""
    numbers = page.locator(".nm-cluster .nm-number").evaluate_all("nodes => nodes.map((n) => n.firstChild.data)")
    assert numbers
    assert set(numbers) <= {"3", "4"}


def test_one_article_at_two_places_is_one(browser: Browser, site: str) -> None:
    page = browser.new_page()
    page.goto(f"{site}/shared.html")
    expect(page.locator(".nm-cluster .nm-number").last).to_have_text("1 article in 2 places; zoom in")
    page.context.close()


def test_escape_closes_the_popup_and_focus_comes_back(page: Page) -> None:
    choose(page, "Tokyo")
    expect(page.get_by_role("dialog", name="Tokyo")).to_be_focused()
    page.keyboard.press("Escape")
    expect(page.locator(".nm-popup")).to_have_count(0)
    expect(page.locator(".nm-pin[aria-label^='Tokyo,']")).to_be_focused()


def test_the_legend_is_always_reachable(page: Page) -> None:
    legend = page.locator(".nm-legend")
    expect(legend.locator("summary")).to_be_visible()
    expect(legend).to_contain_text("What a story is about")
    roomy = page.viewport_size["width"] > 1300  # type: ignore[index]
    assert legend.evaluate("node => node.open") is roomy
    legend.locator("summary").click()
    assert legend.evaluate("node => node.open") is not roomy


def test_a_legend_larger_than_the_map_can_be_closed(browser: Browser, site: str) -> None:
    page = browser.new_page(viewport={"width": 320, "height": 300})
    page.goto(f"{site}/light.html")
    summary = page.locator(".nm-legend summary")
    summary.click()
    expect(page.locator(".nm-legend-row").last).to_be_attached()
    box = summary.bounding_box()
    assert box is not None
    assert box["y"] >= 0
    page.locator(".nm-legend-row").last.scroll_into_view_if_needed()
    expect(page.locator(".nm-legend-row").last).to_be_in_viewport(ratio=0.9)
    summary.click()
    assert page.locator(".nm-legend").evaluate("node => node.open") is False
    page.context.close()


# A map of more articles than it is told of


@pytest.fixture
def asking(browser: Browser, site: str) -> Iterator[tuple[Page, list[Request]]]:
    """A map that asks, and what it has asked so far; it counts every cluster by its places, and tells one story."""
    context = browser.new_context(viewport={"width": 1440, "height": 900})
    page = context.new_page()
    asked: list[Request] = []

    def answer(route: Route) -> None:
        asked.append(route.request)
        if "clusters?" in route.request.url:
            route.fulfill(json=[1000 + size for size in sizes(route.request.post_data_json)])
        else:
            route.fulfill(json=[story_row(PINS[2].stories[0])])

    page.route("**/*?q=rain*", answer)
    page.goto(f"{site}/asking.html")
    page.locator(".nm-pin").first.wait_for()
    yield page, asked
    context.close()


Tree = list["str | Tree"]


def sizes(tree: Tree) -> list[int]:
    """How many places a cluster and each within it holds, in the order in which they begin."""
    inner = [sizes(part) for part in tree if not isinstance(part, str)]
    return [sum(isinstance(part, str) for part in tree) + sum(part[0] for part in inner), *chain(*inner)]


def test_clusters_are_counted_by_the_server_once_for_all_zooms(asking: tuple[Page, list[Request]]) -> None:
    page, asked = asking
    expect(page.locator(".nm-cluster").first).to_contain_text("1,00")
    for node in page.locator(".nm-cluster .nm-number").all():
        number, _, words = (node.text_content() or "").partition(" articles in ")
        assert int(number.replace(",", "")) - 1000 == int(words.split()[0])
    for _ in range(3):
        page.locator(".leaflet-control-zoom-in").click()
        page.wait_for_timeout(300)  # the map's own animation
    assert [request.method for request in asked] == ["POST"]
    [tree] = [request.post_data_json for request in asked]
    clustered = {"city:Lima", "city:Kyiv", "admin1:Kyiv Oblast", "water:Black Sea", "region:Sahel", "city:Tokyo"}
    assert set(re.findall(r"[a-z0-9]+:[A-Za-z ]+", json.dumps(tree))) == clustered


def test_clusters_are_asked_for_again_where_the_server_counts_for_others(browser: Browser, site: str) -> None:
    page = browser.new_page()
    answers = iter([503, 200])

    def answer(route: Route) -> None:
        status = next(answers)
        tree = route.request.post_data_json
        route.fulfill(status=status, json=[1000 + size for size in sizes(tree)] if status == 200 else None)

    page.route("**/clusters?*", answer)
    page.goto(f"{site}/asking.html")
    # Till then it is as many as its largest place has, at the least.
    expect(page.locator(".nm-cluster", has_text="3+ articles in")).to_have_count(1)
    expect(page.locator(".nm-cluster").first).to_contain_text("1,00")
    expect(page.locator(".nm-cluster", has_text="+ articles in")).to_have_count(0)
    page.context.close()


def test_the_more_articles_the_larger_a_pin_however_many_there_are(browser: Browser, site: str) -> None:
    page = browser.new_page()
    page.goto(f"{site}/sizes.html")
    page.wait_for_selector(".nm-country.nm-level-4", state="attached")
    look(page, 0, 0, 6)
    widths = [
        page.locator(f".nm-city[aria-label^='Of {count},']").evaluate("node => node.offsetWidth") for count in SIZES
    ]
    assert widths == sorted(set(widths))
    assert widths[-1] < 48
    page.context.close()


def test_the_badge_of_a_country_is_as_wide_as_its_number(asking: tuple[Page, list[Request]]) -> None:
    page, _ = asking
    for _ in range(2):
        page.locator(".leaflet-control-zoom-in").click()
        page.wait_for_timeout(300)  # the map's own animation
    badge = page.locator(".nm-badge[aria-label^='Ukraine,']")
    number = badge.locator(":scope > :first-child")
    expect(number).to_have_text("1,234,567")
    assert number.evaluate("node => node.scrollWidth <= node.clientWidth + 1")
    assert number.evaluate("node => node.getBoundingClientRect().width <= node.parentNode.clientWidth")


def test_a_popup_asks_for_its_stories_when_it_first_opens(asking: tuple[Page, list[Request]]) -> None:
    page, asked = asking
    choose(page, "Tokyo")
    expect(page.locator(".nm-popup .nm-story")).to_have_count(1)
    expect(page.locator(".nm-popup mark")).to_have_text("Kyiv")
    expect(page.locator(".nm-body")).to_be_focused()
    page.keyboard.press("Escape")
    choose(page, "Tokyo")
    expect(page.locator(".nm-popup .nm-story")).to_have_count(1)
    assert [request.url.partition("?")[2] for request in asked if "stories" in request.url] == [
        "q=rain&place=city%3ATokyo"
    ]


def test_a_popup_whose_stories_do_not_come_says_so_and_asks_again(asking: tuple[Page, list[Request]]) -> None:
    page, _ = asking
    page.route("**/stories?*", lambda route: route.abort(), times=1)
    choose(page, "Tokyo")
    expect(page.locator(".nm-popup [role=status]")).to_have_text("The articles cannot be read at the moment.")
    expect(page.locator(".nm-popup .nm-sub")).to_have_text("1 article")
    page.keyboard.press("Escape")
    choose(page, "Tokyo")
    expect(page.locator(".nm-popup .nm-story")).to_have_count(1)
