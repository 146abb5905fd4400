"""What is shown, as files."""

import csv
import io
import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from map_app.app import App, open_app
from map_app.gazetteer.lookup import Gazetteer
from map_app.geo import Point
from map_app.geoparse.given import with_given
from map_app.model import Article, ArticleFilter, GivenPlace
from map_app.settings import Settings
from map_app.store import Store
from map_app.ui.downloads import COLUMNS, MOST, as_csv, as_geojson, links

ARTICLES = [
    Article("lima", "=HYPERLINK(1)", "LIMA, Peru - Rain fell in Lima.", "https://example.org/1", "@home",
            datetime(2025, 3, 1, 12, tzinfo=UTC)),
    Article("none", "{{7*7}} <b>", "Nothing is said of where."),
    Article("reef", "A quake at sea", "A quake was felt.", given=(GivenPlace("+Reef", Point(-10, 160), radius_km=40),)),
]  # fmt: skip


@pytest.fixture
def app(gazetteer: Gazetteer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> App:
    del gazetteer
    path = tmp_path / "articles.sqlite"
    monkeypatch.setenv("MAP_APP_STORE", str(path))
    geoparser = open_app(Settings()).geoparser
    with Store.open(path) as store:
        store.put((article, with_given(article, geoparser.geoparse(article))) for article in ARTICLES)
    return open_app(Settings.from_environment())


def table(body: bytes) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(body.decode("utf-8-sig"), newline="")))


def test_the_table_has_a_row_for_each_article_and_place(app: App) -> None:
    rows = table(as_csv(app, ArticleFilter()))
    assert all(tuple(row) == COLUMNS and None not in row.values() for row in rows)
    told = ("published", "place", "kind", "country", "role")
    assert {tuple(row[name] for name in told) for row in rows} == {
        ("2025-03-01T12:00:00Z", "Lima", "city", "Peru", "focus dateline"),
        ("2025-03-01T12:00:00Z", "Peru", "country", "Peru", "dateline"),
        ("", "'+Reef", "other", "", "mention"),
        ("", "", "", "", ""),
    }
    lima = rows[0]
    assert float(lima["latitude"]) == pytest.approx(-12.04, abs=0.1)
    assert float(lima["longitude"]) == pytest.approx(-77.03, abs=0.1)


def test_no_cell_of_the_table_is_a_formula_and_words_stay_as_they_are(app: App) -> None:
    rows = table(as_csv(app, ArticleFilter()))
    assert {row["title"] for row in rows} == {"'=HYPERLINK(1)", "{{7*7}} <b>", "A quake at sea"}
    assert rows[0]["publisher"] == "'@home"
    assert rows[0]["latitude"].startswith("-"), "a number is none"


def test_the_table_and_the_places_hold_what_passes_the_filter(app: App) -> None:
    only = ArticleFilter(words="rain")
    assert {row["place"] for row in table(as_csv(app, only))} == {"Lima", "Peru"}
    collection = json.loads(as_geojson(app, only))
    assert collection["type"] == "FeatureCollection"
    assert "GeoNames" in collection["attribution"]
    names = {feature["properties"]["name"]: feature for feature in collection["features"]}
    assert set(names) == {"Lima", "Peru"}
    assert names["Lima"]["geometry"]["coordinates"] == pytest.approx([-77.03, -12.04], abs=0.1), "longitude first"
    assert names["Lima"]["properties"]["articles"] == 1


def test_the_links_ask_for_what_is_shown_and_say_where_it_is_not_all() -> None:
    html = links(ArticleFilter(words="a&b", countries=frozenset({"PE"})), 3)
    assert html.count("country=PE&q=a%26b") == 2
    assert "newest" not in html
    assert "The newest 10,000 of them" in links(ArticleFilter(), MOST + 1)
