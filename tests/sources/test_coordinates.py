import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given as examples
from hypothesis import strategies as st

from map_app.geo import Point, distance_km
from map_app.model import Article, GivenPlace
from map_app.sources.coordinates import SPOT_KM, area_of, point_of
from map_app.sources.feeds import parse_feed
from map_app.sources.files import Failure, Item, Note, read_path

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
    square = {"type": "Polygon", "coordinates": [[[0, 0], [2, 0], [2, 2], [0, 2]]]}
    features = [
        {
            "type": "Feature",
            "id": "f-1",
            "properties": {"title": "One"},
            "geometry": {"type": "Point", "coordinates": [30.52, 50.45, 9]},
        },
        {
            "type": "Feature",
            "properties": {"title": "Two"},
            "geometry": square,
        },
        {"type": "Feature", "properties": {"title": "Three"}, "geometry": None},
        7,
    ]
    *articles, failure = read(tmp_path, "a.geojson", json.dumps({"type": "FeatureCollection", "features": features}))
    assert [(a.title, a.given) for a in articles if isinstance(a, Article)] == [
        ("One", (GivenPlace("", Point(50.45, 30.52)),)),
        ("Two", (GivenPlace("", Point(1, 1), is_area=True, radius_km=157.2),)),
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
            row(3, kyiv, "<PAGE_LINKS>https://paper.example/9</PAGE_LINKS>").replace("\t1\t", "\t2\t"),
            "torn\trow",
        ]
    )
    article, untitled, nameless, torn = read(tmp_path, "20250102030000.gkg.csv", content + "\n")
    assert isinstance(article, Article)
    assert (article.title, article.url, article.publisher) == (
        "Rain & snow",
        "https://paper.example/1",
        "paper.example",
    )
    assert (article.published, article.given) == (datetime(2025, 1, 2, 3, tzinfo=UTC), (KYIV,))
    assert isinstance(untitled, Article)
    assert untitled.title == "paper.example/2"
    assert isinstance(nameless, Failure)
    assert isinstance(torn, Failure)


BRIDGE = "https://paper.example/2025/05/flood-takes-the-old-bridge.html"


def event(number: int, url: str, *place: str, version: int = 2) -> str:
    """A row of an event table: what is read of it, and what a reader that miscounts the columns would take instead."""
    kind, name, latitude, longitude = place or ("", "", "", "")
    adm2 = [""] if version == 2 else []
    cells = [str(number), "20250501", "202505", "2025", "2025.3301", *[""] * 20, "1", "010", "010", "01", "1", "0.0"]
    cells += ["2", "1", "2", "-1.5"]
    for geo in (("1", "France", "46", "2"), ("1", "Spain", "40", "-4"), (kind, name, latitude, longitude)):
        cells += [geo[0], geo[1], "FR", "FR", *adm2, geo[2], geo[3], "FR"]
    return "\t".join([*cells, "20250502031500" if version == 2 else "20250502", *([] if version == 0 else [url])])


@pytest.mark.parametrize("version", [1, 2])
def test_gdelts_events_of_one_article_are_one_article_where_they_happened(tmp_path: Path, version: int) -> None:
    rows = [
        event(1, BRIDGE, "4", "Kyiv", "50.45", "30.52", version=version),
        event(2, "https://paper.example/b", version=version),
        event(3, BRIDGE, "1", "Ukraine", "49", "32", version=version),
        event(4, BRIDGE, "4", "Kyiv", "50.45", "30.52", version=version),
        event(5, "BBC Monitoring", version=version),
        "torn\trow",
    ]
    torn, bridge, other, note = read(tmp_path, "20250502031500.export.CSV", "\n".join(rows) + "\n")
    assert isinstance(bridge, Article)
    assert (bridge.title, bridge.url) == ("Flood takes the old bridge", BRIDGE)
    assert bridge.given == (KYIV, GivenPlace("Ukraine", Point(49, 32), is_area=True))
    assert bridge.published == datetime(2025, 5, 2, *((3, 15) if version == 2 else ()), tzinfo=UTC)
    assert isinstance(other, Article)
    assert (other.title, other.given) == ("paper.example/b", ())
    assert isinstance(torn, Failure)
    assert torn.where == "20250502031500.export.CSV, row 6"
    assert isinstance(note, Note)
    assert "passed over 1 events" in note.what


def test_gdelts_events_without_addresses_say_that_they_name_no_articles(tmp_path: Path) -> None:
    assert event(1, "", version=0).count("\t") == 56
    [failure] = read(tmp_path, "2012.csv", event(1, "", version=0) + "\n")
    assert isinstance(failure, Failure)
    assert "2013" in failure.why


def test_more_articles_than_are_held_at_once_are_handed_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("map_app.sources.gdelt.MAX_OPEN", 2)
    rows = [event(n, f"https://paper.example/{n}") for n in range(5)]
    items = read(tmp_path, "a.export.CSV", "\n".join(rows))
    assert [item.url for item in items if isinstance(item, Article)] == [f"https://paper.example/{n}" for n in range(5)]


def geo_feed(*bodies: str) -> bytes:
    items = "".join(f"<item><title>{n}</title>{body}</item>" for n, body in enumerate(bodies))
    return f"""<rss version="2.0" xmlns:georss="http://www.georss.org/georss" xmlns:gml="http://www.opengis.net/gml"
      xmlns:geo="http://www.w3.org/2003/01/geo/wgs84_pos#"><channel><title>F</title>{items}</channel></rss>""".encode()


RING = "10 20 10 22 12 22 12 20 10 20"
GML_RING = f"<gml:LinearRing><gml:posList>{RING}</gml:posList></gml:LinearRing>"
CORNERS = "<gml:lowerCorner>10 20</gml:lowerCorner><gml:upperCorner>12 22</gml:upperCorner>"


@pytest.mark.parametrize(
    ("body", "middle", "radius_km"),
    [
        ("<georss:box>10 20 12 22</georss:box>", Point(11, 21), 155.9),
        (f"<georss:polygon>{RING}</georss:polygon>", Point(11, 21), 155.9),
        ("<georss:line>10 20 12 22</georss:line>", Point(11, 21), 155.9),
        ("<georss:circle>11 21 5000</georss:circle>", Point(11, 21), 5.0),
        ("<georss:point>11 21</georss:point><georss:radius>5000</georss:radius>", Point(11, 21), 5.0),
        (
            f"<georss:where><gml:Envelope>{CORNERS}</gml:Envelope></georss:where>",
            Point(11, 21),
            155.9,
        ),
        (
            f"<georss:where><gml:Polygon><gml:exterior>{GML_RING}</gml:exterior></gml:Polygon></georss:where>",
            Point(11, 21),
            155.9,
        ),
        (
            "<georss:where><gml:LineString><gml:posList>10 20 12 22</gml:posList></gml:LineString></georss:where>",
            Point(11, 21),
            155.9,
        ),
        ("<georss:box>-1 179 1 -179</georss:box>", Point(0, 180), 157.3),
        ("<georss:line>-1 179 1 -179</georss:line>", Point(0, 180), 157.3),
    ],
    ids=["box", "polygon", "line", "circle", "radius", "gml box", "gml polygon", "gml line", "box+180", "line+180"],
)
def test_lines_boxes_and_polygons_of_feeds_are_areas(body: str, middle: Point, radius_km: float) -> None:
    feed = parse_feed(geo_feed(body), url="https://paper.example/f", now=NOW, max_chars=1000)
    [given] = feed.entries[0].article.given
    assert given.is_area
    assert (given.point.latitude, abs(given.point.longitude)) == (middle.latitude, middle.longitude)
    assert given.radius_km == pytest.approx(radius_km, abs=0.2)


@pytest.mark.parametrize(
    "body",
    [
        "<geo:lat>50.45</geo:lat><geo:long>30.52</geo:long>",
        "<geo:Point><geo:lat>50.45</geo:lat><geo:long>30.52</geo:long></geo:Point>",
        "<geo:lat_long>50.45,30.52</geo:lat_long>",
        "<georss:box>50.45 30.52 50.45 30.52</georss:box>",
        "<georss:circle>50.45 30.52 20</georss:circle>",
    ],
)
def test_spots_stay_spots(body: str) -> None:
    feed = parse_feed(geo_feed(body), url="https://paper.example/f", now=NOW, max_chars=1000)
    assert feed.entries[0].article.given == (GivenPlace("", KYIV.point),)


@pytest.mark.parametrize(
    "body",
    [
        "<georss:box>-90 -180 90 180</georss:box>",
        "<georss:box>12 22 10 20</georss:box>",
        "<georss:polygon>10 20 10 220 12 22 10 20</georss:polygon>",
        "<georss:circle>11 21 90000000</georss:circle>",
    ],
)
def test_areas_that_cannot_be_or_say_nothing_are_left_out_and_noted(body: str) -> None:
    feed = parse_feed(geo_feed(body), url="https://paper.example/f", now=NOW, max_chars=1000)
    assert feed.entries[0].article.given == ()
    assert "area" in feed.notes[0].what


def test_a_coordinate_that_nobody_can_read_costs_the_coordinates_and_says_so() -> None:
    bad = '<georss:where><gml:Point srsName="EPSG:x"><gml:pos>50 30</gml:pos></gml:Point></georss:where>'
    feed = parse_feed(geo_feed(bad, ""), url="https://paper.example/f", now=NOW, max_chars=1000)
    assert [entry.article.title for entry in feed.entries] == ["0", "1"]
    assert "coordinates" in feed.notes[0].what


@examples(st.lists(st.tuples(st.floats(-180, 180), st.floats(-90, 90)), min_size=1, max_size=6))
def test_the_extent_of_any_line_holds_all_of_it(line: list[tuple[float, float]]) -> None:
    given = area_of({"type": "LineString", "coordinates": line})
    if given is not None:
        reach_km = (given.radius_km or SPOT_KM) * 1.001 + 0.1
        spread = max(x for x, _ in line) - min(x for x, _ in line)
        if spread < 90 and max(abs(y) for _, y in line) < 80:  # a strip of meridians is no circle near the poles
            assert all(distance_km(given.point, Point(y, x)) <= reach_km for x, y in line)


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
