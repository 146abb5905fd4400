"""Where an article is, as its source itself says: columns of coordinates, GeoJSON, GeoRSS, GDELT's knowledge graph."""

import math
import re
from collections.abc import Mapping, Sequence

from map_app.errors import ImpossibleValueError
from map_app.geo import Point
from map_app.model import GivenPlace

#: Places that one article may be given: GDELT lists every name it met.
MAX_GIVEN = 25

_NUMBER = r"[+-]?\d{1,3}(?:\.\d{1,15})?"
_PAIR = re.compile(rf"\s*({_NUMBER})\s*[,; ]\s*({_NUMBER})\s*")
_LATITUDE = ("latitude", "lat")
_LONGITUDE = ("longitude", "lon", "lng", "long")


def given_places(row: Mapping[str, object], columns: Mapping[str, Sequence[str]]) -> tuple[tuple[GivenPlace, ...], str]:
    """The place that a row gives, as `columns` of fields.field_names name it, and what is wrong with it or nothing.

    Two columns of degrees, or one that holds both: "50.45, 30.52" with the latitude first, an object with them, or a
    GeoJSON point with the longitude first. What cannot be, and 0° 0°, which stands for "unknown", is left out.
    """
    name = next((value for column in columns["place"] if isinstance(value := row[column], str)), "")
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
        return (GivenPlace(" ".join(name.split())[:120], point),), ""
    return (), ""


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


def gkg_places(locations: str) -> tuple[GivenPlace, ...]:
    """The places of GDELT's V1LOCATIONS: "type#name#country#division#latitude#longitude#id;...", each once."""
    found: dict[Point, GivenPlace] = {}
    for block in locations.split(";"):
        parts = block.split("#")
        point = point_of(parts[4], parts[5]) if len(parts) >= 7 else None
        if point is not None and len(found) < MAX_GIVEN:
            found.setdefault(point, GivenPlace(parts[1].strip()[:120], point))
    return tuple(found.values())
