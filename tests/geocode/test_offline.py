from pathlib import Path

import pytest
from geopy.geocoders.base import Geocoder
from geopy.location import Location
from geopy.point import Point as GeopyPoint

from map_app.geocode.offline import GazetteerGeocoder


@pytest.fixture(scope="module")
def geocoder() -> GazetteerGeocoder:
    return GazetteerGeocoder()


def test_it_is_a_geopy_geocoder_that_works_alone(geocoder: GazetteerGeocoder) -> None:
    assert isinstance(geocoder, Geocoder)
    location = geocoder.geocode("Paris")
    assert isinstance(location, Location)
    assert (round(location.latitude), round(location.longitude)) == (49, 2)
    assert location.raw["country_code"] == "FR"
    assert location.address.startswith("Paris")


@pytest.mark.parametrize(
    ("query", "latitude", "longitude"),
    [
        ("Paris, Texas", 33.7, -95.6),
        ("Paris, Texas, United States", 33.7, -95.6),
        ("Springfield, Illinois", 39.8, -89.6),
        ("Cambridge, Massachusetts", 42.4, -71.1),
        ("Washington, D.C.", 38.9, -77.0),
        ({"city": "Paris", "state": "Texas", "country": "United States"}, 33.7, -95.6),
    ],
    ids=str,
)
def test_what_contains_a_place_says_which_it_is(
    geocoder: GazetteerGeocoder, query: str | dict[str, str], latitude: float, longitude: float
) -> None:
    location = geocoder.geocode(query)
    assert isinstance(location, Location)
    assert location.latitude == pytest.approx(latitude, abs=0.3)
    assert location.longitude == pytest.approx(longitude, abs=0.3)


def test_all_answers_come_as_a_list_up_to_the_limit(geocoder: GazetteerGeocoder) -> None:
    locations = geocoder.geocode("Springfield", exactly_one=False, limit=3)
    assert isinstance(locations, list)
    assert len(locations) == 3
    assert len({location.raw["id"] for location in locations}) == 3


def test_answers_can_be_kept_to_countries(geocoder: GazetteerGeocoder) -> None:
    for codes in ("ca", ["CA"]):
        location = geocoder.geocode("London", country_codes=codes)
        assert isinstance(location, Location)
        assert location.raw["country_code"] == "CA"


@pytest.mark.parametrize("query", ["Xqzzvw", "", ", ,", "Paris, Japan, Texas"])
def test_what_is_nowhere_is_none(geocoder: GazetteerGeocoder, query: str) -> None:
    assert geocoder.geocode(query) is None
    assert geocoder.geocode(query, exactly_one=False) is None


def test_a_limit_below_one_is_refused_as_geopy_does(geocoder: GazetteerGeocoder) -> None:
    with pytest.raises(ValueError, match="less than 1"):
        geocoder.geocode("Paris", exactly_one=False, limit=0)


@pytest.mark.parametrize("query", ["35.68, 139.69", (35.68, 139.69), GeopyPoint(35.68, 139.69)], ids=str)
def test_reverse_names_the_place_nearby(geocoder: GazetteerGeocoder, query: object) -> None:
    location = geocoder.reverse(query)
    assert isinstance(location, Location)
    assert location.raw["country_code"] == "JP"
    assert location.raw["distance_km"] < 30


def test_reverse_of_the_open_sea_is_none(geocoder: GazetteerGeocoder) -> None:
    assert geocoder.reverse("-48.9, -123.4") is None


def test_several_neighbours_come_nearest_first(geocoder: GazetteerGeocoder) -> None:
    near = geocoder.reverse("48.85, 2.35", exactly_one=False, limit=5)
    assert isinstance(near, list)
    distances = [location.raw["distance_km"] for location in near]
    assert distances == sorted(distances)


def test_a_gazetteer_elsewhere_can_be_named(geocoder: GazetteerGeocoder, tmp_path: Path) -> None:
    assert GazetteerGeocoder(geocoder.gazetteer).gazetteer is geocoder.gazetteer
