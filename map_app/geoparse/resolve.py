"""Toponyms become places: the candidates of each name ranked in the context of the whole article.

The score of a candidate is a sum of named weights: what is known of the place alone (how many people, what
kind), what the words around the name say ("Paris, Texas", "Kursk region"), what the rest of the article is
about, and where its outlet lives. That depends on the choices made for the other names, so all are ranked again a few
times. One name has one sense in an article, unless the article itself says otherwise.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from map_app.gazetteer.lookup import Gazetteer, NameKind
from map_app.gazetteer.names import fold
from map_app.geoparse.beside import Beside, Neighbours
from map_app.geoparse.confidence import (
    DOUBTED,
    THRESHOLD,
    Calibration,
    Signals,
    signals_beside,
    signals_of_choice,
    signals_of_name,
)
from map_app.geoparse.homes import Home, NameSenses, learn_home
from map_app.geoparse.options import LARGE_TOWN, Option, Options, OptionsFinder, admin1_key
from map_app.geoparse.ranking import Group, Ranking, Weights
from map_app.geoparse.roles import give_roles
from map_app.geoparse.surroundings import Surroundings, read_surroundings
from map_app.model import Article, Candidate, Evidence, Feature, Field, Kind, Place, Resolution, Toponym

#: Changes whenever the rules or weights may rank otherwise.
RULES_VERSION = "rules11"

#: Runners-up kept with a resolution, the chosen one included.
MAX_CANDIDATES = 5

#: Scores closer than this are a tie, which no rule should pretend to break.
TIE = 1e-6

#: Demonyms are hardly ever ambiguous.
DEMONYM_CONFIDENCE = 0.95

#: Names that mean one place when they stand alone: folded name -> country, admin1 names, kind.
_ALONE = {"washington": ("US", ("District of Columbia", "Washington, D.C."), Feature.CITY)}

#: A division that has the name of a country abroad: folded name -> the division's country.
_STATES = {"georgia": "US"}

_DIVISIONS = frozenset({Feature.ADMIN1, Feature.ADMIN2, Feature.REGION})
_TOWNS = frozenset({Feature.CITY})
_NATURE = frozenset({Feature.WATER, Feature.REGION, Feature.OTHER})


class Guess(NamedTuple):
    """A place that a name may mean, before anything is said of how sure that is."""

    toponym: Toponym
    #: Best first; the first holds the place that is guessed.
    candidates: tuple[Candidate, ...]
    evidence: tuple[Evidence, ...]
    signals: Signals


class Resolver:
    """Ranks candidates; keeps what it looked up, and is safe to share between threads."""

    def __init__(
        self,
        gazetteer: Gazetteer,
        weights: Weights | None = None,
        *,
        calibration: Calibration | None = None,
        leaves_unknown: bool = False,
    ) -> None:
        """With `leaves_unknown`, names that the gazetteer lacks stay unplaced, for somebody else to place.

        `calibration` says how sure a guess is: that of the model that comes with the package if there is no other.
        """
        self._gazetteer = gazetteer
        self._calibration = calibration or Calibration.load()
        self._weights = weights or Weights()
        self._finder = OptionsFinder(gazetteer)
        self._leaves_unknown = leaves_unknown
        #: Other places to choose from may change every choice, and other weights what is sure enough.
        self.version = f"{gazetteer.directory.name}-{self._calibration.version}" + ("-known" if leaves_unknown else "")

    def resolve(self, article: Article, toponyms: Sequence[Toponym], home: Home | None = None) -> list[Resolution]:
        """One resolution for each toponym, in the same order, but for doubted ones that cannot be placed.

        `home` is the outlet's, where it is known.
        """
        found = [self._decide(g) if isinstance(g, Guess) else g for g in self._guess(article, toponyms, home)]
        # A doubted name is mostly none: it is told of only where it can be placed.
        return give_roles(article, [r for r in found if r.place is not None or r.toponym.confidence >= DOUBTED])

    def guesses(self, article: Article, toponyms: Sequence[Toponym], home: Home | None = None) -> list[Guess]:
        """What `resolve` decides on: the places that the names may mean, those in doubt included."""
        return [guess for guess in self._guess(article, toponyms, home) if isinstance(guess, Guess)]

    def _guess(self, article: Article, toponyms: Sequence[Toponym], home: Home | None) -> list[Guess | Resolution]:
        """For each toponym a guess, or an answer where nothing is left to decide."""
        demonyms = self._demonyms(toponyms)
        answers: dict[int, Guess | Resolution] = {i: _demonym(toponyms[i], place) for i, place in demonyms.items()}
        groups = self._groups(article, toponyms)
        known = [group for group in groups if len(group.options)]
        ranking = self._rank(known, demonyms, home) if known else None
        neighbours = Neighbours(ranking, _positions(article, toponyms), home, self._weights, self._finder.label)
        if ranking is not None:
            self._answer(article, toponyms, ranking, neighbours, answers)
        for group in groups:
            if not len(group.options):
                beside = None if self._leaves_unknown else neighbours.of_unknown(group)
                if beside and self._finder.names_another_place(toponyms[group.members[0]].name, beside.place):
                    beside = neighbours.of_part(group)
                for i in group.members:
                    answers[i] = (
                        _beside(article, toponyms[i], beside, ()) if beside else _unplaced(toponyms[i], "no candidate")
                    )
        return [answers[i] for i in range(len(toponyms))]

    def _decide(self, guess: Guess) -> Resolution:
        """Place a name where the guess is sure enough."""
        toponym = guess.toponym
        # The calibration knows nothing of names that were matched without a model.
        sure = toponym.confidence if toponym.known else self._calibration.confidence(guess.signals, toponym.confidence)
        is_placed = sure >= THRESHOLD
        return Resolution(
            toponym=toponym,
            place=guess.candidates[0].place if is_placed else None,
            confidence=round(sure, 4),
            candidates=guess.candidates,
            evidence=guess.evidence,
            unplaced_because="" if is_placed else "below the threshold",
        )

    def namesakes(self, name: str) -> tuple[Place, ...]:
        """The places that have the whole of this name, best known first."""
        return tuple(option.place for option in self._finder.options(name).items if option.penalty == 0)

    def learn_homes(self, documents: Iterable[tuple[Article, Sequence[Toponym]]]) -> dict[str, Home]:
        """The homes of the outlets that show one, by domain, from their articles with the names found in them."""
        senses: dict[str, list[list[NameSenses]]] = defaultdict(list)
        for article, toponyms in documents:
            if article.domain:
                senses[article.domain].append(self._senses(article, toponyms))
        homes = {domain: learn_home(domain, articles) for domain, articles in senses.items()}
        return {domain: home for domain, home in homes.items() if home is not None}

    def _senses(self, article: Article, toponyms: Sequence[Toponym]) -> list[NameSenses]:
        """What each name may mean in its article, as if nothing were known of the outlet."""
        groups = [group for group in self._groups(article, toponyms) if len(group.options)]
        if not groups:
            return []
        ranking = self._rank(groups, self._demonyms(toponyms), None)
        return [
            NameSenses(group.key, group.options.places, ranking.scores[start : start + len(group.options)])
            for group, start in zip(groups, ranking.starts.tolist(), strict=True)
        ]

    def _rank(self, groups: Sequence[Group], demonyms: Mapping[int, Place | None], home: Home | None) -> Ranking:
        countries = Counter(
            self._finder.label(place.country_code) for place in demonyms.values() if place and place.country_code
        )
        ranking = Ranking(groups, self._weights, countries)
        for number, group in enumerate(groups):
            self._score_alone(ranking, number, group)
        self._score_containers(ranking)
        self._lean_on_other_states(ranking)
        if home is not None:
            ranking.set_home(self._finder.label(home.country_code), self._finder.label(home.admin1_key), home.city)
        ranking.settle()
        return ranking

    def _demonyms(self, toponyms: Sequence[Toponym]) -> dict[int, Place | None]:
        return {
            i: self._finder.demonym(toponym.name) for i, toponym in enumerate(toponyms) if toponym.kind is Kind.DEMONYM
        }

    def _groups(self, article: Article, toponyms: Sequence[Toponym]) -> list[Group]:
        groups: dict[tuple[str, str, str], Group] = {}
        for i, around in enumerate(read_surroundings(article, toponyms, self._is_area, self._is_large_town)):
            if toponyms[i].kind is Kind.DEMONYM:
                continue
            options = self._options(toponyms[i], around)
            key = (options.key, fold(around.container) if around.container else "", around.stated_kind)
            group = groups.get(key)
            if group is None:
                group = groups[key] = Group(options, around)
            if around.listed_in and not group.surroundings.listed_in:
                group.surroundings = around
            group.members.append(i)
            group.evidence += toponyms[i].confidence
        return list(groups.values())

    def _options(self, toponym: Toponym, around: Surroundings) -> Options:
        if toponym.known:
            return self._finder.known(toponym.known)
        if around.nature:
            options = self._finder.options(f"{toponym.name} {around.nature}")
            if any(o.place.feature in _NATURE and o.penalty == 0 for o in options.items):
                return options
        options = self._finder.options(toponym.name)
        if around.is_with_article and (meant := self._meant_with_article(toponym.name, options)):
            return meant
        if not len(options) and (place := self._finder.demonym(toponym.name)):
            return self._finder.known(place.id)  # "the Abkhaz": a people by its own name
        return options

    def _meant_with_article(self, name: str, options: Options) -> Options | None:
        """What a name behind "the" means: "the Hague" is the town, "across the Dnipro" the river.

        None where it may be a country ("the Congo") or means what it means without ("the Bronx").
        """
        whole = f"the {name}"
        if any(
            match.place.feature is Feature.COUNTRY or match.place.population >= LARGE_TOWN
            for match in self._gazetteer.candidates(whole)
        ):
            return self._finder.options(whole)
        named = (o for n in (name, f"{name} river", f"river {name}") for o in self._finder.options(n).items)
        river = next((o.place for o in named if o.place.feature is Feature.WATER and o.penalty == 0), None)
        if river is None or any(o.place.feature is Feature.COUNTRY for o in options.items):
            return None
        return self._finder.known(river.id)

    def _score_alone(self, ranking: Ranking, number: int, group: Group) -> None:
        """The parts of the score that no other choice can change."""
        weights, options = self._weights, group.options
        stated = group.surroundings.stated_kind or options.stated_kind
        if stated:
            wanted = _DIVISIONS if stated == "division" else _TOWNS
            ranking.add("stated kind", number, [o.place.feature in wanted for o in options.items], weights.stated_kind)
        is_among_divisions = self._is_among_divisions(group)
        if is_among_divisions:
            flags = [o.place.feature is Feature.ADMIN1 for o in options.items]
            ranking.add("list of divisions", number, flags, weights.in_list)
        alone = _ALONE.get(group.key)
        if alone and not is_among_divisions and not stated and not group.surroundings.container:
            ranking.add("alone", number, [_is_meant_alone(o, *alone) for o in options.items], weights.alone)
            # The town in England that has the name as well is not meant by an article from London either.
            ranking.add("alone", number, [o.place.country_code != alone[0] for o in options.items], -weights.alone)
        container = group.surroundings.container or options.container
        if container:
            ranking.add("container", number, self._inside(container, options), weights.in_container)
        elif group.surroundings.listed_in:
            ranking.add("list", number, self._inside(group.surroundings.listed_in, options), weights.in_list)

    def _lean_on_other_states(self, ranking: Ranking) -> None:
        """Georgia is rather the state where another state is named by its own name."""
        if not any(group.key in _STATES for group in ranking.groups):
            return
        others = {_country_of_division(group.options) for group in ranking.groups if group.key not in _STATES}
        for number, group in enumerate(ranking.groups):
            country = _STATES.get(group.key)
            if country in others:
                flags = [
                    o.place.feature is Feature.ADMIN1 and o.place.country_code == country for o in group.options.items
                ]
                ranking.lean_on_country(number, flags)

    def _is_among_divisions(self, group: Group) -> bool:
        """Whether it is listed between first-level divisions that are nothing else ("Oregon and Washington")."""
        around = group.surroundings
        if not around.listed_with or around.container or around.stated_kind:
            return False
        return all(self._finder.options(name).is_division for name in around.listed_with)

    def _is_area(self, name: str) -> bool:
        return self._finder.options(name).is_container

    def _is_large_town(self, name: str) -> bool:
        return self._finder.options(name).is_large_town

    def _inside(self, container: str, options: Options) -> list[bool]:
        """Which candidates lie in what the container's name, or demonym, may mean."""
        areas = self._finder.options(container).areas
        home = None if areas else self._finder.demonym(container)
        if home is not None:
            areas = (Option(home, NameKind.PRIMARY, admin1_key(home)),)
        return [any(self._contains(area, o) for area in areas) for o in options.items]

    def _score_containers(self, ranking: Ranking) -> None:
        """A container is itself more likely the one that holds the name before it."""
        by_key = defaultdict(list)
        for number, group in enumerate(ranking.groups):
            by_key[group.key].append(number)
        for group in ranking.groups:
            if not group.surroundings.container:
                continue
            inner = {o.place.country_code for o in group.options.items} - {""}
            inner_admin1 = {o.admin1_key for o in group.options.items} - {""}
            for number in by_key.get(fold(group.surroundings.container), ()):
                holds = [
                    (o.place.feature is Feature.COUNTRY and o.place.country_code in inner)
                    or (o.place.feature is Feature.ADMIN1 and o.admin1_key in inner_admin1)
                    for o in ranking.groups[number].options.items
                ]
                ranking.add("contains the name before it", number, holds, self._weights.contains_previous)

    def _contains(self, outer: Option, inner: Option) -> bool:
        if outer.place.id == inner.place.id:
            return False
        if outer.place.feature is Feature.REGION:
            return self._gazetteer.contains(outer.place, inner.place)
        if outer.place.country_code != inner.place.country_code:
            return False
        if outer.place.feature is Feature.COUNTRY:
            return inner.place.feature is not Feature.COUNTRY
        if outer.place.feature is Feature.ADMIN1:
            return inner.admin1_key == outer.admin1_key and inner.place.feature is not Feature.ADMIN1
        return self._gazetteer.contains(outer.place, inner.place)

    def _answer(
        self,
        article: Article,
        toponyms: Sequence[Toponym],
        ranking: Ranking,
        neighbours: Neighbours,
        answers: dict[int, Guess | Resolution],
    ) -> None:
        """The resolutions of all names that have candidates."""
        margins = ranking.margins().tolist()
        reasons = ranking.reasons()
        order = ranking.order.tolist()
        scores = ranking.scores[ranking.order].tolist()
        for number, (group, start) in enumerate(zip(ranking.groups, ranking.starts.tolist(), strict=True)):
            items = group.options.items
            best = range(start, start + min(len(items), MAX_CANDIDATES))
            candidates = tuple(Candidate(items[order[at] - start].place, round(scores[at], 3)) for at in best)
            is_known = bool(toponyms[group.members[0]].known)
            beside = None if is_known else neighbours.of_known(number)
            if beside is not None:
                for i in group.members:
                    answers[i] = _beside(article, toponyms[i], beside, candidates)
                continue
            margin = margins[number]
            if margin < TIE:
                for i in group.members:
                    answers[i] = _unplaced(toponyms[i], "tie", candidates)
                continue
            evidence = tuple(Evidence(reason, weight, _detail(group, reason)) for reason, weight in reasons[number])
            signals = signals_of_choice(candidates[0].place, margin=margin, reasons=reasons[number])
            for i in group.members:
                answers[i] = Guess(toponyms[i], candidates, evidence, signals | _of_name(article, toponyms[i]))


def _country_of_division(options: Options) -> str:
    """The country of a first-level division whose name means nothing else, or empty."""
    return options.items[0].place.country_code if options.is_division else ""


def _detail(group: Group, reason: str) -> str:
    """The words of the article that a reason rests on."""
    if reason == "container":
        return group.surroundings.container or group.options.container
    return group.surroundings.listed_in if reason == "list" else ""


def _positions(article: Article, toponyms: Sequence[Toponym]) -> list[int]:
    """Where each toponym stands: characters from the start of the text, less than 0 in the title."""
    before = len(article.title) + 1
    return [t.start - before if t.field is Field.TITLE else t.start for t in toponyms]


def _is_meant_alone(option: Option, country: str, admin1: Sequence[str], feature: Feature) -> bool:
    place = option.place
    return (
        place.country_code == country and place.feature is feature and (place.admin1 in admin1 or place.name in admin1)
    )


def _demonym(toponym: Toponym, place: Place | None) -> Resolution:
    if place is None:
        return _unplaced(toponym, "no candidate")
    return Resolution(
        toponym=toponym,
        place=place,
        confidence=round(DEMONYM_CONFIDENCE * toponym.confidence, 4),
        candidates=(Candidate(place, 0.0),),
        evidence=(Evidence("demonym", 0.0, toponym.name),),
    )


def _unplaced(toponym: Toponym, why: str, candidates: tuple[Candidate, ...] = ()) -> Resolution:
    return Resolution(toponym, None, candidates=candidates, unplaced_because=why)


def _beside(article: Article, toponym: Toponym, beside: Beside, candidates: tuple[Candidate, ...]) -> Guess:
    score = round(beside.score, 3)
    signals = signals_beside(score=score, has_candidates=bool(candidates)) | _of_name(article, toponym)
    candidates = (Candidate(beside.place, score), *candidates[: MAX_CANDIDATES - 1])
    return Guess(toponym, candidates, (Evidence("beside", score, beside.place.name),), signals)


def _of_name(article: Article, toponym: Toponym) -> Signals:
    return signals_of_name(article.title if toponym.field is Field.TITLE else article.text, toponym)
