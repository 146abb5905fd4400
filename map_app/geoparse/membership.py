"""What kinds of places a name names, asked of the gazetteer once per name."""

import functools
import re
from collections.abc import Sequence

from map_app.gazetteer.kinds import NameKind, carriers
from map_app.gazetteer.lookup import Gazetteer
from map_app.gazetteer.names import fold
from map_app.model import Feature

#: Distinct names kept with their answer; the cache starts anew when it is full.
MAX_CACHED_NAMES = 200_000

#: No name in the gazetteer is longer than this in characters; a longer one is not looked up.
MAX_NAME_LENGTH = 80


_HALF = re.compile("[\ud800-\udfff]")


def may_be_known(name: str) -> bool:
    """Whether the gazetteer can be asked at all: not for endless names, nor for halves of characters."""
    return len(name) <= MAX_NAME_LENGTH and (name.isascii() or not _HALF.search(name))


#: What cities of each of CITY_SIZES are called.
_CITY_SIZES = ("city1", "city2", "city3", "city4", "city5")


class Membership:
    """A cached view of the gazetteer for one user at a time."""

    def __init__(self, gazetteer: Gazetteer) -> None:
        self._gazetteer = gazetteer
        self._kinds: dict[str, tuple[str, ...]] = {}
        self._goes_on: dict[str, bool] = {}

    def kinds(self, name: str) -> tuple[str, ...]:
        """Short words for the kinds of places that carry the name ("country", "city4", "demonym"), or nothing."""
        kinds = self._kinds.get(name)
        if kinds is None:
            if len(self._kinds) >= MAX_CACHED_NAMES:
                self._kinds.clear()
            kinds = self._look_up(name) if may_be_known(name) else ()
            self._kinds[name] = kinds
        return kinds

    def ends_of_names(self, text: str, start: int, ends: Sequence[int]) -> range:
        """With which of the words from `start` on, that end at `ends`, a name may end: numbers, the last first."""
        reach = 1
        # Few words begin a name of several: most are told by the word after them.
        while reach < len(ends) and self._may_go_on(text[start : ends[reach]]):
            reach += 1
        return range(reach - 1, -1, -1)

    def _may_go_on(self, beginning: str) -> bool:
        goes_on = self._goes_on.get(beginning)
        if goes_on is None:
            if len(self._goes_on) >= MAX_CACHED_NAMES:
                self._goes_on.clear()
            # Beyond ASCII the folding of a word may depend on what follows it.
            goes_on = not beginning.isascii() or self._gazetteer.is_beginning(fold(beginning))
            self._goes_on[beginning] = goes_on
        return goes_on

    def _look_up(self, name: str) -> tuple[str, ...]:
        folded = fold(name)
        if " " in folded and not _SCHOOL.isdisjoint(folded.split(" ")):
            return ()
        return _kinds(self._gazetteer.carriers(folded), self._gazetteer.is_demonym(folded))


#: Where somebody teaches says little of where a story is, and annotators mark a part of the name, if any: that a
#: university is known makes its name no likelier to be found, though once found it is placed where it stands.
_SCHOOL = frozenset({"university", "college", "school"})

#: Which kind a name's best known place is of: the first of these.
_RANKS = {
    kind: rank
    for rank, kind in enumerate(
        [
            "country",
            "continent",
            "country.",
            "demonym",
            "region",
            "admin1",
            "city5",
            "water",
            "country~",
            "city4",
            "admin1~",
            "region~",
            "admin1.",
            "city5~",
            "water~",
            "city3",
            "admin2",
            "city4~",
            "city2",
            "other",
            "city1",
            "admin2~",
            "city3~",
            "city2~",
        ]
    )
}


@functools.cache  # a few hundred
def _kinds(carrier_bits: int, is_demonym: bool) -> tuple[str, ...]:
    kinds = {
        (_CITY_SIZES[size] if feature is Feature.CITY else feature.value) + _MARKS[name_kind]
        for feature, size, name_kind in carriers(carrier_bits)
    }
    if is_demonym:
        kinds.add("demonym")
    return tuple(sorted(kinds, key=lambda kind: (_RANKS.get(kind, len(_RANKS)), kind)))


#: After the kind of place: whether the name is its usual one, another, or an abbreviation.
_MARKS = {NameKind.PRIMARY: "", NameKind.ALTERNATE: "~", NameKind.ABBREVIATION: "."}
