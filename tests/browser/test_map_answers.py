"""What the map's script asks of the server by itself."""

import json
import urllib.error
import urllib.request
from typing import Any
from urllib.parse import quote

import pytest

from tests.browser.raw_session import connected

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def opened(site: str) -> str:
    """The address of the page once a visitor has seen it."""
    with connected(site) as visitor:
        visitor.run()
    return site


def ask(address: str, tree: object = None, **headers: str) -> tuple[int, Any]:
    body = None if tree is None else tree if isinstance(tree, bytes) else json.dumps(tree).encode()
    request = urllib.request.Request(address, body, {name.replace("_", "-"): value for name, value in headers.items()})
    try:
        with urllib.request.urlopen(request, timeout=30) as answer:
            return answer.status, json.loads(answer.read())
    except urllib.error.HTTPError as e:
        return e.code, json.loads(e.read())


def test_a_places_stories_are_those_that_pass_the_filter(opened: str) -> None:
    stories = f"{opened}/map/stories"
    status, [story] = ask(f"{stories}?place=country%3AJP")
    assert status == 200
    assert story["title"] == "Rain in Tokyo"
    assert [story["text"][start:end] for start, end in story["marks"]] == ["Japan"]
    assert ask(f"{stories}?place=country%3AJP&q=war") == (200, [])
    assert ask(f"{stories}?place=nowhere") == (200, [])
    assert ask(stories)[0] == 400
    assert ask(f"{stories}?place={quote('x' * 10_000)}")[0] == 400


def test_clusters_are_counted_as_they_lie_within_each_other(opened: str) -> None:
    clusters = f"{opened}/map/clusters"
    tree = ["country:JP", ["country:UA", "admin1:RU.41", "city:703448"], ["nowhere"], []]
    assert ask(clusters, tree) == (200, [2, 1, 0, 0])
    assert ask(f"{clusters}?country=JP", tree) == (200, [1, 0, 0, 0])
    assert ask(f"{clusters}?country=JP&place=country%3AUA", tree) == (200, [1, 0, 0, 0])


@pytest.mark.parametrize(
    "tree",
    [
        b"",
        b"[",
        b"7",
        b'"country:JP"',
        b"[7]",
        b'[{"a": 1}]',
        b"[" * 100_000,
        b"\xff",
        b"[" + b'"x",' * 300_000 + b"1]",
    ],
    ids=lambda tree: tree[:12],
)
def test_what_is_no_tree_of_clusters_is_refused(opened: str, tree: bytes) -> None:
    assert ask(f"{opened}/map/clusters", tree) == (400, None)


@pytest.mark.parametrize("site_of", ["cross-site", "same-site"])
def test_a_page_of_another_site_has_nothing_counted(opened: str, site_of: str) -> None:
    assert ask(f"{opened}/map/clusters", ["country:JP"], Sec_Fetch_Site=site_of) == (403, None)
    assert ask(f"{opened}/map/stories?place=country%3AJP", Sec_Fetch_Site=site_of) == (403, None)


@pytest.mark.parametrize(("name", "word"), [("articles.csv", "Osaka"), ("places.geojson", "FeatureCollection")])
def test_what_is_shown_is_sent_as_a_file_and_not_to_pages_of_other_sites(opened: str, name: str, word: str) -> None:
    with urllib.request.urlopen(f"{opened}/map/{name}?country=JP", timeout=30) as answer:
        assert answer.headers["Content-Disposition"].startswith("attachment")
        text = answer.read().decode()
    assert word in text
    assert "Kursk" not in text
    with pytest.raises(urllib.error.HTTPError, match="403"):
        urllib.request.urlopen(
            urllib.request.Request(f"{opened}/map/{name}", headers={"Sec-Fetch-Site": "cross-site"}), timeout=30
        )
