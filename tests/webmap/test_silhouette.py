"""The land that is shown before there is a map."""

import re
from xml.etree import ElementTree

from map_app.webmap import silhouette


def test_the_land_of_the_first_start_is_a_small_picture_within_its_box() -> None:
    svg = ElementTree.fromstring(silhouette())  # noqa: S314 (our own)
    path = svg[0].get("d") or ""
    assert path.count("M") > 150
    assert len(path) < 200_000
    points = [(int(x), int(y)) for x, y in re.findall(r"(-?\d+),(-?\d+)", path)]
    assert all(-20 <= x <= 520 and -20 <= y <= 420 for x, y in points)
    # Greenland's north is near the top, Tierra del Fuego near the bottom.
    assert min(y for _, y in points) < 20
    assert sum(250 < y < 320 for _, y in points) > 100
