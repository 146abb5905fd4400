"""Places that an article's source gives as coordinates, beside those that are found in its words."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace

from map_app.geo import distance_km
from map_app.model import Article, Evidence, Feature, GivenPlace, Kind, Place, Resolution, Toponym

#: A place of the same name this near is the same one: sources put a city's pin at its centre, its edge or its airport.
SAME_NAME_KM = 50.0

#: So near, it is the same place whatever it is called.
SAME_PLACE_KM = 3.0

REASON = "given by the source"

#: A source's point for an area is only somewhere within, by the kind of area; the larger it is, the farther off.
REACH_KM = {Feature.COUNTRY: 1500.0, Feature.ADMIN1: 400.0, Feature.ADMIN2: 100.0}

#: Of these a source's point is only somewhere within.
_AREAS = frozenset((Feature.COUNTRY, Feature.ADMIN1, Feature.ADMIN2, Feature.REGION, Feature.WATER, Feature.CONTINENT))


#: The places of the gazetteer that a name may mean.
Namesakes = Callable[[str], Iterable[Place]]


def with_given(
    article: Article, resolutions: Sequence[Resolution], namesakes: Namesakes = lambda _name: ()
) -> list[Resolution]:
    """The resolutions with the places that the source gives, each backing, correcting or added to what was found.

    A found place that is the given one gets the source as one more reason. A name that was taken for another place, or
    for none, is put where the source says. A given place that no word names is added with an empty toponym at the
    beginning of the text. An area backs every found place that lies within it, and is added only where there is none.
    Where the gazetteer has a place of the given one's name there, that is the place: a country is an area then.
    """
    result = list(resolutions)
    for given in article.given:
        name = given.name.partition(",")[0].strip()
        named = [n for n, r in enumerate(result) if r.toponym.kind is Kind.TOPONYM and _is_called(r, name)]
        alike = named or [n for n, r in enumerate(result) if r.place and _is_there(r.place, given)]
        same_name_km = max(SAME_NAME_KM, given.radius_km or 0.0)
        for number in alike:
            r = result[number]
            if r.place is not None and (r.place.feature in _AREAS or _near(r.place, given, same_name_km)):
                result[number] = replace(r, evidence=(*r.evidence, _evidence(given)))
            else:
                bare = replace(r, candidates=(), evidence=(), unplaced_because="")
                result[number] = _placed(bare, given, name, namesakes)
        if not alike:
            result.append(_placed(Resolution(Toponym("", 0, 0), None), given, name, namesakes))
    return result


def _is_called(resolution: Resolution, name: str) -> bool:
    names = {resolution.toponym.name.casefold(), resolution.place.name.casefold() if resolution.place else ""}
    return name != "" and name.casefold() in names


def _is_there(place: Place, given: GivenPlace) -> bool:
    """Whether a place is the given one, or one in the area that is given."""
    within_km = given.radius_km if given.radius_km and place.feature not in _AREAS else SAME_PLACE_KM
    return _near(place, given, max(within_km, SAME_PLACE_KM))


def _near(place: Place, given: GivenPlace, km: float) -> bool:
    return distance_km(place.point, given.point) <= km


def _evidence(given: GivenPlace) -> Evidence:
    where = f"{given.point.latitude:.4f}, {given.point.longitude:.4f}"
    if given.is_area:
        size = f" some {2 * given.radius_km:,.0f} km across" if given.radius_km else ""
        where = f"an area{size} around {where}, nowhere in it in particular"
    return Evidence(REASON, 1.0, f"{given.name}: {where}" if given.name else where)


def _placed(resolution: Resolution, given: GivenPlace, name: str, namesakes: Namesakes) -> Resolution:
    known = [place for place in namesakes(name) if _may_be(place, given)] if name else []
    # A spot is a town rather than the country of its name, but a country's name at a spot is the country.
    known.sort(key=lambda place: (place.feature in _AREAS, distance_km(place.point, given.point)))
    place = known[0] if known else _as_given(given, name)
    return replace(resolution, place=place, confidence=1.0, evidence=(_evidence(given),))


def _may_be(place: Place, given: GivenPlace) -> bool:
    """Whether a place of the given one's name is that one; what is given as an area is no town."""
    if place.feature in _AREAS:
        return _near(place, given, REACH_KM.get(place.feature, place.radius_km or 0.0))
    return not given.is_area and _near(place, given, SAME_NAME_KM)


def _as_given(given: GivenPlace, name: str) -> Place:
    latitude, longitude = given.point.latitude, given.point.longitude
    return Place(
        id=f"given:{latitude:.4f},{longitude:.4f}" + (f",{given.radius_km or 0:.0f}" if given.is_area else ""),
        name=name or ("area around " if given.is_area else "") + f"{latitude:.2f}, {longitude:.2f}",
        point=given.point,
        feature=Feature.REGION if given.is_area else Feature.OTHER,
        radius_km=given.radius_km,
    )
