"""The gazetteer as a geopy geocoder: for anyone who knows geopy, without network, key or limit."""

from collections.abc import Iterable, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from geopy.adapters import URLLibAdapter
from geopy.geocoders.base import DEFAULT_SENTINEL, Geocoder
from geopy.location import Location
from geopy.point import Point as GeopyPoint

from map_app.gazetteer.lookup import Gazetteer, open_gazetteer
from map_app.geo import Point
from map_app.model import Place
from map_app.settings import Settings

#: Reverse geocoding names a populated place within this distance, else nothing: beyond it, it would mislead.
MAX_REVERSE_KM = 100.0

#: Fields of a structured query, from the place itself outwards.
STRUCTURED = ("city", "county", "state", "country")


class GazetteerGeocoder(Geocoder):  # type: ignore[misc]  # geopy publishes no types
    """Answers from the offline gazetteer, with geopy's own calls and its own `Location`.

    ::

        geolocator = GazetteerGeocoder()
        geolocator.geocode("Paris, Texas").point
        geolocator.geocode("Springfield", exactly_one=False, limit=5, country_codes="us")
        geolocator.reverse("35.68, 139.69").address

    `Location.raw` is a dict of the gazetteer's record: id, name, feature, latitude, longitude, country_code,
    admin1, population, geonameid, radius_km.
    """

    def __init__(self, gazetteer: Gazetteer | None = None, *, cache: Path | None = None) -> None:
        """Use an open gazetteer, or the one in the cache folder, which is built first where it is missing."""
        super().__init__(scheme="https", adapter_factory=URLLibAdapter)  # geopy wants one; nothing is ever sent
        self.gazetteer = gazetteer or open_gazetteer(cache or Settings.from_environment().cache)

    def geocode(
        self,
        query: str | Mapping[str, str],
        *,
        exactly_one: bool = True,
        limit: int | None = None,
        country_codes: str | Iterable[str] | None = None,
        timeout: Any = DEFAULT_SENTINEL,  # accepted as by every geopy geocoder; nothing here can be slow
    ) -> Location | list[Location] | None:
        """Find a name, with what contains it after commas: "Paris, Texas", "Kursk, Russia".

        The best answer, or with `exactly_one=False` a list of up to `limit`, best first; None where there is none.
        A name that is known, though not in the container given, is not an answer.
        """
        if limit is not None and int(limit) < 1:
            raise ValueError("limit cannot be less than 1")
        if isinstance(query, Mapping):
            parts = [query[field] for field in STRUCTURED if query.get(field)]
        else:
            parts = str(query).split(",")
        parts = [part.strip() for part in parts if part.strip()]
        allowed = {country_codes} if isinstance(country_codes, str) else set(country_codes or ())
        allowed = {code.upper() for code in allowed}
        found = [p for p in self._places(parts) if not allowed or p.country_code in allowed]
        return self._answer([self._location(place) for place in found], exactly_one, limit)

    def reverse(
        self,
        query: GeopyPoint | tuple[float, float] | str,
        *,
        exactly_one: bool = True,
        limit: int | None = None,
        timeout: Any = DEFAULT_SENTINEL,  # as above
    ) -> Location | list[Location] | None:
        """The populated places nearest to a point, nearest first, within MAX_REVERSE_KM; None where there is none.

        `raw` also holds `distance_km`.
        """
        if limit is not None and int(limit) < 1:
            raise ValueError("limit cannot be less than 1")
        at = query if isinstance(query, GeopyPoint) else GeopyPoint(query)
        near = self.gazetteer.nearest(
            Point(at.latitude, at.longitude), max_km=MAX_REVERSE_KM, limit=1 if exactly_one else limit or 10
        )
        return self._answer([self._location(place, distance_km=km) for place, km in near], exactly_one, limit)

    def _places(self, parts: list[str]) -> list[Place]:
        """Places of that name within the containers; the whole as one name first, as in "Washington, D.C."."""
        if not parts:
            return []
        whole = self._named(", ".join(parts)) if len(parts) > 1 else []
        inside = self._named(parts[0])
        for container in parts[1:]:
            outers = self._named(container)
            inside = [
                place for place in inside if any(self._lies_in(place, outer) for outer in outers if outer != place)
            ]
        return whole + [place for place in inside if place not in whole]

    def _named(self, name: str) -> list[Place]:
        return list(dict.fromkeys(match.place for match in self.gazetteer.candidates(name)))

    def _lies_in(self, inner: Place, outer: Place) -> bool:
        return self.gazetteer.contains(outer, inner)

    def _location(self, place: Place, **more: float) -> Location:
        country = self.gazetteer.country(place.country_code) if place.country_code else None
        names = [place.name, place.admin1, country.name if country else ""]
        address = ", ".join(dict.fromkeys(name for name in names if name))
        raw = asdict(place)
        raw["latitude"], raw["longitude"] = place.point.latitude, place.point.longitude
        del raw["point"]
        raw["feature"] = place.feature.value
        return Location(address, (place.point.latitude, place.point.longitude), {**raw, **more})

    @staticmethod
    def _answer(found: list[Location], exactly_one: bool, limit: int | None) -> Location | list[Location] | None:
        if not found:
            return None
        return found[0] if exactly_one else found[:limit]
