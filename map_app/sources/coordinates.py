"""Where an article is, as its source itself says: columns of coordinates, GeoJSON, GeoRSS, GDELT's knowledge graph."""

import math
import re
from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise

from map_app.errors import ImpossibleValueError
from map_app.geo import BoundingBox, Point
from map_app.model import GivenPlace

#: Places that one article may be given: GDELT lists every name it met.
MAX_GIVEN = 25

#: Radius beyond which the middle of an area says nothing; only the two or three largest countries are wider.
MAX_AREA_KM = 2_500.0

#: What is no wider is a spot: a building and its grounds.
SPOT_KM = 0.5

TOO_WIDE = "its area is left out: it cannot be, or is as wide as a continent"

_SHAPES = frozenset(("MultiPoint", "LineString", "MultiLineString", "Polygon", "MultiPolygon", "Box"))
_NUMBER = r"[+-]?\d{1,3}(?:\.\d{1,15})?"
_PAIR = re.compile(rf"\s*({_NUMBER})\s*[,; ]\s*({_NUMBER})\s*")
_LATITUDE = ("latitude", "lat")
_LONGITUDE = ("longitude", "lon", "lng", "long")


def given_places(row: Mapping[str, object], columns: Mapping[str, Sequence[str]]) -> tuple[tuple[GivenPlace, ...], str]:
    """The place that a row gives, as `columns` of fields.field_names name it, and what is wrong with it or nothing.

    Two columns of degrees, or one that holds both: "50.45, 30.52" with the latitude first, an object with them, or a
    GeoJSON geometry with the longitude first. Lines, boxes and polygons are areas, known by their extent. What cannot
    be, and 0° 0°, which stands for "unknown", is left out.
    """
    name = next((value for column in columns["place"] if isinstance(value := row[column], str)), "")
    name = " ".join(name.split())[:120]
    pairs = [
        (row[latitude], row[longitude])
        for latitude, longitude in zip(columns["latitude"][:1], columns["longitude"][:1], strict=False)
    ]
    pairs += [pair for column in columns["point"] if (pair := _pair(row[column])) is not None]
    for latitude, longitude in pairs:
        if latitude in (None, "") and longitude in (None, ""):
            continue
        point = point_of(latitude, longitude)
        if point is None:
            return (), f"its coordinates are left out: no place is at {str(latitude)[:20]!r}, {str(longitude)[:20]!r}"
        return (GivenPlace(name, point),), ""
    for shape in (row[column] for column in columns["point"]):
        if isinstance(shape, Mapping) and shape.get("type") in _SHAPES and shape.get("coordinates"):
            area = area_of(shape, name)
            return ((area,), "") if area else ((), TOO_WIDE)
    return (), ""


def area_of(shape: Mapping[str, object], name: str = "") -> GivenPlace | None:
    """The extent of a GeoJSON geometry, or of a "Box" of its south-western and north-eastern corner, as an area.

    None where a position cannot be, and where the area is so wide that its middle says nothing. One that is no wider
    than a spot is given as one.
    """
    try:
        positions = [Point(_degrees(y), _degrees(x)) for x, y in _positions(shape.get("coordinates"))]
        if shape.get("type") == "Box":
            low, high = positions
            box = BoundingBox(low.latitude, low.longitude, high.latitude, high.longitude)
        else:
            latitudes = [point.latitude for point in positions]
            west, east = _narrowest([point.longitude for point in positions])
            box = BoundingBox(min(latitudes), west, max(latitudes), east)
    except (ValueError, TypeError, OverflowError, ImpossibleValueError):
        return None
    return around(box.centre, box.radius_km, name)


def around(centre: Point, radius_km: float, name: str = "") -> GivenPlace | None:
    """A circle as an area, a spot where it is no wider than one, None where it is too wide to say anything."""
    if not radius_km <= MAX_AREA_KM:
        return None
    return GivenPlace(name, centre, True, round(radius_km, 1)) if radius_km > SPOT_KM else GivenPlace(name, centre)


def _positions(coordinates: object) -> Iterator[tuple[object, object]]:
    """Longitude and latitude of every position in lists within lists, in no order but for the innermost lists."""
    waiting = [coordinates]
    while waiting:
        value = waiting.pop()
        if not isinstance(value, list | tuple):
            raise TypeError
        if value and isinstance(value[0], list | tuple):
            waiting += reversed(value)
        elif len(value) >= 2:
            yield value[0], value[1]


def _narrowest(longitudes: Sequence[float]) -> tuple[float, float]:
    """West and east of the narrowest strip that holds all of them, which may cross the antimeridian."""
    found = sorted(set(longitudes))
    gaps = [(after - before, number) for number, (before, after) in enumerate(pairwise([*found, found[0] + 360]))]
    _, widest = max(gaps)
    return found[(widest + 1) % len(found)], found[widest]


def point_of(latitude: object, longitude: object) -> Point | None:
    """A point of two numbers in any writing, or None where there is none such or both are 0."""
    try:
        point = Point(_degrees(latitude), _degrees(longitude))
    except (ValueError, TypeError, OverflowError, ImpossibleValueError):
        return None
    return None if point.latitude == point.longitude == 0 else point


def _degrees(value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        raise TypeError
    degrees = float(value.strip().replace(",", ".")) if isinstance(value, str) else float(value)
    if not math.isfinite(degrees):
        raise ValueError
    return degrees


def _pair(value: object) -> tuple[object, object] | None:
    """Latitude and longitude out of one value, or None where it is none of the usual ones."""
    if isinstance(value, str):
        match = _PAIR.fullmatch(value)
        return (match[1], match[2]) if match else None
    if isinstance(value, Mapping):
        coordinates = value.get("coordinates")
        if value.get("type") == "Point" and isinstance(coordinates, list | tuple) and len(coordinates) >= 2:
            return coordinates[1], coordinates[0]
        latitude = next((value[key] for key in _LATITUDE if key in value), None)
        longitude = next((value[key] for key in _LONGITUDE if key in value), None)
        return None if latitude is None or longitude is None else (latitude, longitude)
    return None


#: What GDELT matches a name with: a country, a state of the US, a city of the US, one elsewhere, a division elsewhere.
_GDELT_AREAS = frozenset(("1", "2", "5"))


def gdelt_place(kind: str, name: str, latitude: str, longitude: str) -> GivenPlace | None:
    """A place as GDELT writes it, countries and their divisions as areas; None where it has no coordinates.

    `kind` is its GeoType. Codebooks: http://data.gdeltproject.org/documentation/GDELT-Event_Codebook-V2.0.pdf
    """
    point = point_of(latitude, longitude)
    return GivenPlace(name.strip()[:120], point, is_area=kind in _GDELT_AREAS) if point else None


def gkg_places(locations: str) -> tuple[GivenPlace, ...]:
    """The places of GDELT's V1LOCATIONS: "type#name#country#division#latitude#longitude#id;...", each once."""
    found: dict[Point, GivenPlace] = {}
    for block in locations.split(";"):
        parts = block.split("#")
        place = gdelt_place(parts[0].strip(), parts[1], parts[4], parts[5]) if len(parts) >= 7 else None
        if place is not None and len(found) < MAX_GIVEN:
            found.setdefault(place.point, place)
    return tuple(found.values())
