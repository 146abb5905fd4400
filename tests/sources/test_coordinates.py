import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given as examples
from hypothesis import strategies as st

from map_app.geo import Point
from map_app.model import Article, GivenPlace
from map_app.sources.coordinates import point_of
from map_app.sources.feeds import parse_feed
from map_app.sources.files import Failure, Item, read_path

NOW = datetime(2026, 1, 1, tzinfo=UTC)
KYIV = GivenPlace("Kyiv", Point(50.45, 30.52))


def read(tmp_path: Path, name: str, content: str) -> list[Item]:
    (tmp_path / name).write_text(content, "utf-8")
    return list(read_path(tmp_path / name, max_bytes=10_000_000, max_chars=10_000, now=lambda: NOW))


@pytest.mark.parametrize(
    "row",
    [
        {"latitude": "50.45", "longitude": "30.52", "place_name": "Kyiv"},
        {"lat": 50.45, "lng": 30.52, "location": "Kyiv"},
        {"city": "Kyiv", "georss:point": "50.45 30.52"},
        {"place": "Kyiv", "location": {"lat": 50.45, "lon": 30.52}},
        {"place": "Kyiv", "geometry": {"type": "Point", "coordinates": [30.52, 50.45]}},
        {"ActionGeo_FullName": "Kyiv", "ActionGeo_Lat": "50,45", "ActionGeo_Long": "30,52"},
    ],
    ids=lambda row: next(iter(row)),
)
def test_coordinates_in_usual_columns_are_kept(tmp_path: Path, row: dict[str, object]) -> None:
    [article] = read(tmp_path, "a.json", json.dumps([{"title": "T"} | row]))
    assert isinstance(article, Article)
    assert article.given == (KYIV,)


@pytest.mark.parametrize(
    ("latitude", "longitude", "noted"),
    [("0", "0", True), ("91", "0", True), ("x", "1", True), ("nan", "1", True), ("", "", False), ("1", "", True)],
)
def test_coordinates_that_cannot_be_are_left_out_and_noted(
    tmp_path: Path, latitude: str, longitude: str, noted: bool
) -> None:
    article, *notes = read(tmp_path, "a.csv", f"title,lat,lon\nT,{latitude},{longitude}\n")
    assert isinstance(article, Article)
    assert article.given == ()
    assert bool(notes) == noted


def test_geojson_features_are_articles_where_they_say(tmp_path: Path) -> None:
    features = [
        {
            "type": "Feature",
            "id": "f-1",
            "properties": {"title": "One"},
            "geometry": {"type": "Point", "coordinates": [30.52, 50.45, 9]},
        },
        {"type": "Feature", "properties": {"title": "Two"}, "geometry": {"type": "Polygon", "coordinates": [[]]}},
        {"type": "Feature", "properties": {"title": "Three"}, "geometry": None},
        7,
    ]
    *articles, failure = read(tmp_path, "a.geojson", json.dumps({"type": "FeatureCollection", "features": features}))
    assert [(a.title, a.given) for a in articles if isinstance(a, Article)] == [
        ("One", (GivenPlace("", Point(50.45, 30.52)),)),
        ("Two", ()),
        ("Three", ()),
    ]
    assert isinstance(failure, Failure)


def test_rows_of_gdelts_knowledge_graph_need_no_first_row(tmp_path: Path) -> None:
    def row(number: int, locations: str, extras: str = "") -> str:
        cells = [""] * 27
        cells[:5] = [
            f"20250102030000-{number}",
            "20250102030000",
            "1",
            "paper.example",
            f"https://paper.example/{number}",
        ]
        cells[9], cells[26] = locations, extras
        return "\t".join(cells)

    kyiv = "4#Kyiv#UP#UP12#50.45#30.52#-1044367"
    content = "\n".join(
        [
            row(1, f"{kyiv};{kyiv};1#Ukraine#UP##0#0#UP", "<PAGE_TITLE>Rain &amp; snow</PAGE_TITLE>"),
            row(2, kyiv),
            "torn\trow",
        ]
    )
    article, untitled, torn = read(tmp_path, "20250102030000.gkg.csv", content + "\n")
    assert isinstance(article, Article)
    assert (article.title, article.url, article.publisher) == (
        "Rain & snow",
        "https://paper.example/1",
        "paper.example",
    )
    assert (article.published, article.given) == (datetime(2025, 1, 2, 3, tzinfo=UTC), (KYIV,))
    assert isinstance(untitled, Failure)
    assert isinstance(torn, Failure)


def test_geo_tags_of_feeds_are_kept() -> None:
    feed = """<rss version="2.0" xmlns:georss="http://www.georss.org/georss" xmlns:gml="http://www.opengis.net/gml"
        xmlns:geo="http://www.w3.org/2003/01/geo/wgs84_pos#"><channel><title>T</title>
        <item><title>One</title><georss:point>50.45 30.52</georss:point></item>
        <item><title>Two</title><geo:lat>50.45</geo:lat><geo:long>30.52</geo:long></item>
        <item><title>Three</title>
        <georss:where><gml:Point><gml:pos>50.45 30.52</gml:pos></gml:Point></georss:where></item>
        <item><title>Four</title><georss:point>950 30.52</georss:point></item></channel></rss>"""
    parsed = parse_feed(feed.encode(), url="https://e.org/feed", now=NOW, max_chars=1000)
    assert [entry.article.given for entry in parsed.entries] == [(GivenPlace("", KYIV.point),)] * 3 + [()]


@examples(
    st.one_of(st.none(), st.text(max_size=10), st.floats(), st.integers(), st.lists(st.integers(), max_size=2)),
    st.floats(),
)
def test_no_value_is_a_point_that_cannot_be(latitude: object, longitude: float) -> None:
    point = point_of(latitude, longitude)
    assert point is None or (abs(point.latitude) <= 90 and abs(point.longitude) <= 180)
