"""The places that a name may mean, with what is known of each before any context."""

import functools
import itertools
import math
import re
import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from map_app.gazetteer.lookup import Gazetteer, NameKind
from map_app.gazetteer.names import fold
from map_app.geo import Point, distance_km
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
    Feature.ADMIN1: 3e4,
    Feature.ADMIN2: 3e4,
    Feature.OTHER: 3e4,
}
SMALLEST_POPULATION = 300.0

#: An alternate name is more often someone else's first name.
ALTERNATE_NAME = -1.0
#: "DeKalb" for DeKalb County: usual in the county's own news, rare elsewhere.
SHORT_COUNTY_NAME = -1.0
#: "Dulles" of "Dulles International Airport", "Delhi" of "Delhi High Court": the airport may lie elsewhere.
PART_OF_NAME = -1.5

#: A city that has the name of its own division is meant unless it holds less than this share of its people.
NAMESAKE_CITY = 1.5
NAMESAKE_SHARE = 0.2

#: Towns of ten times fewer people than a famous namesake, one of over 10**5.5 (316,000), stand in its shadow. What each
#: tenfold more people of the famous one costs them: Portland, Texas is not meant because a story is set in Texas.
FAMOUS = 5.5
TENFOLD = 1.0
FAMOUS_NAMESAKE = -1.5

#: For a town that somebody has noted under the usual name of a larger one: "Pittsburgh" is not Pittsburg, California.
MISSPELT = -1.5

#: More namesakes than this are not ranked: the rest are the smallest.
MAX_OPTIONS = 80

#: So many people make a town that news names without saying where it is.
LARGE_TOWN = 100_000
#: And so many for each of the people of a first-level division that has the same name.
BESIDE_DIVISION = 0.05

#: A shorter one that is not in capitals is an article.
SHORTEST_BEGINNING = 4

#: So many make a division that gives its name to what lies in it.
LARGE_DIVISION = 500_000

#: A county has so many times the people of any town of its name where its name holds towns.
COUNTY_BEFORE_TOWN = 3

#: Farther than this from the place it is called after, an unknown name is not beside it.
FAR_KM = 161.0

#: A name of more words is not looked at by its beginning.
MOST_WORDS = 6

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
_COUNTY = re.compile(r"(?i)\s(?:county|co\.?)$")
_ARTICLE = re.compile(r"(?i)the\s+(?P<name>.+)$", re.DOTALL)
_TRAILING = re.compile(r"(?P<name>.+?)(?:['’]s?|[.,])+$", re.DOTALL)
#: What is named after the place that it stands in: the part before these words may be a place.
_FACILITY = re.compile(
    r"(?i)(?P<name>.+?)\s+(?:(?:international|regional|municipal|national|city|town|county|state|district|high|supreme|"
    r"general|central|community|memorial|public|trial|technical)\s+)*"
    r"(?:airport|airfield|air base|air force base|university|college|school|institute|academy|hospital|court|council|"
    r"hall|station|stadium|arena|prison|jail|port|harbou?r|bridge|museum|theatre|theater|park|square|senate|parliament|"
    r"police|zoo|cathedral|centre|center|campus|embassy|metro|area)$",
    re.DOTALL,
)
_STREET = re.compile(
    r"(?i)\b(?:street|st|road|rd|avenue|ave|drive|lane|boulevard|blvd|highway|parkway|place|row|way|terrace|route|"
    r"heights|hills?|creek|farm|house|hotel|mall|gate|tower|building)\.?$"
)
_FACILITY_OF = re.compile(r"(?i)(?:university|port|bay|gulf|archdiocese|diocese|bank)\s+of\s+(?P<name>.+)$", re.DOTALL)

#: Short forms by their folded words; each is looked for written out as well, and the other way round.
_FIRST_WORDS = {
    "mt": "mount", "st": "saint", "ste": "sainte", "ft": "fort", "pt": "point", "n": "north", "s": "south",
    "e": "east", "w": "west",
}  # fmt: skip
_LAST_WORDS = {"co": "county", "cnty": "county", "twp": "township", "mt": "mountain", "mtn": "mountain", "is": "island"}
_FIRST_SHORT = {"mount": "mt", "saint": "st", "sainte": "ste", "fort": "ft"}

_AREAS = frozenset({Feature.COUNTRY, Feature.CONTINENT})
_WIDE = frozenset({Feature.REGION, Feature.WATER})
_USUAL_CONTAINERS = frozenset({Feature.COUNTRY, Feature.ADMIN1, Feature.REGION})
_CONTAINERS = frozenset({Feature.COUNTRY, Feature.ADMIN1, Feature.ADMIN2, Feature.REGION})

Vector = npt.NDArray[np.float64]
Labels = npt.NDArray[np.int64]


class Option(NamedTuple):
    """One place that a name may mean."""

    place: Place
    #: How the name belongs to it.
    name_kind: NameKind
    #: Country code and first-level division ("US.Texas"), of the division itself too; empty where it lies in none.
    admin1_key: str
    #: What reading less, or more, than the whole name costs it.
    penalty: float = 0.0


#: What stands in the columns of `Options.table`: log10 of the people, what the kind of place, the kind of name and a
#: famous namesake add, a point on a sphere of radius 1, how far the place reaches in kilometres where that is more than
#: a town (regions, waters), whether it is a country or continent, and the labels of country and first-level division, 0
#: for none.
COLUMNS = POPULATION, KIND, NAME, SHADOW, X, Y, Z, REACH_KM, IS_AREA, COUNTRY, ADMIN1 = range(11)


@dataclass(frozen=True, slots=True)
class Options:
    """All places that a name may mean, best known first."""

    #: The folded name.
    key: str
    items: tuple[Option, ...]
    #: "division" or "town" where the name itself says so ("Kursk region", "city of Kursk").
    stated_kind: str
    #: What the name itself says it lies in ("Texas" of "Paris, Texas").
    container: str
    #: Those that other places lie in.
    areas: tuple[Option, ...]
    #: Whether other places are usually said to lie in what carries the name: not in a town that names a county too.
    is_container: bool
    #: Whether it is the usual name of a large town as well.
    is_large_town: bool
    #: Whether it is the usual name of a first-level division, and of no country or large town.
    is_division: bool
    #: A row of numbers for each; see COLUMNS.
    table: Vector

    @property
    def places(self) -> tuple[Place, ...]:
        """The places alone."""
        return tuple(option.place for option in self.items)

    def without_places(self) -> "Options":
        """The same name where it means none of them."""
        return replace(self, items=(), areas=(), table=_NOTHING)

    def __len__(self) -> int:
        return len(self.items)


class OptionsFinder:
    """Looks names up and remembers them; safe to share between threads."""

    def __init__(self, gazetteer: Gazetteer) -> None:
        self._gazetteer = gazetteer
        self._cache: dict[str, Options] = {}
        self._demonyms: dict[str, Place | None] = {}
        self._lock = threading.Lock()
        self._labels: dict[str, int] = {"": 0}
        self._next_label = itertools.count(1)

    def options(self, name: str) -> Options:
        """What the name may mean, best known first; empty where nothing fits."""
        found = self._cache.get(name)
        if found is None:
            found = self._find(name) if may_be_known(name) else self._made(name, (), "", "")
            with self._lock:
                if len(self._cache) >= MAX_CACHED:
                    self._cache.clear()
                self._cache[name] = found
        return found

    def demonym(self, word: str) -> Place | None:
        """The place whose people or things the word names, or None."""
        try:
            return self._demonyms[word]
        except KeyError:
            place = self._gazetteer.demonym(word) if may_be_known(word) else None
        with self._lock:
            if len(self._demonyms) >= MAX_CACHED:
                self._demonyms.clear()
            self._demonyms[word] = place
        return place

    def known(self, place_id: str) -> Options:
        """The one place of that id, for a name of which nothing is open."""
        found = self._cache.get(place_id)
        if found is None:
            place = self._gazetteer.place(place_id)
            found = self._made(place_id, (Option(place, NameKind.PRIMARY, admin1_key(place)),), "", "")
            with self._lock:
                self._cache[place_id] = found
        return found

    def names_another_place(self, name: str, place: Place) -> bool:
        """Whether a name that nobody knows begins or ends with a well-known place far from that one.

        "Bayern Munich" is not in Turin, and the Utah Jazz are not in Toronto; Paris Street may be in Boston.
        """
        words = name.split()
        if len(words) < 2 or _STREET.search(name):
            return False
        for word in (words[0], words[-1]):
            known = self.options(word)
            if (known.is_large_town or known.is_division) and not any(
                admin1_key(place) == o.admin1_key or distance_km(place.point, o.place.point) < FAR_KM
                for o in known.items
            ):
                return True
        return False

    def label(self, key: str) -> int:
        """A small number that stands for a country code or a division's key; 0 for an empty one."""
        label = self._labels.get(key)
        if label is None:
            with self._lock:
                label = self._labels.setdefault(key, next(self._next_label))
        return label

    def _find(self, name: str) -> Options:
        for variant, stated_kind, container, penalty in _variants(name):
            options: dict[str, Option] = {}
            folded = fold(variant)
            for spelling in _spellings(folded):
                for place, name_kind in self._gazetteer.carrying(spelling):
                    _keep_better(options, Option(place, name_kind, admin1_key(place), penalty))
            if not stated_kind:
                for county in (f"{folded} county", f"{folded} parish", f"county {folded}"):
                    for place, name_kind in self._gazetteer.carrying(county):
                        if place.feature is Feature.ADMIN2:
                            _keep_better(
                                options, Option(place, name_kind, admin1_key(place), penalty + SHORT_COUNTY_NAME)
                            )
            if not options:
                continue
            items = sorted(options.values(), key=_importance)
            if _COUNTY.search(variant) and items[0].name_kind is NameKind.PRIMARY:
                # Elsewhere a division is called a county only where somebody has translated its name.
                items = [o for o in items if o.name_kind is NameKind.PRIMARY]
            return self._made(name, tuple(items[:MAX_OPTIONS]), stated_kind, container)
        return self._made(name, self._beginning(name), "", "")

    def _beginning(self, name: str) -> tuple[Option, ...]:
        """What an unknown name that is no street begins with, where most people know that: "Texas Forest Service"."""
        inner = _DIRECTION.match(name)
        words = (inner["name"] if inner else name).split()
        if not 1 < len(words) <= MOST_WORDS or _STREET.search(name):
            return ()
        for length in range(len(words) - 1, 0, -1):
            beginning = " ".join(words[:length])
            if len(beginning) < SHORTEST_BEGINNING and not beginning.isupper():
                return ()  # "La" of "La Niña" is no short form of Los Angeles
            known = self.options(beginning)
            if known.is_large_town or any(map(_is_large_area, known.items)):
                if self.options(words[-1]).is_large_town:
                    return ()  # "Bayern Munich" is not Bavaria
                return tuple(o._replace(penalty=o.penalty + PART_OF_NAME) for o in known.items)
        return ()

    def _made(self, name: str, items: tuple[Option, ...], stated_kind: str, container: str) -> Options:
        whole = [o for o in items if o.penalty == 0]
        usual = [o.place for o in whole if o.name_kind is NameKind.PRIMARY]
        usual_kinds = {place.feature for place in usual}
        # Virginia in South Africa is no large town beside the state.
        least = max([LARGE_TOWN, *(p.population * BESIDE_DIVISION for p in usual if p.feature is Feature.ADMIN1)])
        is_large_town = Feature.CITY in usual_kinds and any(
            p.feature is Feature.CITY and p.population >= least for p in usual
        )
        return Options(
            key=fold(name),
            items=items,
            stated_kind=stated_kind,
            container=container,
            areas=tuple([o for o in items if o.place.feature in _CONTAINERS]),
            is_container=not _USUAL_CONTAINERS.isdisjoint([o.place.feature for o in whole])
            or _COUNTY.search(name) is not None
            or _is_first_of_all_a_county(usual),
            is_large_town=is_large_town,
            is_division=not is_large_town and Feature.ADMIN1 in usual_kinds and Feature.COUNTRY not in usual_kinds,
            table=self._table(items) if items else _NOTHING,
        )

    def _table(self, items: Sequence[Option]) -> Vector:
        """A row of numbers for each; see COLUMNS."""
        rows = [
            (
                math.log10(_people(place)),
                kind_prior,
                penalty + (ALTERNATE_NAME if _is_loose(place, name_kind) else 0.0),
                shadow,
                *unit_vector(place.point),
                (place.radius_km or 0.0) if place.feature in _WIDE else 0.0,
                place.feature in _AREAS,
                self.label(place.country_code),
                self.label(key),
            )
            for (place, name_kind, key, penalty), kind_prior, shadow in zip(
                items, _kind_priors(items), _shadows(items), strict=True
            )
        ]
        return np.array(rows, dtype=np.float64)


#: The table of no places.
_NOTHING: Vector = np.zeros((0, len(COLUMNS)))


def unit_vector(point: Point) -> tuple[float, float, float]:
    """The point on a sphere of radius 1."""
    latitude, longitude = math.radians(point.latitude), math.radians(point.longitude)
    radius = math.cos(latitude)
    return radius * math.cos(longitude), radius * math.sin(longitude), math.sin(latitude)


def admin1_key(place: Place) -> str:
    """Country code and first-level division of a place, or of the division itself; empty where it lies in none."""
    division = place.name if place.feature is Feature.ADMIN1 else place.admin1
    return f"{place.country_code}.{_folded_division(division)}" if place.country_code and division else ""


#: There are four thousand divisions, and one for nearly every place.
_folded_division = functools.lru_cache(maxsize=10_000)(fold)


def _variants(name: str) -> Iterator[tuple[str, str, str, float]]:
    """The name as it stands, then ever less of it; with the kind of place, the container and what it costs."""
    yield name, "", "", 0.0
    if trailing := _TRAILING.match(name):
        yield trailing["name"], "", "", 0.0
    if suffix := _DIVISION_SUFFIX.match(name) or _DIVISION_PREFIX.match(name):
        yield suffix["name"], "division", "", 0.0
        if inner := _DIRECTION.match(suffix["name"]):
            yield inner["name"], "division", "", 0.0
    if town := _TOWN_PREFIX.match(name) or _TOWN_SUFFIX.match(name):
        yield town["name"], "town", "", 0.0
    head, comma, tail = name.partition(",")
    if comma and head.strip() and tail.strip():
        yield head.strip(), "", tail.strip(), 0.0
    for pattern in (_DIRECTION, _ARTICLE):
        if part := pattern.match(name):
            yield part["name"], "", "", 0.0
    if part := _FACILITY.match(name) or _FACILITY_OF.match(name):
        words = part["name"].split()
        for length in range(len(words), 0, -1):
            yield " ".join(words[:length]), "", "", PART_OF_NAME


def _spellings(folded: str) -> Iterator[str]:
    """A folded name and the ways to write it out or to shorten it ("Mt. Pleasant", "Mount Pleasant")."""
    yield folded
    first, *rest = folded.split(" ")
    if not rest:
        return
    for words in (_FIRST_WORDS, _FIRST_SHORT):
        if first in words:
            yield " ".join([words[first], *rest])
    if rest[-1] in _LAST_WORDS:
        yield " ".join([first, *rest[:-1], _LAST_WORDS[rest[-1]]])


def _keep_better(options: dict[str, Option], option: Option) -> None:
    known = options.get(option.place.id)
    if known is None or (option.penalty, -option.name_kind) > (known.penalty, -known.name_kind):
        options[option.place.id] = option


def _is_first_of_all_a_county(usual: Sequence[Place]) -> bool:
    """Whether far more people know the name for a county's ("Grasmere, Cumbria") than for a town's."""
    most = usual[0].population if usual and usual[0].feature is Feature.ADMIN2 else 0
    return most > COUNTY_BEFORE_TOWN * max((p.population for p in usual if p.feature is Feature.CITY), default=0)


def _is_large_area(option: Option) -> bool:
    """Whether it is a country, or a division of many people, by its usual name or short form."""
    place = option.place
    is_large = place.feature is Feature.COUNTRY or (
        place.feature is Feature.ADMIN1 and place.population >= LARGE_DIVISION
    )
    return is_large and option.penalty == 0 and option.name_kind is not NameKind.ALTERNATE


def _importance(option: Option) -> tuple[bool, bool, int, str]:
    return (
        option.name_kind is not NameKind.PRIMARY,
        option.penalty < 0,
        -option.place.population,
        option.place.id,
    )


def _is_loose(place: Place, name_kind: NameKind) -> bool:
    """Whether the name is one of many that somebody has noted; those of regions and waters were chosen by hand."""
    return name_kind is NameKind.ALTERNATE and place.feature not in _WIDE


def _kind_priors(items: Sequence[Option]) -> list[float]:
    priors = [
        FEATURE_PRIOR[Feature.COUNTRY]
        if _is_home_nation(option.place)
        else FEATURE_PRIOR.get(option.place.feature, 0.0)
        for option in items
    ]
    people = {o.place.country_code: _people(o.place) for o in items if o.place.feature is Feature.ADMIN1}
    for i, option in enumerate(items) if people else ():
        whole = people.get(option.place.country_code)
        if option.place.feature is Feature.CITY and whole and _people(option.place) > NAMESAKE_SHARE * whole:
            priors[i] += NAMESAKE_CITY
    return priors


def _is_home_nation(place: Place) -> bool:
    """Whether it is England, Scotland, Wales or Northern Ireland, which news speaks of as it does of countries."""
    return place.feature is Feature.ADMIN1 and place.country_code == "GB"


def _shadows(items: Sequence[Option]) -> list[float]:
    """What the largest of the towns that are called so takes off the far smaller ones, and off those misspelt so."""
    towns = [(i, o) for i, o in enumerate(items) if o.place.feature is Feature.CITY and o.penalty == 0]
    most = max((o.place.population for _, o in towns if o.name_kind is NameKind.PRIMARY), default=0)
    shadows = [0.0] * len(items)
    if most:
        taken = FAMOUS_NAMESAKE * max(math.log10(most) - FAMOUS, 0.0)
        least = most / 10**TENFOLD
        for i, option in towns:
            if option.name_kind is NameKind.ALTERNATE and option.place.population < most:
                shadows[i] = MISSPELT
            elif option.name_kind is NameKind.PRIMARY and option.place.population < least:
                shadows[i] = taken
    return shadows


def _people(place: Place) -> float:
    return max(float(place.population) or ASSUMED_POPULATION.get(place.feature, 0.0), SMALLEST_POPULATION)
