import base64
import itertools
import json
import zlib
from datetime import UTC, datetime
from typing import Any

import folium
import pytest

from map_app.geo import Point
from map_app.model import Feature, Pin, Place, Snippet, Story
from map_app.webmap import constant_map, payload, results_layer, static_folders

HOSTILE = ["{{7*7}}", "{% raw", "${alert(1)}", "`x`", "</script><img src=x onerror=alert(1)>", "{{cycler}}", "\ud800"]


def pin(text: str = "Rain in Lima", url: str = "https://example.org/a") -> Pin:
    place = Place("city:3936456", "Lima", Point(-12.04, -77.03), Feature.CITY, "PE", "Lima", 7_737_002, 3936456)
    story = Story(7, "a", text, url, text, datetime(2025, 1, 2, tzinfo=UTC), Snippet(text, ((0, 4),)))
    return Pin(place, 3, (story,), (7, 9, 40))


def unpacked(text: str) -> dict[str, Any]:
    data: dict[str, Any] = json.loads(zlib.decompress(base64.b64decode(text)))
    return data


def rendered(group: folium.FeatureGroup) -> str:
    news_map = constant_map(lambda name: f"../{name}")
    group.add_to(news_map)
    return str(news_map.get_root().render())


@pytest.mark.parametrize("text", HOSTILE)
def test_no_article_text_reaches_a_template(text: str) -> None:
    html = rendered(results_layer(payload([pin(text)], {"PE": 3})))
    assert text not in html
    assert "Lima" not in html
    assert '"49"' not in html


def test_the_payload_holds_what_the_map_shows() -> None:
    data = unpacked(payload([pin()], {"PE": 3}))
    assert data["countries"] == {"PE": 3}
    [row] = data["pins"]
    assert (row["name"], row["count"], row["articles"]) == ("Lima", 3, [7, 2, 31])


@pytest.mark.parametrize("url", ["javascript:alert(1)", "data:text/html,x", "JAVASCRIPT:x", "//x", ""])
def test_only_web_addresses_are_linked(url: str) -> None:
    data = unpacked(payload([pin(url=url)], {}))
    assert data["stories"][0]["url"] == ""


def test_marks_are_counted_as_the_browser_counts() -> None:
    story = Story(1, "a", "", "", "", None, Snippet("😀 Lima", ((2, 6),)))
    data = unpacked(payload([Pin(pin().place, 1, (story,), (1,))], {}))
    assert data["stories"][0]["marks"] == [[3, 7]]


def test_a_constant_map_stays_the_same_whatever_it_shows() -> None:
    def script() -> str:
        news_map = constant_map(lambda name: f"../{name}", tiles_credit="</script>{{7*7}}")
        return str(news_map.get_root().render()).replace(news_map.get_name(), "map")

    assert script() == script()
    assert "49" not in script().partition("newsMap.base")[2].partition(");")[0]


def test_nothing_is_asked_of_another_machine() -> None:
    news_map = constant_map(lambda name: f"../{name}")
    links = [url for _, url in [*news_map.default_js, *news_map.default_css]]
    assert links
    assert all(url.startswith("../") for url in links)


def test_the_files_to_serve_are_there() -> None:
    folders = static_folders()
    assert (folders["leaflet"] / "leaflet.js").exists()
    assert (folders["markercluster"] / "leaflet.markercluster.js").exists()
    assert (folders["newsmap"] / "newsmap.js").exists()


def test_every_country_has_an_outline_small_states_included() -> None:
    outlines = json.loads((static_folders()["newsmap"] / "outlines.json").read_text("utf-8"))
    codes = {feature["properties"]["code"] for feature in outlines["features"]}
    assert len(codes) > 230
    assert codes >= {"SG", "MT", "VA", "TV", "MC", "NR", "LI", "SM", "XK", "PS", "TW", "HU", "RS", "MM", "ME"}


def test_no_outline_jumps_across_the_map() -> None:
    outlines = json.loads((static_folders()["newsmap"] / "outlines.json").read_text("utf-8"))
    for feature in outlines["features"]:
        for polygon in feature["geometry"]["coordinates"]:
            for (x, y), (x2, y2) in itertools.pairwise(polygon[0]):
                assert abs(x - x2) < 181 or y == y2 == -90, feature["properties"]["name"]  # the pole is off the map
