"""Names of places that the gazetteer lacks, placed at a place that the article names near them.

"Squirrel Hill" in a story from Pittsburgh is somewhere in Pittsburgh, and so is a "Greenwood" whose only namesakes in
the gazetteer lie three states away. The place given is the neighbour's; the evidence says that it stands beside it.
"""

import bisect
import math
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass

import numpy as np

from map_app.geo import distance_km
from map_app.geoparse.homes import Home
from map_app.geoparse.options import admin1_key
from map_app.geoparse.ranking import NO_RIVAL_MARGIN, SAME_SPOT_KM, Choice, Group, Weights, nearness
from map_app.model import Feature, Place

#: An unlisted place is taken to lie this far from its neighbour.
UNLISTED_KM = 20.0
#: What each e-fold more characters between a name and its neighbour takes off.
PER_CHARACTERS = 0.1
#: What the outlet's own town, which need not be named at all, is behind a neighbour in the text.
HOME_UNNAMED = 0.5
#: How many neighbours on each side are compared.
REACH = 3

#: A town of so many people is meant by its name, wherever the story is set.
KNOWN_TO_ALL = 100_000

_SETTLEMENTS = frozenset({Feature.CITY, Feature.ADMIN2})


@dataclass(frozen=True, slots=True)
class Beside:
    """Where an unlisted place may be taken to be."""

    place: Place
    #: Comparable with the scores of the name's own candidates.
    score: float
    #: Characters from the name to the neighbour's, or None for the outlet's own town.
    characters: int | None
    #: Whether the text says that the name lies in that place.
    is_stated: bool = False


class Neighbours:
    """The settled places of an article in reading order."""

    def __init__(
        self,
        choices: Sequence[Choice],
        positions: Sequence[int],
        home: Home | None,
        weights: Weights,
        *,
        shares: Callable[[Place], tuple[float, float]],
        countries: Collection[str],
    ) -> None:
        """`positions` holds where each toponym stands, in characters; `countries` those whose people are named.

        `shares` tells what shares of the article's places lie in the country and the division of a place.
        """
        self._positions = positions
        self._home = home
        self._weights = weights
        self._shares = shares
        #: The countries that the article names.
        self._countries = {*countries} | {c.options[0].place.country_code for c in choices if _is_country(c)}
        self._groups = [choice.group for choice in choices]
        #: Places chosen for the groups, or None where a choice is no neighbour.
        self._chosen: list[Place | None] = []
        #: By its folded name, what the first group of that name means.
        self._meant: dict[str, Place] = {}
        self._scores = [choice.scores[0] for choice in choices]
        self._is_unique = list(map(_is_unique, choices))
        anchors: list[tuple[int, int]] = []
        for number, choice in enumerate(choices):
            option = choice.options[0]
            settled = option.place.feature in _SETTLEMENTS and option.penalty == 0
            self._chosen.append(option.place if settled else None)
            self._meant.setdefault(choice.group.key, option.place)
            if settled:
                anchors += [(positions[i], number) for i in choice.group.members]
        #: By its folded name, the first group that is settled.
        self._first_of_key: dict[str, int] = {}
        for number, place in enumerate(self._chosen):
            if place is not None:
                self._first_of_key.setdefault(self._groups[number].key, number)
        anchors.sort()
        self._at = [position for position, _ in anchors]
        self._numbers = [number for _, number in anchors]
        self._context: dict[str, float] = {}

    def of_unknown(self, group: Group) -> Beside | None:
        """Where a name without candidates is, or None where nothing is near."""
        return self._best(group)

    def within(self, container: str, areas: Sequence[Place]) -> Beside | None:
        """Where a name is that the text says lies there: `container` is folded, `areas` are what it may mean."""
        place = self._meant.get(container) or next(iter(areas), None)
        # What speaks for it is told, however little else does.
        return Beside(place, max(self._likelihood(place), 0.0), None, is_stated=True) if place else None

    def of_part(self, group: Group) -> Beside | None:
        """Where a name is that begins or ends with one that the article itself names ("Nairobi River"), or None."""
        words = group.key.split(" ")
        numbers = [self._first_of_key[word] for word in (words[0], words[-1]) if word in self._first_of_key]
        place = self._chosen[min(numbers)] if numbers else None
        return Beside(place, self._likelihood(place), None) if place else None

    def of_known(self, number: int) -> Beside | None:
        """Where a name is whose own candidates are all less likely than an unlisted place; None for all others."""
        group, place = self._groups[number], self._chosen[number]
        if place is None or group.surroundings.container or group.options.container:
            return None
        if place.population >= KNOWN_TO_ALL:
            return None
        if self._scores[number] > self._ceiling():
            return None
        found = self._best(group)
        if found is None or found.score <= self._scores[number]:
            return None
        if admin1_key(place) == admin1_key(found.place):
            return None
        if place.country_code != found.place.country_code and (
            self._is_unique[number] or place.country_code in self._countries
        ):
            return None  # a name that only one town has, or one in a country that is named, hardly means one abroad
        return None if distance_km(found.place.point, place.point) < SAME_SPOT_KM else found

    def _ceiling(self) -> float:
        """No unlisted place scores more."""
        w = self._weights
        home = w.home_country + w.home_admin1 + w.home_distance * 6 if self._home else 0.0
        return w.unlisted + w.country_share + w.admin1_share + home

    def _best(self, group: Group) -> Beside | None:
        best = None
        nearest = self._nearest(group)
        if nearest is not None:
            characters, place = nearest
            best = Beside(place, self._likelihood(place) - PER_CHARACTERS * math.log1p(characters), characters)
        if self._home is not None and self._home.city is not None:
            score = self._likelihood(self._home.city) - HOME_UNNAMED
            if best is None or score > best.score:
                best = Beside(self._home.city, score, None)
        return best

    def _nearest(self, group: Group) -> tuple[int, Place] | None:
        """Characters to the nearest settled place of another name, and that place."""
        best: tuple[int, Place] | None = None
        for i in group.members:
            position = self._positions[i]
            middle = bisect.bisect(self._at, position)
            for at in range(max(0, middle - REACH), min(len(self._at), middle + REACH)):
                number = self._numbers[at]
                place = self._chosen[number]
                characters = abs(self._at[at] - position)
                if place is None or self._groups[number].key == group.key:
                    continue
                if best is None or characters < best[0]:
                    best = characters, place
        return best

    def _likelihood(self, place: Place) -> float:
        """The score of some unlisted place near this one."""
        known = self._context.get(place.id)
        if known is None:
            known = self._context[place.id] = self._work_out(place)
        return known

    def _work_out(self, place: Place) -> float:
        w, home = self._weights, self._home
        score = w.unlisted - w.distance * math.log1p(UNLISTED_KM)
        country_share, admin1_share = self._shares(place)
        score += w.country_share * country_share + w.admin1_share * admin1_share
        if home is not None and place.country_code == home.country_code:
            score += w.home_country
            if home.admin1 and admin1_key(place) == home.admin1_key:
                score += w.home_admin1
        if home is not None and home.city is not None:
            score += w.home_distance * float(nearness(np.array(distance_km(place.point, home.city.point))))
        return score


def _is_country(choice: Choice) -> bool:
    return choice.options[0].place.feature is Feature.COUNTRY


def _is_unique(choice: Choice) -> bool:
    """Whether one place in the world has the name, or one town, its district left out."""
    is_town = choice.options[0].place.feature is Feature.CITY
    return len(choice.group.options) == 1 or (is_town and choice.margin >= NO_RIVAL_MARGIN)
