import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from map_app.errors import ImpossibleValueError
from map_app.geo import BoundingBox, Point, distance_km

points = st.builds(Point, st.floats(-90, 90), st.floats(-180, 180))


@pytest.mark.parametrize(
    ("latitude", "longitude"), [(90.1, 0), (-91, 0), (0, 180.5), (math.nan, 0), (0, math.inf)], ids=str
)
def test_a_point_that_is_not_on_the_earth_is_refused(latitude: float, longitude: float) -> None:
    with pytest.raises(ImpossibleValueError, match="is not between"):
        Point(latitude, longitude)


def test_paris_to_london_is_344_km() -> None:
    assert distance_km(Point(48.8566, 2.3522), Point(51.5074, -0.1278)) == pytest.approx(343.6, abs=1)


@given(points, points)
def test_distance_is_the_same_both_ways_and_never_more_than_half_way_round(a: Point, b: Point) -> None:
    assert distance_km(a, b) == pytest.approx(distance_km(b, a))
    assert 0 <= distance_km(a, b) <= 20016


def test_a_box_across_the_antimeridian_holds_fiji_and_not_africa() -> None:
    fiji = BoundingBox(south=-21, west=177, north=-12, east=-178)
    assert fiji.contains(Point(-17.8, 178.0))
    assert fiji.contains(Point(-17.8, -179.0))
    assert not fiji.contains(Point(-17.8, 20.0))


def test_a_box_upside_down_is_refused() -> None:
    with pytest.raises(ImpossibleValueError, match="lies north"):
        BoundingBox(south=10, west=0, north=-10, east=5)
