import pytest

from map_app.gazetteer.lookup import Gazetteer
from map_app.geo import Point
from map_app.geoparse.given import with_given
from map_app.geoparse.resolve import Resolver
from map_app.model import Article, Feature, GivenPlace, Place, Resolution, Toponym

ILLINOIS = Place("city:4250542", "Springfield", Point(39.80, -89.64), Feature.CITY, "US", "Illinois")
UKRAINE = Place("country:UA", "Ukraine", Point(49, 32), Feature.COUNTRY, "UA")


def given(*places: GivenPlace) -> Article:
    return Article("a", "Title", "Springfield thanked Ukraine.", given=places)


def found(place: Place | None, name: str = "Springfield", start: int = 0) -> Resolution:
    return Resolution(Toponym(name, start, start + len(name)), place, 0.6, unplaced_because="" if place else "tie")


def test_a_found_place_that_the_source_gives_too_has_one_more_reason() -> None:
    [r] = with_given(given(GivenPlace("Springfield, Illinois", Point(39.9, -89.6))), [found(ILLINOIS)])
    assert r.place == ILLINOIS
    assert [e.reason for e in r.evidence] == ["given by the source"]


def test_a_name_taken_for_another_place_is_put_where_the_source_says() -> None:
    for before in (ILLINOIS, None):
        [r] = with_given(given(GivenPlace("Springfield, Missouri", Point(37.2, -93.3))), [found(before)])
        assert r.place == Place("given:37.2000,-93.3000", "Springfield", Point(37.2, -93.3), Feature.OTHER)
        assert r.toponym.name == "Springfield"
        assert r.unplaced_because == ""


def test_a_country_stays_a_country_wherever_its_pin_is() -> None:
    [r] = with_given(given(GivenPlace("Ukraine", Point(50.45, 30.52))), [found(UKRAINE, "Ukraine", 20)])
    assert r.place == UKRAINE


def test_a_place_that_no_word_names_is_added_without_words() -> None:
    article = given(GivenPlace("", Point(-36.85, 174.76)))
    one, other = with_given(article, [found(ILLINOIS)])
    assert one.place == ILLINOIS
    assert one.evidence == ()
    assert other.place is not None
    assert other.place.name == "-36.85, 174.76"
    assert article.text[other.toponym.start : other.toponym.end] == other.toponym.name == ""


def test_without_anything_given_nothing_changes() -> None:
    assert with_given(given(), [found(ILLINOIS)]) == [found(ILLINOIS)]


AREA = GivenPlace("", Point(39.9, -89.6), is_area=True, radius_km=60)


def test_an_area_backs_what_lies_in_it_and_is_no_pin_beside_it() -> None:
    [r] = with_given(given(AREA), [found(ILLINOIS)])
    assert r.place == ILLINOIS
    assert r.evidence[0].detail == "an area some 120 km across around 39.9000, -89.6000, nowhere in it in particular"


def test_an_area_in_which_no_name_lies_is_added_as_an_area() -> None:
    _, added = with_given(given(AREA), [found(UKRAINE, "Ukraine")])
    assert added.place is not None
    assert (added.place.feature, added.place.radius_km) == (Feature.REGION, 60)
    assert added.place.name == "area around 39.90, -89.60"
    assert "nowhere in it in particular" in added.evidence[0].detail


def test_a_name_within_the_area_of_that_name_stays_where_it_is() -> None:
    area = GivenPlace("Springfield", Point(39.0, -89.0), is_area=True, radius_km=200)
    assert [r.place for r in with_given(given(area), [found(ILLINOIS)])] == [ILLINOIS]


@pytest.mark.parametrize(
    ("place", "expected"),
    [
        (GivenPlace("Ukraine", Point(48.5, 31.2), is_area=True), "country:UA"),
        (GivenPlace("Texas, United States", Point(31.1, -97.6), is_area=True), "admin1:US.TX"),
        (GivenPlace("Georgia, United States", Point(32.98, -83.64), is_area=True), "admin1:US.GA"),
        (GivenPlace("Georgia", Point(42.0, 43.5), is_area=True), "country:GE"),
        (GivenPlace("Kyiv, Kyyiv, Misto, Ukraine", Point(50.4333, 30.5167)), "city:703448"),
        (GivenPlace("Kyiv", Point(40.0, -75.0)), "given:40.0000,-75.0000"),
        (GivenPlace("Ukraine", Point(50.45, 30.52)), "country:UA"),
        (GivenPlace("Singapore", Point(1.29, 103.85)), "city:1880252"),
        (GivenPlace("Nowhere at all", Point(50.45, 30.52), is_area=True), "given:50.4500,30.5200,0"),
    ],
)
def test_a_given_place_is_the_one_of_that_name_there(gazetteer: Gazetteer, place: GivenPlace, expected: str) -> None:
    [r] = with_given(given(place), [], Resolver(gazetteer).namesakes)
    assert r.place is not None
    assert (r.place.id, r.confidence) == (expected, 1.0)
    assert r.evidence[0].reason == "given by the source"
