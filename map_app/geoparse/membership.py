"""What kinds of places a name names, asked of the gazetteer once per name."""

from map_app.gazetteer.lookup import Gazetteer, Match, NameKind
from map_app.model import Feature

#: Distinct names kept with their answer; the cache starts anew when it is full.
MAX_CACHED_NAMES = 200_000

#: No name in the gazetteer is longer than this in characters; a longer one is not looked up.
MAX_NAME_LENGTH = 80


def may_be_known(name: str) -> bool:
    """Whether the gazetteer can be asked at all: not for endless names, nor for halves of characters."""
    return len(name) <= MAX_NAME_LENGTH and not any("\ud800" <= character <= "\udfff" for character in name)


#: Cities are told apart by size, since a village's name is far more often a surname or a common word.
_CITY_SIZES = ((1_000_000, "city5"), (100_000, "city4"), (15_000, "city3"), (5_000, "city2"), (0, "city1"))


class Membership:
    """A cached view of the gazetteer for one user at a time."""

    def __init__(self, gazetteer: Gazetteer) -> None:
        self._gazetteer = gazetteer
        self._kinds: dict[str, tuple[str, ...]] = {}

    def kinds(self, name: str) -> tuple[str, ...]:
        """Short words for the kinds of places that carry the name ("country", "city4", "demonym"), or nothing."""
        kinds = self._kinds.get(name)
        if kinds is None:
            if len(self._kinds) >= MAX_CACHED_NAMES:
                self._kinds.clear()
            kinds = self._look_up(name) if may_be_known(name) else ()
            self._kinds[name] = kinds
        return kinds

    def _look_up(self, name: str) -> tuple[str, ...]:
        kinds = {_kind(match) for match in self._gazetteer.candidates(name)}
        if self._gazetteer.demonym(name) is not None:
            kinds.add("demonym")
        return tuple(sorted(kinds))


def _kind(match: Match) -> str:
    if match.name_kind is NameKind.ABBREVIATION:
        return "abbreviation"
    place = match.place
    if place.feature is not Feature.CITY:
        return str(place.feature) if match.name_kind is NameKind.PRIMARY else f"{place.feature}~"
    size = next(word for least, word in _CITY_SIZES if place.population >= least)
    return size if match.name_kind is NameKind.PRIMARY else f"{size}~"
