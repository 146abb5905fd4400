"""The places that a name may mean, with what is known of each before any context."""

import re
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from map_app.gazetteer.lookup import Gazetteer, Match, NameKind
from map_app.gazetteer.names import fold
from map_app.geoparse.membership import may_be_known
from map_app.model import Feature, Place

#: What each kind of place adds to log10 of its population; from the trial in the project's geoparsing notes.
FEATURE_PRIOR = {
    Feature.COUNTRY: 3.0,
    Feature.CONTINENT: 3.0,
    Feature.REGION: 1.5,
    Feature.WATER: 1.5,
    Feature.ADMIN1: 0.6,
    Feature.ADMIN2: -1.2,
}

#: Places without a number of people are ranked as if they had this many: a region that news names is no hamlet.
ASSUMED_POPULATION = {
    Feature.COUNTRY: 1e6,
    Feature.CONTINENT: 1e8,
    Feature.REGION: 3e5,
    Feature.WATER: 3e5,
    Feature.ADMIN1: 3e5,
    Feature.ADMIN2: 3e4,
}
SMALLEST_POPULATION = 300.0

#: An alternate name is more often someone else's first name.
ALTERNATE_NAME = -1.0

#: A city that has the name of its own division is meant unless it holds less than this share of its people.
NAMESAKE_CITY = 1.5
NAMESAKE_SHARE = 0.2

#: More namesakes than this are not ranked: the rest are the smallest.
MAX_OPTIONS = 80

#: Distinct names kept; the cache starts anew when it is full.
MAX_CACHED = 20_000

_DIVISION_WORDS = "region|oblast|province|state|governorate|prefecture|county|district|territory|republic|krai|parish"
_DIVISION_SUFFIX = re.compile(rf"(?i)(?P<name>.+?)[\s-]+(?:(?:border|frontier)\s+)?(?:{_DIVISION_WORDS})s?$", re.DOTALL)
_DIVISION_PREFIX = re.compile(rf"(?i)(?:the\s+)?(?:{_DIVISION_WORDS})\s+of\s+(?P<name>.+)$", re.DOTALL)
_TOWN_PREFIX = re.compile(r"(?i)(?:the\s+)?(?:city|town|village|port)\s+of\s+(?P<name>.+)$", re.DOTALL)
_TOWN_SUFFIX = re.compile(r"(?i)(?P<name>.+?)\s+(?:city|town|township|village|metropolitan area|suburbs?)$", re.DOTALL)
_DIRECTION = re.compile(
    r"(?i)(?:the\s+)?(?:north|south|east|west|central|upper|lower|greater|mid|downtown|inner|outer|rural|old)"
    r"(?:[-\s]?(?:east|west|central))?(?:ern)?[-\s]+(?P<name>.+)$",
    re.DOTALL,
)
_ARTICLE = re.compile(r"(?i)the\s+(?P<name>.+)$", re.DOTALL)
_TRAILING = re.compile(r"(?P<name>.+?)(?:['’]s?|[.,])+$", re.DOTALL)

Vector = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Option:
    """One place that a name may mean."""

    place: Place
    name_kind: NameKind
    #: Country code and first-level division ("US.Texas"), of the division itself too; empty where it lies in none.
    admin1_key: str


@dataclass(frozen=True)
class Options:
    """All places that a name may mean, as parallel arrays."""

    items: tuple[Option, ...]
    #: "division" or "town" where the name itself says so ("Kursk region", "city of Kursk").
    stated_kind: str = ""
    #: What the name itself says it lies in ("Texas" of "Paris, Texas").
    container: str = ""

    @cached_property
    def population(self) -> Vector:
        """log10 of the people of each."""
        return np.log10([_people(option.place) for option in self.items])

    @cached_property
    def feature_prior(self) -> Vector:
        """What the kind of place adds."""
        prior = np.array([FEATURE_PRIOR.get(option.place.feature, 0.0) for option in self.items])
        people = {o.place.country_code: _people(o.place) for o in self.items if o.place.feature is Feature.ADMIN1}
        for i, option in enumerate(self.items):
            whole = people.get(option.place.country_code)
            if option.place.feature is Feature.CITY and whole and _people(option.place) > NAMESAKE_SHARE * whole:
                prior[i] += NAMESAKE_CITY
        return prior

    @cached_property
    def name_prior(self) -> Vector:
        """What the kind of name adds."""
        return np.array([ALTERNATE_NAME if o.name_kind is NameKind.ALTERNATE else 0.0 for o in self.items])

    @cached_property
    def xyz(self) -> npt.NDArray[np.float64]:
        """Unit vectors, one row each."""
        latitude = np.radians([option.place.point.latitude for option in self.items])
        longitude = np.radians([option.place.point.longitude for option in self.items])
        return np.stack(
            [np.cos(latitude) * np.cos(longitude), np.cos(latitude) * np.sin(longitude), np.sin(latitude)], axis=1
        )

    @cached_property
    def is_area(self) -> npt.NDArray[np.bool_]:
        """Which are countries or continents."""
        return np.array([o.place.feature in (Feature.COUNTRY, Feature.CONTINENT) for o in self.items])

    @cached_property
    def areas(self) -> tuple[Option, ...]:
        """Those that other places lie in."""
        return tuple(o for o in self.items if o.place.feature in (Feature.COUNTRY, Feature.ADMIN1, Feature.ADMIN2))


class OptionsFinder:
    """Looks names up, with what they become when a generic word is taken off, and keeps the answers."""

    def __init__(self, gazetteer: Gazetteer) -> None:
        self._gazetteer = gazetteer
        self._cache: dict[str, Options] = {}
        self._lock = threading.Lock()

    def options(self, name: str) -> Options:
        """What the name may mean, best known first; empty where nothing fits."""
        found = self._cache.get(name)
        if found is None:
            found = self._find(name) if may_be_known(name) else Options(())
            with self._lock:
                if len(self._cache) >= MAX_CACHED:
                    self._cache.clear()
                self._cache[name] = found
        return found

    def _find(self, name: str) -> Options:
        for variant, stated_kind, container in _variants(name):
            matches = self._gazetteer.candidates(variant)
            if matches:
                return Options(tuple(_option(match) for match in matches[:MAX_OPTIONS]), stated_kind, container)
        return Options(())


def _variants(name: str) -> Iterator[tuple[str, str, str]]:
    """The name as it stands, then ever less of it; with the kind of place and the container taken off."""
    yield name, "", ""
    if trailing := _TRAILING.match(name):
        yield trailing["name"], "", ""
    if suffix := _DIVISION_SUFFIX.match(name) or _DIVISION_PREFIX.match(name):
        yield suffix["name"], "division", ""
        if inner := _DIRECTION.match(suffix["name"]):
            yield inner["name"], "division", ""
    if town := _TOWN_PREFIX.match(name) or _TOWN_SUFFIX.match(name):
        yield town["name"], "town", ""
    head, comma, tail = name.partition(",")
    if comma and head.strip() and tail.strip():
        yield head.strip(), "", tail.strip()
    for pattern in (_DIRECTION, _ARTICLE):
        if part := pattern.match(name):
            yield part["name"], "", ""


def _option(match: Match) -> Option:
    place = match.place
    division = place.name if place.feature is Feature.ADMIN1 else place.admin1
    key = f"{place.country_code}.{fold(division)}" if place.country_code and division else ""
    return Option(place, match.name_kind, key)


def _people(place: Place) -> float:
    return max(float(place.population) or ASSUMED_POPULATION.get(place.feature, 0.0), SMALLEST_POPULATION)
