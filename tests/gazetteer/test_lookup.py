import pytest

from map_app.errors import GazetteerError
from map_app.gazetteer.kinds import CITY_SIZES, carriers
from map_app.gazetteer.lookup import Gazetteer, NameKind
from map_app.geo import Point, distance_km
from map_app.model import Feature


def ids(gazetteer: Gazetteer, name: str) -> list[str]:
    return [match.place.id for match in gazetteer.candidates(name)]


@pytest.mark.parametrize(
    ("name", "place_id"),
    [
        ("South Korea", "country:KR"),
        ("North Korea", "country:KP"),
        ("U.S.", "country:US"),
        ("Britain", "country:GB"),
        ("Kursk", "admin1:RU.41"),
        ("Kursk region", "admin1:RU.41"),
        ("Kursk Oblast", "admin1:RU.41"),
        ("Kursk", "city:538560"),
        ("Anhui", "admin1:CN.01"),
        ("Jiangsu province", "admin1:CN.04"),
        ("Kharkiv", "admin1:UA.07"),
        ("Kharkiv region", "admin1:UA.07"),
        ("Kyiv Oblast", "admin1:UA.13"),
        ("South Darfur", "admin1:SD.49"),
        ("Paris", "city:4717560"),
        ("Paris", "city:2988507"),
        ("Kiev", "city:703448"),
        ("Київ", "city:703448"),
        ("台北", "city:1668341"),
        ("Taipei", "city:1668341"),
        ("Washington", "city:4140963"),
        ("Washington", "admin1:US.WA"),
        ("Cook County", "admin2:US.IL.cook-county"),
        ("Loudon Co.", "admin2:US.TN.loudon-county"),
        ("Avoyelles", "admin2:US.LA.avoyelles-parish"),
        ("York County", "admin2:US.VA.york-county"),
        ("Somme", "admin2:FR.32.somme"),
        ("Lanexa", "post:US.VA.lanexa-new-kent"),
        ("Saint Louis", "city:4407066"),
        ("N. Charleston", "city:4589387"),
        ("Al-Raqqa", "city:172955"),
        ("Heathrow Airport", "airport:LHR"),
        ("Denver Airport", "airport:DEN"),
    ],
)
def test_a_name_finds_the_place(gazetteer: Gazetteer, name: str, place_id: str) -> None:
    assert place_id in ids(gazetteer, name)


def test_the_most_populous_of_a_name_comes_first(gazetteer: Gazetteer) -> None:
    cities = [m.place for m in gazetteer.candidates("Springfield") if m.name_kind is NameKind.PRIMARY]
    assert len(cities) > 5
    assert [c.population for c in cities] == sorted((c.population for c in cities), reverse=True)


def test_the_sorts_of_places_that_carry_a_name_are_those_of_its_places(gazetteer: Gazetteer) -> None:
    names = [
        "georgia",
        "paris",
        "ill",
        "nile",
        "asia",
        "kursk",
        "washington",
        "luxembourg",
        "wa",
        "lagos",
        "springfield",
    ]
    for folded in names:
        expected = set()
        for match in gazetteer.carrying(folded):
            place = match.place
            size = sum(place.population >= least for least in CITY_SIZES) - 1 if place.feature is Feature.CITY else 0
            expected.add((place.feature, size, match.name_kind))
        assert expected
        found = list(carriers(gazetteer.carriers(folded)))
        assert (set(found), len(found)) == (expected, len(expected))
    assert gazetteer.carriers("no such place at all") == 0


def test_an_unknown_name_has_no_candidates(gazetteer: Gazetteer) -> None:
    assert gazetteer.candidates("Xyzzyville") == []
    assert gazetteer.candidates("") == []


@pytest.mark.parametrize(
    ("outer", "inner"),
    [
        ("country:US", "city:4717560"),
        ("admin1:US.TX", "city:4717560"),
        ("country:RU", "admin1:RU.41"),
        ("admin1:RU.41", "city:538560"),
    ],
)
def test_an_area_contains_what_lies_in_it_and_not_the_other_way_round(
    gazetteer: Gazetteer, outer: str, inner: str
) -> None:
    assert gazetteer.contains(gazetteer.place(outer), gazetteer.place(inner))
    assert not gazetteer.contains(gazetteer.place(inner), gazetteer.place(outer))


def test_the_middle_of_ontario_lies_in_ontario_and_not_in_its_cities(gazetteer: Gazetteer) -> None:
    ontario = gazetteer.place("admin1:CA.08")
    assert distance_km(ontario.point, Point(49.5, -84.5)) < 350
    assert ontario.radius_km is not None
    assert ontario.radius_km > 500


@pytest.mark.parametrize(
    ("place_id", "within_km", "latitude", "longitude"),
    [
        ("admin1:CN.08", 300, 48.0, 128.0),
        ("admin1:CN.10", 300, 39.0, 116.0),
        ("admin1:US.AK", 700, 62.0, -152.0),
        ("country:KW", 60, 29.3, 47.7),
        ("country:FJ", 200, -17.8, 178.0),
    ],
    ids=["Heilongjiang", "Hebei", "Alaska", "Kuwait", "Fiji"],
)
def test_a_few_misplaced_towns_move_no_area_elsewhere(
    gazetteer: Gazetteer, place_id: str, within_km: float, latitude: float, longitude: float
) -> None:
    assert distance_km(gazetteer.place(place_id).point, Point(latitude, longitude)) < within_km


def test_demonyms_lead_to_their_country(gazetteer: Gazetteer) -> None:
    for word, code in (("Syrian", "SY"), ("Ukrainians", "UA"), ("South Korean", "KR"), ("French", "FR")):
        place = gazetteer.demonym(word)
        assert place is not None
        assert place.country_code == code
    assert gazetteer.demonym("Syria") is None


def test_the_city_nearest_to_a_point_is_found_with_its_distance(gazetteer: Gazetteer) -> None:
    [(place, km)] = gazetteer.nearest(Point(51.73, 36.19))
    assert place.id == "city:538560"
    assert km < 2
    assert gazetteer.nearest(Point(-60.0, -120.0), max_km=50) == []


def test_a_search_puts_the_exact_and_important_first_and_keeps_to_countries(gazetteer: Gazetteer) -> None:
    assert gazetteer.search("Ukraine")[0].feature is Feature.COUNTRY
    assert gazetteer.search("pari", limit=3)[0].name == "Paris"
    assert {place.country_code for place in gazetteer.search("Paris", countries={"US"})} == {"US"}
    assert gazetteer.search("  ") == []


def test_an_id_that_nobody_has_is_an_error_and_no_empty_answer(gazetteer: Gazetteer) -> None:
    with pytest.raises(GazetteerError, match="city:0"):
        gazetteer.place("city:0")


def test_every_country_has_a_point_of_its_own(gazetteer: Gazetteer) -> None:
    countries = gazetteer.countries()
    assert len(countries) > 240
    assert len({country.point for country in countries}) == len(countries)
