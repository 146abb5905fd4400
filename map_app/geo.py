"""Points, boxes and distances on the Earth."""

import math
from dataclasses import dataclass

from map_app.errors import ImpossibleValueError

#: Mean radius of the Earth, IUGG.
EARTH_RADIUS_KM = 6371.0088


@dataclass(frozen=True, slots=True)
class Point:
    """A position in WGS 84 decimal degrees; raises ImpossibleValueError where no such position exists."""

    #: Degrees north of the equator, -90 to 90.
    latitude: float
    #: Degrees east of Greenwich, -180 to 180.
    longitude: float

    def __post_init__(self) -> None:
        if not -90 <= self.latitude <= 90:  # NaN neither
            raise ImpossibleValueError(f"latitude {self.latitude!r} is not between -90 and 90 degrees")
        if not -180 <= self.longitude <= 180:
            raise ImpossibleValueError(f"longitude {self.longitude!r} is not between -180 and 180 degrees")


@dataclass(frozen=True, slots=True)
class BoundingBox:
    """A box between two parallels and two meridians; west > east means that it crosses the antimeridian."""

    south: float
    west: float
    north: float
    east: float

    def __post_init__(self) -> None:
        Point(self.south, self.west)
        Point(self.north, self.east)
        if self.south > self.north:
            raise ImpossibleValueError(f"south {self.south!r} lies north of north {self.north!r}")

    @property
    def centre(self) -> Point:
        """The middle between its edges."""
        width = self.east - self.west + (360 if self.west > self.east else 0)
        longitude = self.west + width / 2
        return Point((self.south + self.north) / 2, longitude - 360 if longitude > 180 else longitude)

    @property
    def radius_km(self) -> float:
        """How far it is from the centre to the farthest of the corners."""
        corners = (Point(north, east) for north in (self.south, self.north) for east in (self.west, self.east))
        return max(distance_km(self.centre, corner) for corner in corners)

    def contains(self, point: Point) -> bool:
        """Whether the point lies in the box, its edges included."""
        if not self.south <= point.latitude <= self.north:
            return False
        if self.west <= self.east:
            return self.west <= point.longitude <= self.east
        return point.longitude >= self.west or point.longitude <= self.east


def distance_km(a: Point, b: Point) -> float:
    """Great-circle distance in kilometres by the haversine formula, on a sphere (error under 0.6 %)."""
    half_latitude = math.radians(b.latitude - a.latitude) / 2
    half_longitude = math.radians(b.longitude - a.longitude) / 2
    h = math.sin(half_latitude) ** 2 + (
        math.cos(math.radians(a.latitude)) * math.cos(math.radians(b.latitude)) * math.sin(half_longitude) ** 2
    )
    return 2 * EARTH_RADIUS_KM * math.asin(min(1.0, math.sqrt(h)))
