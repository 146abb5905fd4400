"""The candidates of all names of one article, ranked in the light of each other.

All of them lie in one flat array, so that a pass costs a few dozen array operations whatever the number of names.
"""

import math
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from map_app.geo import EARTH_RADIUS_KM
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

#: A demonym says less about where a story is than a toponym.
DEMONYM_SHARE = 0.5

#: How often all names are ranked in the light of the others' choices; hardly anything moves after the third.
PASSES = 3

#: Countries and continents have no point to be near to; they stand at this distance from everything.
AREA_DISTANCE_KM = 300.0

#: Only the names that an article uses most are taken as neighbours, so that work stays linear in its length.
MAX_NEIGHBOURS = 48

#: Candidates whose distances are worked out at once: bounds memory, not time.
CHUNK = 20_000

#: Two places nearer than this are not in competition: confusing them would show the same spot.
SAME_SPOT_KM = 161.0

#: The margin given where there is no rival at all.
NO_RIVAL_MARGIN = 5.0


@dataclass(frozen=True, slots=True)
class Weights:
    """What each reason adds to a candidate's score; set by hand and checked on half of the documents."""

    in_container: float = 6.0
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

    @property
    def key(self) -> str:
        """The folded name."""
        return self.options.key

    @property
    def is_explicit(self) -> bool:
        """Whether the article says which sense is meant, by a container or the kind of place."""
        return bool(self.surroundings.container or self.surroundings.stated_kind)


class Ranking:
    """Scores of the candidates of an article's names: row r is a candidate of group ``owner[r]``.

    Every group has candidates. Fill in what the groups' words say by `add` and `set_home`, then `settle`.
    """

    def __init__(self, groups: Sequence[Group], weights: Weights, demonyms: Counter[int]) -> None:
        """`demonyms` counts the demonyms of each country, by its label."""
        self.groups = groups
        self._weights = weights
        self._demonyms = demonyms
        options = [group.options for group in groups]
        sizes = np.array([len(o) for o in options], dtype=np.int64)
        #: Rows of group n: ``starts[n]`` up to the next.
        self.starts: Labels = np.cumsum(sizes) - sizes
        self._owner = np.repeat(np.arange(len(groups)), sizes)
        table = np.concatenate([o.table for o in options])
        self._country, self._admin1 = table[:, COUNTRY].astype(np.int64), table[:, ADMIN1].astype(np.int64)
        self._xyz = table[:, X : Z + 1].copy()
        self._reach_km, self._is_area = table[:, REACH_KM], table[:, IS_AREA] > 0
        #: How loudly each speaks: a name repeated often is not proportionally more evidence.
        self._loudness: Vector = np.sqrt([group.evidence for group in groups])
        names: dict[str, int] = {}
        self._name = np.array([names.setdefault(group.key, len(names)) for group in groups], dtype=np.int64)
        self._repeated = len(names) < len(groups)
        #: Parts of the score by reason: those that no other choice can change, and those that depend on others.
        self._static: dict[str, Vector] = {
            "population": table[:, POPULATION],
            "kind of place": table[:, KIND],
            "name": table[:, NAME],
            "famous namesake": table[:, SHADOW],
        }
        #: What the share of the country is worth to each row.
        self._country_share = np.full(len(self._owner), weights.country_share)
        self._parts: dict[str, Vector] = {}
        #: All of the first together.
        self._alone: Vector = np.zeros(0)
        self._home_xyz: Vector | None = None
        self.scores: Vector = np.zeros(0)
        #: Rows, best first within each group.
        self.order: Labels = np.zeros(0, dtype=np.int64)
        #: Row of the chosen candidate of each group.
        self.chosen: Labels = np.zeros(0, dtype=np.int64)

    def add(self, reason: str, number: int, flags: Sequence[bool], weight: float) -> None:
        """Add a weight to those candidates of one group that are flagged."""
        part = self._static.get(reason)
        if part is None:
            part = self._static[reason] = np.zeros(len(self._owner))
        start = self.starts[number]
        part[start : start + len(flags)] += np.array(flags, dtype=np.float64) * weight

    def lean_on_country(self, number: int, flags: Sequence[bool]) -> None:
        """Let those candidates of one group that are flagged gain more from what else lies in their country."""
        start = self.starts[number]
        rows = self._country_share[start : start + len(flags)]
        rows[np.array(flags, dtype=np.bool_)] = self._weights.state_share

    def set_home(self, country: int, admin1: int, city: Place | None) -> None:
        """The outlet's home: labels of its country and division (0 for none), and its town."""
        weights = self._weights
        part = weights.home_country * (self._country == country)
        if admin1:
            part = part + weights.home_admin1 * (self._admin1 == admin1)
        if city is not None:
            self._home_xyz = np.array([unit_vector(city.point)])
            km = kilometres((self._xyz @ self._home_xyz.T)[:, 0])
            part = part + weights.home_distance * np.where(self._is_area, 0.0, nearness(km))
            is_city = [o.place.id == city.id for group in self.groups for o in group.options.items]
            part = part + weights.home_city * np.array(is_city, dtype=np.float64)
        self._static["outlet's home"] = part

    def settle(self) -> None:
        """Choose for every name, in the light of the other choices."""
        self._alone = np.sum([*self._static.values()], axis=0)
        self._choose()
        for _ in range(PASSES):
            before = self.chosen
            self._score_together()
            self._choose()
            if np.array_equal(self.chosen, before):
                break  # another pass would find the same again

    def option(self, row: int) -> Option:
        """The candidate of a row."""
        number = int(self._owner[row])
        return self.groups[number].options.items[row - int(self.starts[number])]

    def reasons(self) -> list[list[tuple[str, float]]]:
        """What added what to the score of each group's chosen candidate; what added nothing is left out."""
        everything = {**self._static, **self._parts}
        weights = np.round(np.stack([part[self.chosen] for part in everything.values()], axis=1), 3).tolist()
        return [[(reason, w) for reason, w in zip(everything, row, strict=True) if w] for row in weights]

    def margins(self) -> Vector:
        """How far each group's choice is ahead of the best that lies elsewhere."""
        there = self.chosen[self._owner]
        elsewhere = (self._xyz * self._xyz[there]).sum(axis=1) < math.cos(SAME_SPOT_KM / EARTH_RADIUS_KM)
        rivals = np.maximum.reduceat(np.where(elsewhere, self.scores, -np.inf), self.starts)
        return np.where(np.isinf(rivals), NO_RIVAL_MARGIN, self.scores[self.chosen] - rivals)

    def share_of_country(self, label: int) -> float:
        """Share of the article's places, 0 to 1, that lie in the country of that label."""
        return _share_of(self._totals(self._country, {}), label)

    def share_of_admin1(self, label: int) -> float:
        """Share of the article's places, 0 to 1, that lie in the division of that label."""
        return _share_of(self._totals(self._admin1, {}), label)

    def _choose(self) -> None:
        """Take the best candidate of each name, all at once: the order of names must not matter."""
        self.scores = sum(self._parts.values(), start=self._alone)
        self.order = np.lexsort((-self.scores, self._owner))
        self.chosen = self.order[self.starts]

    def _score_together(self) -> None:
        weights = self._weights
        demonyms = {label: DEMONYM_SHARE * math.sqrt(count) for label, count in self._demonyms.items()}
        share = self._shares(self._country, demonyms)
        self._parts["same country"] = self._country_share * np.where(
            self._country == 0, weights.no_country_share, share
        )
        self._parts["same division"] = weights.admin1_share * self._shares(self._admin1, {})
        self._score_distance()
        if self._repeated:
            self._score_stated_elsewhere()

    def _totals(self, labels: Labels, others: Mapping[int, float]) -> Vector:
        """How loudly the article speaks of each label."""
        size = int(max(labels.max(), max(others, default=0))) + 1
        totals = np.bincount(labels[self.chosen], weights=self._loudness, minlength=size).astype(np.float64)
        for label, loudness in others.items():
            totals[label] += loudness
        totals[0] = 0.0
        return totals

    def _shares(self, labels: Labels, others: Mapping[int, float]) -> Vector:
        """The share of the article that speaks of each row's label, the row's own name left out."""
        totals = self._totals(labels, others)
        chosen = labels[self.chosen]
        own = np.where(chosen > 0, self._loudness, 0.0)
        rest = (totals.sum() - own)[self._owner] + self._weights.doubt
        mine = totals[labels] - np.where(labels == chosen[self._owner], own[self._owner], 0.0)
        shares: Vector = np.divide(np.maximum(mine, 0.0), rest, out=np.zeros(len(labels)), where=rest > 0)
        return shares

    def _score_distance(self) -> None:
        by_loudness = np.argsort(-self._loudness, kind="stable")
        neighbours = by_loudness[~self._is_area[self.chosen[by_loudness]]][:MAX_NEIGHBOURS]
        points, names = self._xyz[self.chosen[neighbours]], self._name[neighbours]
        if self._home_xyz is not None:
            points, names = np.concatenate([points, self._home_xyz]), np.append(names, -1)
        if not len(points):
            return
        row_names = self._name[self._owner]
        nearest = np.empty(len(self._owner))
        for start in range(0, len(nearest), CHUNK):
            rows = slice(start, start + CHUNK)
            cosine = self._xyz[rows] @ points.T
            cosine[row_names[rows, None] == names] = -2.0
            nearest[rows] = cosine.max(axis=1)
        km = np.maximum(kilometres(nearest) - self._reach_km, 0.0)
        # What lies in a region is not far from it, and not at its very middle either.
        km = np.where(self._is_area | ((self._reach_km > 0) & (km < AREA_DISTANCE_KM)), AREA_DISTANCE_KM, km)
        # Where there is no other name, there is no distance.
        part = np.where(nearest < -1.5, 0.0, -self._weights.distance * np.log1p(km))
        self._parts["distance to the nearest other place"] = part

    def _score_stated_elsewhere(self) -> None:
        by_name = defaultdict(list)
        for number, name in enumerate(self._name.tolist()):
            by_name[name].append(number)
        part = np.zeros(len(self._owner))
        for numbers in by_name.values():
            explicit = [n for n in numbers if self.groups[n].is_explicit]
            stated = {self.option(int(self.chosen[n])).place.id for n in explicit}
            if len(stated) != 1:
                continue
            for n in numbers:
                if not self.groups[n].is_explicit:
                    flags = [o.place.id in stated for o in self.groups[n].options.items]
                    rows = slice(self.starts[n], self.starts[n] + len(flags))
                    part[rows] = self._weights.stated_elsewhere * np.array(flags, dtype=np.float64)
        self._parts["stated elsewhere"] = part


def kilometres(cosine: Vector) -> Vector:
    """Great-circle distances from the cosines of the angles."""
    km: Vector = EARTH_RADIUS_KM * np.arccos(np.clip(cosine, -1.0, 1.0))
    return km


def nearness(km: Vector) -> Vector:
    """0 at AREA_DISTANCE_KM and beyond, 1 more for every time that it is about e times nearer."""
    near: Vector = math.log1p(AREA_DISTANCE_KM) - np.log1p(np.minimum(km, AREA_DISTANCE_KM))
    return near


def _share_of(totals: npt.NDArray[np.float64], label: int) -> float:
    total = float(totals.sum())
    return float(totals[label]) / total if 0 < label < len(totals) and total else 0.0
