"""What a text says that a place lies in, and which places lie there."""

from map_app.gazetteer.lookup import Gazetteer, NameKind
from map_app.geo import distance_km
from map_app.geoparse.options import Option, Options, OptionsFinder, admin1_key
from map_app.geoparse.ranking import Group
from map_app.geoparse.surroundings import Firmness, Surroundings
from map_app.model import Feature, Place

#: Where some say that a place lies, by country codes: by claim, by habit or history, or since it belongs to a country
#: overseas. Nobody means a namesake by "Belfast, Ireland", "Pristina, Serbia" or "Cayenne, France".
_SAID_TO_HOLD = {
    "AM": ("AZ",),
    "CN": ("HK", "MO", "TW"),
    "DE": ("PL", "RU"),
    "DK": ("FO", "GL"),
    "ET": ("ER",),
    "FR": ("BL", "GF", "GP", "MF", "MQ", "NC", "PF", "PM", "RE", "WF", "YT"),
    "GB": ("AI", "BM", "FK", "GG", "GI", "IM", "JE", "KY", "MS", "SH", "TC", "VG"),
    "GE": ("RU",),
    "ID": ("TL",),
    "IE": ("GB",),
    "IL": ("PS", "SY"),
    "IN": ("PK",),
    "MA": ("EH",),
    "NL": ("AW", "BQ", "CW", "SX"),
    "PK": ("IN",),
    "PS": ("IL",),
    "RS": ("XK",),
    "RU": ("GE", "MD", "UA"),
    "SD": ("SS",),
    "SY": ("IL",),
    "TR": ("CY",),
    "US": ("AS", "GU", "MP", "PR", "UM", "VI"),
}

#: Nothing farther from the middle of a town is a part of it.
QUARTER_KM = 20.0

_STATES = frozenset({Feature.COUNTRY, Feature.ADMIN1})
_WIDE = frozenset({Feature.COUNTRY, Feature.CONTINENT, Feature.REGION, Feature.WATER})


class Containers:
    """Asks the gazetteer what holds what; safe to share between threads."""

    def __init__(self, finder: OptionsFinder, gazetteer: Gazetteer) -> None:
        self._finder = finder
        self._gazetteer = gazetteer

    def areas(self, container: str) -> tuple[Option, ...]:
        """What the container's name, or demonym, may mean, best known first."""
        areas = self._finder.options(container).areas
        if any(area.place.feature in _STATES and area.name_kind is not NameKind.ALTERNATE for area in areas):
            # "Moscow, Oregon" is not in Missouri, which has an Oregon County.
            areas = tuple(a for a in areas if a.place.feature is not Feature.ADMIN2)
        home = self._finder.demonym(container)
        return areas if home is None else (Option(home, NameKind.PRIMARY, admin1_key(home)), *areas)

    def inside(self, container: str, options: Options) -> list[bool]:
        """Which candidates lie there; where none lies in a county, those in its first-level division."""
        areas = self.areas(container)
        inside = [any(self._contains(area, o) for area in areas) for o in options.items]
        if any(inside):
            return inside
        divisions = {a.admin1_key for a in areas if a.place.feature is Feature.ADMIN2}
        return [o.admin1_key in divisions for o in options.items]

    def without_namesakes(self, groups: list[Group]) -> list[Group]:
        """The groups; what is said to lie where the gazetteer knows no place of its name has no candidates."""
        lacking: dict[str, Group] = {}
        for group in groups:
            if self._is_elsewhere(group.options, group.surroundings):
                group.options, group.has_namesakes = group.options.without_places(), True
                lacking.setdefault(group.key, group)
        if not lacking:
            return groups
        for group in groups:
            if not group.has_namesakes and group.key in lacking and not _is_the_same(group, lacking[group.key]):
                del lacking[group.key]
        for group in groups:
            if not group.has_namesakes and group.key in lacking:
                lacking[group.key].members += group.members
        return [group for group in groups if group.has_namesakes or group.key not in lacking]

    def _is_elsewhere(self, options: Options, around: Surroundings) -> bool:
        """Whether the text says firmly enough that none of a name's candidates is meant."""
        container = around.container or options.container
        if not container or not len(options) or any(self.inside(container, options)):
            return False
        areas = {area.place.feature for area in self.areas(container)}
        if areas.isdisjoint(_STATES):
            return False  # what lies in a region or a county is not known of every town
        named = self._finder.options(container).items
        if named and named[0].place.feature is Feature.CITY:
            return False  # "Savannah" is a district of Mauritius too
        known = {option.place.feature for option in options.items if option.name_kind is not NameKind.ALTERNATE}
        if Feature.OTHER in known or (Feature.COUNTRY in known and Feature.COUNTRY in areas):
            return False  # a site has a name of its own, on a border too; "Kenya, Uganda" is a list
        is_known_to_all = options.is_large_town or options.is_division or not known.isdisjoint(_WIDE)
        firmness = Firmness.PLAIN if options.container else around.firmness
        return firmness >= (Firmness.PLAIN if is_known_to_all else Firmness.LIKELY)

    def _contains(self, outer: Option, inner: Option) -> bool:
        if outer.place.id == inner.place.id:
            return False
        if outer.place.feature is Feature.REGION:
            return self._gazetteer.contains(outer.place, inner.place)
        if outer.place.feature is Feature.COUNTRY:
            country = outer.place.country_code
            is_said_so = inner.place.country_code in (country, *_SAID_TO_HOLD.get(country, ()))
            return is_said_so and inner.place.feature is not Feature.COUNTRY
        if outer.place.country_code != inner.place.country_code:
            return False
        if outer.place.feature is Feature.ADMIN1:
            return inner.admin1_key == outer.admin1_key and inner.place.feature is not Feature.ADMIN1
        # A county holds nothing that lies in another division.
        return inner.admin1_key == outer.admin1_key and self._gazetteer.contains(outer.place, inner.place)


def is_quarter(inner: Place, town: Place) -> bool:
    """Whether a place may be a part of a town that has more people: "Kharkiv's Saltivka"."""
    return (
        inner.country_code == town.country_code
        and inner.population < town.population
        and distance_km(inner.point, town.point) <= QUARTER_KM
    )


def _is_the_same(plain: Group, stated: Group) -> bool:
    """Whether a name means what was said elsewhere; a large town named before that is rather another place."""
    is_before = plain.options.is_large_town and min(plain.members) < min(stated.members)
    return not plain.surroundings.container and not is_before
