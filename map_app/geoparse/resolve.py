"""Toponyms become places: the candidates of each name ranked in the context of the whole article.

The score of a candidate is a sum of named weights: what is known of the place alone (how many people, what
kind), what the words around the name say ("Paris, Texas", "Kursk region"), and what the rest of the article is
about. That depends on the choices made for the other names, so all are ranked again a few times. One name has
one sense in an article, unless the article itself says otherwise.
"""

import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from map_app.gazetteer.lookup import Gazetteer
from map_app.gazetteer.names import fold
from map_app.geo import EARTH_RADIUS_KM
from map_app.geoparse.homes import Home
from map_app.geoparse.membership import may_be_known
from map_app.geoparse.options import Option, Options, OptionsFinder
from map_app.geoparse.roles import give_roles
from map_app.geoparse.surroundings import Surroundings, read_surroundings
from map_app.model import Article, Candidate, Evidence, Feature, Kind, Place, Resolution, Toponym

#: Changes whenever the rules or weights may rank otherwise.
RULES_VERSION = "rules2"

#: Weights that worked best in a trial on annotated news; hardly any figure moves by a point where one of them is
#: changed by half, see docs/geoparser.md.
IN_CONTAINER = 4.0
CONTAINS_PREVIOUS = 2.5
COUNTRY_SHARE = 3.0
ADMIN1_SHARE = 2.0
DISTANCE = 0.5
#: "Kursk region": the division rather than the city, and the other way round for "the city of".
STATED_KIND = 4.0
#: The sense that the article itself states elsewhere: "Kursk" in an article on "the Kursk region".
STATED_ELSEWHERE = 3.0
#: A name that stands for one place when nothing is said ("Washington").
ALONE = 3.0
#: The home of the outlet, when it is known.
HOME_ADMIN1 = 2.5
HOME_COUNTRY = 1.0

#: A demonym says less about where a story is than a toponym.
DEMONYM_SHARE = 0.5

#: How often all names are ranked in the light of the others' choices; hardly anything moves after the third.
PASSES = 3

#: Countries and continents have no point to be near to; they stand at this distance from everything.
AREA_DISTANCE_KM = 300.0

#: Only the names that an article uses most are taken as neighbours, so that work stays linear in its length.
MAX_NEIGHBOURS = 48

#: Runners-up kept with a resolution, the chosen one included.
MAX_CANDIDATES = 5

#: Two places nearer than this are not in competition: confusing them would show the same spot.
SAME_SPOT_KM = 161.0

#: Confidence is a logistic function of the margin over the best rival, fitted on held-out documents.
CONFIDENCE_BASE = 0.6
CONFIDENCE_SLOPE = 0.55
#: The margin given where there is no rival at all.
NO_RIVAL_MARGIN = 5.0

#: Scores closer than this are a tie, which no rule should pretend to break.
TIE = 1e-6

#: Demonyms are hardly ever ambiguous.
DEMONYM_CONFIDENCE = 0.95

#: Names that mean one place when they stand alone: folded name -> country, admin1 names, kind.
_ALONE = {"washington": ("US", ("District of Columbia", "Washington, D.C."), Feature.CITY)}

Vector = npt.NDArray[np.float64]


@dataclass(slots=True)
class _Group:
    """The occurrences of one name in one sense."""

    key: str
    options: Options
    surroundings: Surroundings
    #: Positions in the list of toponyms.
    members: list[int] = field(default_factory=list)
    #: Parts of the score that do not depend on other choices, by reason.
    static: dict[str, Vector] = field(default_factory=dict)
    details: dict[str, str] = field(default_factory=dict)
    scores: Vector = field(default_factory=lambda: np.zeros(0))
    parts: dict[str, Vector] = field(default_factory=dict)
    choice: int = -1

    @property
    def chosen(self) -> Option | None:
        return self.options.items[self.choice] if self.choice >= 0 else None

    @property
    def weight(self) -> float:
        """How loudly it speaks: a name repeated often is not proportionally more evidence."""
        return math.sqrt(len(self.members))

    @property
    def is_explicit(self) -> bool:
        """Whether the article says which sense is meant, by a container or the kind of place."""
        return bool(self.surroundings.container or self.surroundings.stated_kind)


class Resolver:
    """Ranks candidates; keeps what it looked up, and is safe to share between threads."""

    def __init__(self, gazetteer: Gazetteer) -> None:
        self._gazetteer = gazetteer
        self._finder = OptionsFinder(gazetteer)
        #: Other places to choose from may change every choice.
        self.version = gazetteer.directory.name

    def resolve(self, article: Article, toponyms: Sequence[Toponym], home: Home | None = None) -> list[Resolution]:
        """One resolution for each toponym, in the same order; `home` is the outlet's, where it is known."""
        surroundings = read_surroundings(article, toponyms)
        groups = self._groups(toponyms, surroundings)
        demonyms = {
            i: self._gazetteer.demonym(toponym.name) if may_be_known(toponym.name) else None
            for i, toponym in enumerate(toponyms)
            if toponym.kind is Kind.DEMONYM
        }
        demonym_counts: Counter[str] = Counter()
        for place in demonyms.values():
            if place is not None and place.country_code:
                demonym_counts[place.country_code] += 1
        self._score_alone(groups, home)
        _score_containers(groups)
        _choose(groups, {})
        for _ in range(PASSES):
            _score_together(groups, demonym_counts)
        return self._answers(article, toponyms, groups, demonyms)

    def _groups(self, toponyms: Sequence[Toponym], surroundings: Sequence[Surroundings]) -> list[_Group]:
        groups: dict[tuple[str, str, str], _Group] = {}
        for i, toponym in enumerate(toponyms):
            if toponym.kind is Kind.DEMONYM:
                continue
            around = surroundings[i]
            container = fold(around.container) if around.container else ""
            key = (fold(toponym.name), container, around.stated_kind)
            group = groups.get(key)
            if group is None:
                options = self._finder.options(toponym.name)
                group = groups[key] = _Group(key[0], options, around)
            group.members.append(i)
        return list(groups.values())

    def _score_alone(self, groups: Sequence[_Group], home: Home | None) -> None:
        """The parts of the score that no other choice can change."""
        for group in groups:
            options = group.options
            group.static["population"] = options.population
            group.static["kind of place"] = options.feature_prior
            group.static["name"] = options.name_prior
            stated = group.surroundings.stated_kind or options.stated_kind
            if stated:
                wanted = _DIVISIONS if stated == "division" else _TOWNS
                group.static["stated kind"] = _flags(o.place.feature in wanted for o in options.items) * STATED_KIND
            alone = _ALONE.get(group.key)
            if alone and not stated and not group.surroundings.container:
                group.static["alone"] = _flags(_is_meant_alone(o, *alone) for o in options.items) * ALONE
            container = group.surroundings.container or options.container
            if container:
                areas = self._finder.options(container).areas
                inside = _flags(any(self._contains(area, o) for area in areas) for o in options.items)
                group.static["container"] = inside * IN_CONTAINER
                group.details["container"] = container
            if home:
                at_home = _flags(o.place.country_code == home.country_code for o in options.items) * HOME_COUNTRY
                if home.admin1:
                    division = f"{home.country_code}.{fold(home.admin1)}"
                    at_home += _flags(o.admin1_key == division for o in options.items) * HOME_ADMIN1
                group.static["outlet's home"] = at_home

    def _contains(self, outer: Option, inner: Option) -> bool:
        if outer.place.id == inner.place.id or not outer.place.country_code:
            return False
        if outer.place.country_code != inner.place.country_code:
            return False
        if outer.place.feature is Feature.COUNTRY:
            return inner.place.feature is not Feature.COUNTRY
        if outer.place.feature is Feature.ADMIN1:
            return inner.admin1_key == outer.admin1_key and inner.place.feature is not Feature.ADMIN1
        return self._gazetteer.contains(outer.place, inner.place)

    def _answers(
        self,
        article: Article,
        toponyms: Sequence[Toponym],
        groups: Sequence[_Group],
        demonyms: Mapping[int, Place | None],
    ) -> list[Resolution]:
        answers: dict[int, Resolution] = {}
        for group in groups:
            place, confidence, candidates, evidence, why = _answer(group)
            for i in group.members:
                answers[i] = Resolution(
                    toponym=toponyms[i],
                    place=place,
                    confidence=round(confidence * toponyms[i].confidence, 4),
                    candidates=candidates,
                    evidence=evidence,
                    unplaced_because=why,
                )
        for i, toponym in enumerate(toponyms):
            if toponym.kind is Kind.DEMONYM:
                home = demonyms[i]
                answers[i] = Resolution(
                    toponym=toponym,
                    place=home,
                    confidence=round(DEMONYM_CONFIDENCE * toponym.confidence, 4) if home else 0.0,
                    candidates=(Candidate(home, 0.0),) if home else (),
                    evidence=(Evidence("demonym", 0.0, toponym.name),) if home else (),
                    unplaced_because="" if home else "no candidate",
                )
        return give_roles(article, [answers[i] for i in range(len(toponyms))])


_DIVISIONS = frozenset({Feature.ADMIN1, Feature.ADMIN2, Feature.REGION})
_TOWNS = frozenset({Feature.CITY})


def _flags(values: Iterable[bool]) -> Vector:
    return np.fromiter(values, dtype=np.float64)


def _is_meant_alone(option: Option, country: str, admin1: Sequence[str], feature: Feature) -> bool:
    place = option.place
    return (
        place.country_code == country and place.feature is feature and (place.admin1 in admin1 or place.name in admin1)
    )


def _score_containers(groups: Sequence[_Group]) -> None:
    """A container is itself more likely the one that holds the name before it."""
    by_key = defaultdict(list)
    for group in groups:
        by_key[group.key].append(group)
    for group in groups:
        if not group.surroundings.container:
            continue
        inner = {o.place.country_code for o in group.options.items} - {""}
        inner_admin1 = {o.admin1_key for o in group.options.items} - {""}
        for outer in by_key.get(fold(group.surroundings.container), ()):
            holds = [
                (o.place.feature is Feature.COUNTRY and o.place.country_code in inner)
                or (o.place.feature is Feature.ADMIN1 and o.admin1_key in inner_admin1)
                for o in outer.options.items
            ]
            outer.static["contains the name before it"] = np.array(holds, dtype=np.float64) * CONTAINS_PREVIOUS


def _choose(groups: Sequence[_Group], updates: Mapping[int, Mapping[str, Vector]]) -> None:
    """Take the best candidate of each group, all at once: the order of names must not matter."""
    for number, group in enumerate(groups):
        if not group.options.items:
            continue
        group.parts = {**group.static, **updates.get(number, {})}
        group.scores = np.sum(list(group.parts.values()), axis=0)
        group.choice = int(np.argmax(group.scores))


def _answer(group: _Group) -> tuple[Place | None, float, tuple[Candidate, ...], tuple[Evidence, ...], str]:
    """Place, confidence, best candidates, evidence, and why it was not placed."""
    chosen = group.chosen
    if chosen is None:
        return None, 0.0, (), (), "no candidate"
    order = np.argsort(-group.scores, kind="stable")
    items = group.options.items
    candidates = tuple(Candidate(items[i].place, round(float(group.scores[i]), 3)) for i in order[:MAX_CANDIDATES])
    best = group.options.xyz[group.choice]
    km = EARTH_RADIUS_KM * np.arccos(np.clip(group.options.xyz @ best, -1.0, 1.0))
    rivals = group.scores[km > SAME_SPOT_KM]
    margin = float(group.scores[group.choice] - rivals.max()) if len(rivals) else NO_RIVAL_MARGIN
    if margin < TIE:
        return None, 0.0, candidates, (), "tie"
    confidence = 1 / (1 + math.exp(-(CONFIDENCE_BASE + CONFIDENCE_SLOPE * min(margin, 2 * NO_RIVAL_MARGIN))))
    evidence = tuple(
        Evidence(reason, round(float(part[group.choice]), 3), group.details.get(reason, ""))
        for reason, part in group.parts.items()
        if part[group.choice]
    )
    return chosen.place, confidence, candidates, evidence, ""


def _score_together(groups: Sequence[_Group], demonyms: Counter[str]) -> None:
    """Rank every name in the light of what the others are taken to be."""
    countries: dict[str, float] = defaultdict(float)
    admin1s: dict[str, float] = defaultdict(float)
    for code, count in demonyms.items():
        countries[code] += DEMONYM_SHARE * math.sqrt(count)
    for group in groups:
        chosen = group.chosen
        if chosen is not None:
            countries[chosen.place.country_code] += group.weight
            admin1s[chosen.admin1_key] += group.weight
    countries.pop("", None)
    admin1s.pop("", None)
    all_countries, all_admin1s = sum(countries.values()), sum(admin1s.values())
    by_name = defaultdict(list)
    for group in groups:
        by_name[group.key].append(group)
    neighbours = [
        (group, group.options.xyz[group.choice])
        for group in sorted(groups, key=lambda g: -len(g.members))
        if group.chosen is not None and group.chosen.place.feature not in _AREAS
    ][:MAX_NEIGHBOURS]
    points = np.array([xyz for _, xyz in neighbours]).reshape(-1, 3)
    names = np.array([hash(group.key) for group, _ in neighbours], dtype=np.int64)
    updates: dict[int, dict[str, Vector]] = {}
    for number, group in enumerate(groups):
        if len(group.options.items) == 0:
            continue
        own = group.chosen
        parts: dict[str, Vector] = {}
        parts["same country"] = COUNTRY_SHARE * _shares(
            [o.place.country_code for o in group.options.items],
            countries,
            all_countries,
            own.place.country_code if own else "",
            group.weight,
        )
        parts["same division"] = ADMIN1_SHARE * _shares(
            [o.admin1_key for o in group.options.items],
            admin1s,
            all_admin1s,
            own.admin1_key if own else "",
            group.weight,
        )
        others = names != hash(group.key)
        if others.any():
            cosine = np.clip((group.options.xyz @ points[others].T).max(axis=1), -1.0, 1.0)
            km = np.where(group.options.is_area, AREA_DISTANCE_KM, EARTH_RADIUS_KM * np.arccos(cosine))
            parts["distance to the nearest other place"] = -DISTANCE * np.log1p(km)
        stated = {
            other.chosen.place.id
            for other in by_name[group.key]
            if other is not group and other.chosen is not None and other.is_explicit
        }
        if len(stated) == 1 and not group.is_explicit:
            parts["stated elsewhere"] = np.array(
                [STATED_ELSEWHERE if o.place.id in stated else 0.0 for o in group.options.items]
            )
        updates[number] = parts
    _choose(groups, updates)


_AREAS = frozenset({Feature.COUNTRY, Feature.CONTINENT})


def _shares(keys: Sequence[str], totals: dict[str, float], total: float, own: str, own_weight: float) -> Vector:
    """The share of the article that speaks of each key, the group's own voice left out."""
    rest = total - (own_weight if own else 0.0)
    if rest <= 0:
        return np.zeros(len(keys))
    return np.array(
        [max(0.0, totals.get(key, 0.0) - (own_weight if key == own else 0.0)) / rest if key else 0.0 for key in keys]
    )
