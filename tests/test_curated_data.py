import csv
import math
from collections import Counter

import numpy as np
import pytest

from map_app.gazetteer.build import FEATURES
from map_app.gazetteer.lookup import Gazetteer
from map_app.geo import EARTH_RADIUS_KM, Point, distance_km
from map_app.model import Feature
from map_app.settings import DATA_DIR

HEADERS = {
    "curated_places.csv": [
        "id",
        "name",
        "feature",
        "latitude",
        "longitude",
        "radius_km",
        "country_codes",
        "alternate_names",
        "geonameid",
        "note",
    ],
    "demonyms.csv": ["demonym", "place"],
    "name_variants.csv": ["name", "kind", "place", "note"],
}


def rows(name: str) -> list[dict[str, str]]:
    with (DATA_DIR / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


PLACES = rows("curated_places.csv")


@pytest.mark.parametrize("name", HEADERS)
def test_a_file_is_well_formed_and_sorted_so_that_changes_are_easy_to_read(name: str) -> None:
    table = rows(name)
    header = HEADERS[name]
    assert list(table[0]) == header
    assert [row for row in table if None in row or None in row.values()] == []
    assert [value for row in table for value in row.values() if value != value.strip() or "  " in value] == []
    assert [row[header[0]] for row in table] == sorted(row[header[0]] for row in table)


@pytest.mark.parametrize(
    ("name", "column"),
    [
        ("curated_places.csv", "id"),
        ("curated_places.csv", "name"),
        ("demonyms.csv", "demonym"),
    ],
)
def test_nothing_is_listed_twice(name: str, column: str) -> None:
    counts = Counter(row[column] for row in rows(name))
    assert [value for value, count in counts.items() if count > 1 or not value.strip()] == []


def test_a_name_variant_is_listed_once_for_each_of_its_places() -> None:
    counts = Counter((row["name"], row["place"]) for row in rows("name_variants.csv"))
    assert [value for value, count in counts.items() if count > 1] == []


def test_no_name_belongs_to_two_curated_places() -> None:
    names = Counter(name for row in PLACES for name in {row["name"], *filter(None, row["alternate_names"].split("|"))})
    assert [name for name, count in names.items() if count > 1] == []


def test_there_are_at_least_1200_regions_and_waters_at_possible_points() -> None:
    assert len(PLACES) >= 1200
    for row in PLACES:
        Point(float(row["latitude"]), float(row["longitude"]))
        assert float(row["radius_km"]) > 0
        assert Feature(row["feature"])


def test_every_country_named_exists(gazetteer: Gazetteer) -> None:
    codes = {code for row in PLACES for code in row["country_codes"].split(";") if code}
    assert [code for code in sorted(codes) if gazetteer.country(code) is None] == []


#: The note of a place that is farther than its radius and 300 km from all towns of its countries.
REMOTE = "far from any town"


def test_a_place_lies_in_or_near_its_countries_unless_its_note_says_that_it_is_remote(gazetteer: Gazetteer) -> None:
    astray = []
    for row in PLACES:
        if row["country_codes"]:
            km = km_to_a_town(gazetteer, Point(float(row["latitude"]), float(row["longitude"])), row["country_codes"])
            if (km > float(row["radius_km"]) + 300) != (row["note"] == REMOTE):
                astray.append((row["id"], km))
    assert astray == []


def km_to_a_town(gazetteer: Gazetteer, point: Point, codes: str) -> float:
    """Kilometres to the nearest town of any of the countries; infinite where they have none."""
    numbers = [gazetteer.country_number[gazetteer._row(f"country:{code}")] for code in codes.split(";")]
    is_town = gazetteer.feature == FEATURES.index(Feature.CITY)
    towns = np.flatnonzero(np.isin(gazetteer.country_number, numbers) & is_town)
    latitude, longitude = np.radians(gazetteer.latitude[towns]), np.radians(gazetteer.longitude[towns])
    here_latitude, here_longitude = np.radians(point.latitude), np.radians(point.longitude)
    h = np.sin((latitude - here_latitude) / 2) ** 2 + np.cos(latitude) * np.cos(here_latitude) * (
        np.sin((longitude - here_longitude) / 2) ** 2
    )
    return float(2 * EARTH_RADIUS_KM * np.arcsin(np.sqrt(np.min(h, initial=1.0)))) if len(towns) else math.inf


def reference(text: str) -> str:
    """The place id that a file's short reference stands for."""
    if text.startswith(("curated:", "airport:")):
        return text
    if text.isdigit():
        return f"city:{text}"
    return f"admin1:{text}" if "." in text else f"country:{text}"


def test_every_variant_leads_to_the_place_it_names(gazetteer: Gazetteer) -> None:
    for row in rows("name_variants.csv"):
        assert row["kind"] in {"abbreviation", "usual", "variant"}, row
        assert reference(row["place"]) in {match.place.id for match in gazetteer.candidates(row["name"])}, row


def test_a_place_is_shown_by_the_name_that_news_gives_it(gazetteer: Gazetteer) -> None:
    usual = [row for row in rows("name_variants.csv") if row["kind"] == "usual"]
    assert len({row["place"] for row in usual}) == len(usual) > 50
    assert [row["name"] for row in usual if gazetteer.place(reference(row["place"])).name != row["name"]] == []


def test_every_demonym_leads_to_the_place_of_its_people(gazetteer: Gazetteer) -> None:
    for row in rows("demonyms.csv"):
        place = gazetteer.demonym(row["demonym"])
        assert place is not None, row
        assert place.id == reference(row["place"]), row


@pytest.mark.parametrize(
    ("name", "latitude", "longitude", "within_km"),
    [
        ("Gaza Strip", 31.4, 34.4, 20),
        ("West Bank", 32.0, 35.3, 40),
        ("Crimea", 45.3, 34.4, 80),
        ("Donbas", 48.2, 38.2, 100),
        ("Darfur", 13.5, 24.5, 200),
        ("Black Sea", 43.4, 34.3, 150),
        ("Taiwan Strait", 24.5, 119.6, 120),
        ("South China Sea", 13, 114, 400),
        ("Strait of Hormuz", 26.6, 56.3, 60),
        ("Suez Canal", 30.6, 32.3, 60),
        ("Panama Canal", 9.1, -79.7, 40),
        ("Lake Victoria", -1.0, 33.0, 80),
        ("Nagorno-Karabakh", 39.9, 46.8, 60),
        ("Transnistria", 47.2, 29.4, 60),
        ("Golan Heights", 33.0, 35.75, 30),
        ("Tigray", 13.8, 38.5, 120),
        ("Sea of Azov", 46.0, 36.7, 80),
        ("Kashmir", 34.5, 76, 150),
        ("Somaliland", 9.6, 45.5, 150),
        ("Gulf of America", 25, -90, 200),
        ("Long Island", 40.8, -73.1, 60),
        ("Silicon Valley", 37.4, -122.0, 30),
    ],
)
def test_places_that_news_speaks_of_lie_where_they_should(
    gazetteer: Gazetteer, name: str, latitude: float, longitude: float, within_km: float
) -> None:
    [place] = [m.place for m in gazetteer.candidates(name) if m.place.id.startswith("curated:")]
    assert distance_km(place.point, Point(latitude, longitude)) <= within_km


@pytest.mark.parametrize(
    ("name", "place_id"),
    [
        ("U.S.", "country:US"),
        ("Britain", "country:GB"),
        ("the Netherlands", "country:NL"),
        ("Côte d'Ivoire", "country:CI"),
        ("DR Congo", "country:CD"),
        ("Ky.", "admin1:US.KY"),
        ("W.Va.", "admin1:US.WV"),
        ("Ont.", "admin1:CA.08"),
        ("N.S.W.", "admin1:AU.02"),
        ("Kursk region", "admin1:RU.41"),
        ("Kiev", "city:703448"),
        ("Bombay", "city:1275339"),
        ("Washington, D.C.", "city:4140963"),
        ("the Kremlin", "curated:kremlin"),
        ("Downing Street", "curated:downing-street"),
        ("Nur-Sultan", "city:1526273"),
        ("Poona", "city:1259229"),
        ("O'Hare", "airport:ORD"),
        ("Saint Lawrence River", "curated:st-lawrence-river"),
        ("Mt. Etna", "curated:mount-etna"),
    ],
)
def test_a_usual_name_leads_to_its_place(gazetteer: Gazetteer, name: str, place_id: str) -> None:
    assert place_id in {match.place.id for match in gazetteer.candidates(name)}
