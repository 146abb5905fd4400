"""The land that is shown before there is a map."""

import itertools
import re
from xml.etree import ElementTree

from map_app.webmap import silhouette


def test_the_land_of_the_first_start_is_a_small_picture_within_its_box() -> None:
    svg = ElementTree.fromstring(silhouette())  # noqa: S314 (our own)
    # A unit is no more than a pixel of a window 2000 pixels wide.
    assert svg.get("viewBox") == "0 0 2000 1280"
    paths = [part.get("d") or "" for part in svg]
    assert len(paths) > 150
    assert sum(map(len, paths)) < 200_000
    corners = []
    for path in paths:
        steps = [(int(x), int(y)) for x, y in re.findall(r"(-?\d+),(-?\d+)", path)]
        corners += itertools.accumulate(steps, lambda at, step: (at[0] + step[0], at[1] + step[1]))
    assert all(-80 <= x <= 2080 and -80 <= y <= 1680 for x, y in corners)
    # Greenland's north is near the top, Tierra del Fuego near the bottom.
    assert min(y for _, y in corners) < 80
    assert sum(1000 < y < 1280 for _, y in corners) > 100
