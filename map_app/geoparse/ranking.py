"""The candidates of all names of several articles, ranked in the light of the other names of their article.

All of them lie in flat arrays, so that a pass costs a few dozen array operations whatever the number of names and
articles.
"""

import math
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np

from map_app.geo import EARTH_RADIUS_KM
from map_app.geoparse.context import NOWHERE, Layout, Nearest, Shares
from map_app.geoparse.options import (
    ADMIN1,
    COUNTRY,
    IS_AREA,
    KIND,
    NAME,
    POPULATION,
    REACH_KM,
    SHADOW,
    Labels,
    Option,
    Options,
    Vector,
    X,
    Z,
    unit_vector,
)
from map_app.geoparse.surroundings import Surroundings
from map_app.model import Place

#: So often all names are ranked at once in the light of the others' choices, so that their order does not matter.
PASSES_TOGETHER = 2
#: Then only the one moves in each article that gains most, since two that lean on each other would change places for
#: ever; of 491 articles all come to rest by then.
MOST_PASSES = 10

#: Countries and continents have no point to be near to; they stand at this distance from everything.
AREA_DISTANCE_KM = 300.0

#: Two places nearer than this are not in competition: confusing them would show the same spot.
SAME_SPOT_KM = 161.0

#: The margin given where there is no rival at all.
NO_RIVAL_MARGIN = 5.0

#: Candidates kept for each name, the chosen one included.
MAX_CANDIDATES = 5

#: The parts of a score, in the order in which they are told: first those that no other choice can change.
REASONS = (
    "population",
    "kind of place",
    "name",
    "famous namesake",
    "stated kind",
    "list of divisions",
    "alone",
    "container",
    "list",
    "contains the name before it",
    "outlet's home",
    "same country",
    "in no one country",
    "same division",
    "distance to the nearest other place",
    "stated elsewhere",
)


@dataclass(frozen=True, slots=True)
class Weights:
    """What each reason adds to a candidate's score; set by hand and checked on half of the documents."""

    in_container: float = 6.0
    #: The same where nothing else can be meant ("London, Ontario,"): more than all else together.
    in_plain_container: float = 12.0
    #: The container of a later name of the same list.
    in_list: float = 2.0
    contains_previous: float = 2.5
    #: Share of the article's other places in the same country, and in the same first-level division.
    country_share: float = 3.0
    admin1_share: float = 2.0
    #: Added to all that the article speaks of: one other name is no proof of where a story is.
    doubt: float = 0.5
    #: The first of these for a state that has a country's name (Georgia) where another state is named.
    state_share: float = 4.0
    #: Oceans and continents lie in no one country, which says nothing against them.
    no_country_share: float = 0.3
    #: Times the natural logarithm of the kilometres to the nearest other place.
    distance: float = 0.5
    #: "Kursk region": the division rather than the city, and the other way round for "the city of".
    stated_kind: float = 4.0
    #: The sense that the article itself states elsewhere: "Kursk" in an article on "the Kursk region".
    stated_elsewhere: float = 3.0
    #: A name that stands for one place when nothing is said ("Washington").
    alone: float = 3.0
    #: The outlet's home, when it is known: its country, division and town.
    home_country: float = 1.0
    home_admin1: float = 2.5
    home_city: float = 1.5
    #: Times how many e-fold nearer to that town than AREA_DISTANCE_KM.
    home_distance: float = 0.3
    #: Some place that the gazetteer lacks, against log10 of the people of those that it has.
    unlisted: float = 0.5


@dataclass(slots=True)
class Group:
    """The occurrences of one name in one sense."""

    options: Options
    surroundings: Surroundings
    #: Positions in the list of toponyms.
    members: list[int] = field(default_factory=list)
    #: How many occurrences it is worth: the recogniser's probabilities added up.
    evidence: float = 0.0
    #: Whether the gazetteer knows the name, but not where the text says that it lies.
    has_namesakes: bool = False

    @property
    def key(self) -> str:
        """The folded name."""
        return self.options.key

    @property
    def is_explicit(self) -> bool:
        """Whether the article says which sense is meant, by a container or the kind of place."""
        return bool(self.surroundings.container or self.surroundings.stated_kind)


class Choice(NamedTuple):
    """What is chosen for a group."""

    group: Group
    #: The chosen candidate and its runners-up.
    options: list[Option]
    #: Their scores.
    scores: list[float]
    #: How far the choice is ahead of the best candidate that lies elsewhere.
    margin: float
    #: What added what to its score.
    reasons: list[tuple[str, float]]


class Ranking:
    """Scores of the candidates of several articles' names: row r is a candidate of group ``owner[r]``.

    Groups are numbered through all articles, and each has candidates. Fill in what the groups' words say by `add` and
    `set_home`, then `settle`. No article's names change what is chosen for another's.
    """

    def __init__(self, articles: Sequence[Sequence[Group]], weights: Weights, demonyms: Sequence[Counter[int]]) -> None:
        """`articles` are the groups of each; `demonyms` counts for each its demonyms of each country, by label."""
        self.groups = [group for groups in articles for group in groups]
        self._weights = weights
        options = [group.options for group in self.groups]
        self._layout = Layout([*map(len, articles)], [*map(len, options)])
        table = np.concatenate([o.table for o in options])
        self._xyz = table[:, X : Z + 1].T.copy()
        self._reach_km, self._is_area = table[:, REACH_KM], table[:, IS_AREA] > 0
        #: How loudly each speaks: a name repeated often is not proportionally more evidence.
        loudness: Vector = np.sqrt([group.evidence for group in self.groups])
        labels = table[:, [COUNTRY, ADMIN1]].T.astype(np.int64)
        self._shares = Shares(self._layout, labels, loudness, demonyms)
        numbers: dict[tuple[int, str], int] = {}
        names = [
            numbers.setdefault((article, group.key), len(numbers))
            for article, groups in enumerate(articles)
            for group in groups
        ]
        #: The groups of each name that has several senses in its article.
        self._repeated = _same(names) if len(numbers) < len(names) else []
        self._nearest = Nearest(self._layout, self._xyz, self._is_area, np.array(names), loudness)
        #: Parts of the score by reason: those that no other choice can change, and those that depend on others.
        self._static: dict[str, Vector] = {
            "population": table[:, POPULATION],
            "kind of place": table[:, KIND],
            "name": table[:, NAME],
            "famous namesake": table[:, SHADOW],
        }
        #: What each row gets that lies in no one country, and what the share of the country is worth to each.
        self._in_none: Vector = np.where(labels[0] > 0, 0.0, weights.country_share * weights.no_country_share)
        self._country_share = np.full(len(table), weights.country_share)
        self._parts: dict[str, Vector] = {}
        #: All of the first together.
        self._alone: Vector = np.zeros(0)
        #: Shares of the articles' names by country and division, once all is settled and somebody asks.
        self._told: Vector | None = None
        self.scores: Vector = np.zeros(0)
        #: Rows, best first within each group.
        self.order: Labels = np.zeros(0, dtype=np.int64)
        #: Row of the chosen candidate of each group.
        self.chosen: Labels = np.zeros(0, dtype=np.int64)

    def groups_of(self, article: int) -> range:
        """The numbers of an article's groups."""
        return range(*self._layout.firsts[article : article + 2])

    def rows_of(self, number: int) -> slice:
        """The rows of a group."""
        start = self._layout.starts.item(number)
        return slice(start, start + len(self.groups[number].options))

    def add(self, reason: str, number: int, flags: Sequence[bool], weight: float) -> None:
        """Add a weight, for one of REASONS, to those candidates of one group that are flagged."""
        self._part(reason)[self.rows_of(number)] += np.array(flags, dtype=np.float64) * weight

    def forget_fame(self, number: int, flags: Sequence[bool]) -> None:
        """Let those candidates of one group that are flagged stand in no famous namesake's shadow."""
        self._part("famous namesake")[self.rows_of(number)][np.array(flags, dtype=np.bool_)] = 0.0

    def lean_on_country(self, number: int, flags: Sequence[bool]) -> None:
        """Let those candidates of one group that are flagged gain more from what else lies in their country."""
        self._country_share[self.rows_of(number)][np.array(flags, dtype=np.bool_)] = self._weights.state_share

    def set_home(self, article: int, country: int, admin1: int, city: Place | None) -> None:
        """The home of an article's outlet: labels of its country and division (0 for none), and its town."""
        weights, numbers = self._weights, self.groups_of(article)
        rows = slice(self.rows_of(numbers[0]).start, self.rows_of(numbers[-1]).stop)
        countries, divisions = self._shares.labels[:, rows]
        part = weights.home_country * (countries == country)
        if admin1:
            part = part + weights.home_admin1 * (divisions == admin1)
        if city is not None:
            point = unit_vector(city.point)
            self._nearest.set_home(article, point)
            km = kilometres((self._xyz[:, rows] * np.array(point)[:, None]).sum(axis=0))
            part = part + weights.home_distance * np.where(self._is_area[rows], 0.0, nearness(km))
            is_city = [o.place.id == city.id for number in numbers for o in self.groups[number].options.items]
            part = part + weights.home_city * np.array(is_city, dtype=np.float64)
        self._part("outlet's home")[rows] = part

    def settle(self) -> None:
        """Choose for every name, in the light of the other choices."""
        self._alone = np.sum([self._static[reason] for reason in REASONS if reason in self._static], axis=0)
        self._sort()
        self.chosen = self._best()
        for number in range(MOST_PASSES):
            self._score_together()
            self._sort()
            best = self._best()
            moving = (best != self.chosen).nonzero()[0]
            if not len(moving):
                return
            if number >= PASSES_TOGETHER:
                moving = self._surest_of_each_article(moving, best)
            self.chosen = self.chosen.copy()
            self.chosen[moving] = best[moving]
        self.chosen = best

    def choices(self) -> list[Choice]:
        """What is chosen for each group."""
        order, scores = self.order.tolist(), self.scores[self.order].tolist()
        found = []
        for group, start, margin, reasons in zip(
            self.groups, self._layout.starts.tolist(), self._margins().tolist(), self._reasons(), strict=True
        ):
            items = group.options.items
            rows = slice(start, start + min(len(items), MAX_CANDIDATES))
            best = [items[row - start] for row in order[rows]]
            found.append(Choice(group, best, scores[rows], margin, reasons))
        return found

    def shares(self, article: int, country: int, admin1: int) -> tuple[float, float]:
        """Shares of an article's places, 0 to 1, that lie in the country and in the division of these labels."""
        if self._told is None:
            self._told = self._shares.of_articles(self.chosen)
        countries, divisions = self._told[:, article]
        return _at(countries, country), _at(divisions, admin1)

    def _reasons(self) -> list[list[tuple[str, float]]]:
        """What added what to the score of each group's chosen candidate; what added nothing is left out."""
        parts = {**self._static, **self._parts}
        told = [reason for reason in REASONS if reason in parts]
        weights = np.array([parts[reason] for reason in told])[:, self.chosen].round(3).T.tolist()
        return [[(reason, w) for reason, w in zip(told, row, strict=True) if w] for row in weights]

    def _margins(self) -> Vector:
        """How far each group's choice is ahead of the best that lies elsewhere."""
        there = self.chosen[self._layout.owner]
        elsewhere = (self._xyz * self._xyz[:, there]).sum(axis=0) < math.cos(SAME_SPOT_KM / EARTH_RADIUS_KM)
        rivals = np.maximum.reduceat(np.where(elsewhere, self.scores, -np.inf), self._layout.starts)
        return np.where(np.isinf(rivals), NO_RIVAL_MARGIN, self.scores[self.chosen] - rivals)

    def _part(self, reason: str) -> Vector:
        part = self._static.get(reason)
        if part is None:
            part = self._static[reason] = np.zeros(len(self._layout))
        return part

    def _sort(self) -> None:
        self.scores = sum(self._parts.values(), start=self._alone)
        self.order = np.lexsort((-self.scores, self._layout.owner))

    def _best(self) -> Labels:
        """Row of the best candidate of each name."""
        return self.order[self._layout.starts]

    def _surest_of_each_article(self, moving: Labels, best: Labels) -> Labels:
        """Of the groups that would move to their best candidates, the one of each article that gains most."""
        gains = self.scores[best[moving]] - self.scores[self.chosen[moving]]
        articles = self._layout.article[moving]
        order = np.lexsort((-gains, articles))
        _, first = np.unique(articles[order], return_index=True)
        return moving[order[first]]

    def _score_together(self) -> None:
        weights = self._weights
        of_country, of_division = self._shares.of_rows(self.chosen, weights.doubt)
        self._parts["same country"] = self._country_share * of_country
        self._parts["in no one country"] = self._in_none
        self._parts["same division"] = weights.admin1_share * of_division
        self._parts["distance to the nearest other place"] = -weights.distance * self._log_distances()
        if self._repeated:
            self._score_stated_elsewhere()

    def _log_distances(self) -> Vector:
        """The natural logarithm of one more than the kilometres to the nearest other place; 0 where there is none."""
        nearest = self._nearest.cosines(self.chosen)
        km = np.maximum(kilometres(nearest) - self._reach_km, 0.0)
        # What lies in a region is not far from it, and not at its very middle either.
        km[self._is_area | ((self._reach_km > 0) & (km < AREA_DISTANCE_KM))] = AREA_DISTANCE_KM
        # A place in a country that is named is no farther from what the article speaks of than that.
        named = self._shares.is_named_country(self.chosen, self._is_area)
        km[named] = np.minimum(km[named], AREA_DISTANCE_KM)
        return np.where(nearest > NOWHERE + 0.5, np.log1p(km), 0.0)  # a cosine may be rounded to less than -1

    def _score_stated_elsewhere(self) -> None:
        part = np.zeros(len(self._layout))
        for numbers in self._repeated:
            explicit = [n for n in numbers if self.groups[n].is_explicit]
            chosen = [self.groups[n].options.items[self.chosen.item(n) - self.rows_of(n).start] for n in explicit]
            stated = {option.place.id for option in chosen}
            if len(stated) != 1:
                continue
            for n in numbers:
                if not self.groups[n].is_explicit:
                    flags = [o.place.id in stated for o in self.groups[n].options.items]
                    part[self.rows_of(n)] = self._weights.stated_elsewhere * np.array(flags, dtype=np.float64)
        self._parts["stated elsewhere"] = part


def _same(names: Sequence[int]) -> list[list[int]]:
    """The places of each name that stands in several."""
    places = defaultdict(list)
    for place, name in enumerate(names):
        places[name].append(place)
    return [each for each in places.values() if len(each) > 1]


def kilometres(cosine: Vector) -> Vector:
    """Great-circle distances from the cosines of the angles."""
    km: Vector = EARTH_RADIUS_KM * np.arccos(np.clip(cosine, -1.0, 1.0))
    return km


def nearness(km: Vector) -> Vector:
    """0 at AREA_DISTANCE_KM and beyond, 1 more for every time that it is about e times nearer."""
    near: Vector = math.log1p(AREA_DISTANCE_KM) - np.log1p(np.minimum(km, AREA_DISTANCE_KM))
    return near


def _at(shares: Vector, label: int) -> float:
    return shares.item(label) if 0 < label < len(shares) else 0.0
