"""Toponyms become places: the candidates of each name ranked in the context of the whole article.

The score of a candidate is a sum of named weights: what is known of the place alone (how many people, what
kind), what the words around the name say ("Paris, Texas", "Kursk region"), what the rest of the article is
about, and where its outlet lives. That depends on the choices made for the other names, so all are ranked again a few
times. One name has one sense in an article, unless the article itself says otherwise.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import partial
from typing import NamedTuple

from map_app.gazetteer.lookup import Gazetteer, NameKind
from map_app.gazetteer.names import fold
from map_app.geoparse.beside import Beside, Neighbours
from map_app.geoparse.confidence import (
    DOUBTED,
    Calibration,
    Signals,
    is_sure_enough,
    signals_beside,
    signals_of_choice,
    signals_of_name,
)
from map_app.geoparse.containers import Containers, is_quarter
from map_app.geoparse.homes import Home, NameSenses, learn_home
from map_app.geoparse.options import LARGE_TOWN, Option, Options, OptionsFinder, admin1_key
from map_app.geoparse.ranking import MAX_CANDIDATES, Choice, Group, Ranking, Weights
from map_app.geoparse.roles import give_roles
from map_app.geoparse.surroundings import Firmness, Surroundings, read_surroundings
from map_app.model import Article, Candidate, Evidence, Feature, Field, Kind, Place, Resolution, Toponym

#: Changes whenever the rules or weights may rank otherwise.
RULES_VERSION = "rules13"

#: Articles are ranked together until they have so many names, or are so many: more gain little, and take memory.
TOGETHER = 400
ARTICLES_TOGETHER = 50

#: Scores closer than this are a tie, which no rule should pretend to break.
TIE = 1e-6

#: Demonyms are hardly ever ambiguous.
DEMONYM_CONFIDENCE = 0.95

#: Names that mean one place when they stand alone: folded name -> country, admin1 names, kind.
_ALONE = {
    "washington": ("US", ("District of Columbia", "Washington, D.C."), Feature.CITY),
    "hollywood": ("US", ("California",), Feature.CITY),
}

#: A division that has the name of a country abroad: folded name -> the division's country.
_STATES = {"georgia": "US"}

_DIVISIONS = frozenset({Feature.ADMIN1, Feature.ADMIN2, Feature.REGION})
_TOWNS = frozenset({Feature.CITY})
_NATURE = frozenset({Feature.WATER, Feature.REGION, Feature.OTHER})


class Recognised(NamedTuple):
    """An article, the names found in it, and its outlet's home where it is known."""

    article: Article
    toponyms: Sequence[Toponym]
    home: Home | None = None


class Guess(NamedTuple):
    """A place that a name may mean, before anything is said of how sure that is."""

    toponym: Toponym
    #: Best first; the first holds the place that is guessed.
    candidates: tuple[Candidate, ...]
    evidence: tuple[Evidence, ...]
    signals: Signals


#: What becomes of toponyms, by their number in the article.
Answers = dict[int, Guess | Resolution]


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
        self._containers = Containers(self._finder, gazetteer)
        self._leaves_unknown = leaves_unknown
        #: Other places to choose from may change every choice, and other weights what is sure enough.
        self.version = f"{gazetteer.directory.name}-{self._calibration.version}" + ("-known" if leaves_unknown else "")

    def resolve(self, article: Article, toponyms: Sequence[Toponym], home: Home | None = None) -> list[Resolution]:
        """One resolution for each toponym, in the same order, but for doubted ones that cannot be placed.

        `home` is the outlet's, where it is known.
        """
        return self.resolve_all([Recognised(article, toponyms, home)])[0]

    def resolve_all(self, documents: Sequence[Recognised]) -> list[list[Resolution]]:
        """The same of several articles, which together take less time."""
        out = []
        for document, guessed in zip(documents, self._guess(documents), strict=True):
            found = [self._decide(g) if isinstance(g, Guess) else g for g in guessed]
            # A doubted name is mostly none: it is told of only where it can be placed.
            told = [r for r in found if r.place is not None or r.toponym.confidence >= DOUBTED]
            out.append(give_roles(document.article, told))
        return out

    def guesses(self, article: Article, toponyms: Sequence[Toponym], home: Home | None = None) -> list[Guess]:
        """What `resolve` decides on: the places that the names may mean, those in doubt included."""
        [found] = self._guess([Recognised(article, toponyms, home)])
        return [guess for guess in found if isinstance(guess, Guess)]

    def _guess(self, documents: Iterable[Recognised]) -> Iterator[list[Guess | Resolution]]:
        """Of each article, for each toponym a guess, or an answer where nothing is left to decide."""
        for some in _parts(documents):
            read = [(self._demonyms(d.toponyms), self._groups(d.article, d.toponyms)) for d in some]
            known = [[group for group in groups if len(group.options)] for _, groups in read]
            homes = [document.home for document in some]
            ranking = self._rank(known, [demonyms for demonyms, _ in read], homes) if any(known) else None
            choices = ranking.choices() if ranking else []
            for number, (document, (demonyms, groups)) in enumerate(zip(some, read, strict=True)):
                toponyms = document.toponyms
                answers: Answers = {i: _demonym(toponyms[i], place) for i, place in demonyms.items()}
                chosen = [choices[n] for n in ranking.groups_of(number)] if ranking else []
                shares, positions = partial(self._shares, ranking, number), _positions(document.article, toponyms)
                peoples = {place.country_code for place in demonyms.values() if place}
                neighbours = Neighbours(
                    chosen, positions, document.home, self._weights, shares=shares, countries=peoples
                )
                answers |= self._answer(document, chosen, neighbours)
                answers |= self._answer_unknown(document, groups, neighbours)
                yield [answers[i] for i in range(len(toponyms))]

    def _shares(self, ranking: Ranking | None, article: int, place: Place) -> tuple[float, float]:
        """What shares of an article's places lie in the country and in the division of a place."""
        if ranking is None:
            return 0.0, 0.0
        return ranking.shares(article, self._finder.label(place.country_code), self._finder.label(admin1_key(place)))

    def _decide(self, guess: Guess) -> Resolution:
        """Place a name where the guess is sure enough."""
        toponym = guess.toponym
        # The calibration knows nothing of names that were matched without a model.
        sure = toponym.confidence if toponym.known else self._calibration.confidence(guess.signals, toponym.confidence)
        is_placed = is_sure_enough(sure, guess.signals, toponym.confidence)
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

    def is_country_or_state(self, name: str) -> bool:
        """Whether it is the name of a country, or that of a first-level division and no large town."""
        return self._is_country(name) or self._finder.options(name).is_division

    def learn_homes(self, documents: Iterable[tuple[Article, Sequence[Toponym]]]) -> dict[str, Home]:
        """The homes of the outlets that show one, by domain, from their articles with the names found in them."""
        senses: dict[str, list[list[NameSenses]]] = defaultdict(list)
        stated = [Recognised(article, toponyms) for article, toponyms in documents if article.domain]
        for document, names in zip(stated, self._senses(stated), strict=True):
            senses[document.article.domain].append(names)
        homes = {domain: learn_home(domain, articles) for domain, articles in senses.items()}
        return {domain: home for domain, home in homes.items() if home is not None}

    def _senses(self, documents: Sequence[Recognised]) -> Iterator[list[NameSenses]]:
        """What each name may mean in its article, as if nothing were known of the outlet."""
        for some in _parts(documents):
            known = [[g for g in self._groups(d.article, d.toponyms) if len(g.options)] for d in some]
            if any(known):
                ranking = self._rank(known, [self._demonyms(d.toponyms) for d in some], [None] * len(some))
            for number, groups in enumerate(known):
                numbers = ranking.groups_of(number) if groups else ()
                yield [
                    NameSenses(group.key, group.options.places, ranking.scores[ranking.rows_of(n)])
                    for n, group in zip(numbers, groups, strict=True)
                ]

    def _rank(
        self,
        articles: Sequence[Sequence[Group]],
        demonyms: Sequence[Mapping[int, Place | None]],
        homes: Sequence[Home | None],
    ) -> Ranking:
        countries = [
            Counter(self._finder.label(place.country_code) for place in of.values() if place and place.country_code)
            for of in demonyms
        ]
        ranking = Ranking(articles, self._weights, countries)
        for number, group in enumerate(ranking.groups):
            self._score_alone(ranking, number, group)
        for article, home in enumerate(homes):
            numbers = ranking.groups_of(article)
            self._score_containers(ranking, numbers)
            self._lean_on_other_states(ranking, numbers)
            if home is not None and numbers:
                country, division = self._finder.label(home.country_code), self._finder.label(home.admin1_key)
                ranking.set_home(article, country, division, home.city)
        ranking.settle()
        return ranking

    def _demonyms(self, toponyms: Sequence[Toponym]) -> dict[int, Place | None]:
        return {
            i: self._finder.demonym(toponym.name) for i, toponym in enumerate(toponyms) if toponym.kind is Kind.DEMONYM
        }

    def _groups(self, article: Article, toponyms: Sequence[Toponym]) -> list[Group]:
        groups: dict[tuple[str, str, str], Group] = {}
        for i, around in enumerate(
            read_surroundings(article, toponyms, self._is_area, self._is_large_town, self._is_country)
        ):
            if toponyms[i].kind is Kind.DEMONYM:
                continue
            options = self._options(toponyms[i], around)
            key = (options.key, fold(around.container) if around.container else "", around.stated_kind)
            group = groups.get(key)
            if group is None:
                group = groups[key] = Group(options, around)
            if around.listed_in and not group.surroundings.listed_in:
                group.surroundings = around
            elif around.firmness > group.surroundings.firmness:
                group.surroundings = group.surroundings._replace(firmness=around.firmness)
            group.members.append(i)
            group.evidence += toponyms[i].confidence
        return self._containers.without_namesakes(list(groups.values()))

    def _options(self, toponym: Toponym, around: Surroundings) -> Options:
        if toponym.known:
            return self._finder.known(toponym.known)
        if around.nature:
            options = self._finder.options(f"{toponym.name} {around.nature}")
            if any(o.place.feature in _NATURE and o.penalty == 0 for o in options.items):
                return options
        for school in around.schools:
            options = self._finder.options(school)
            if any(o.place.feature is Feature.OTHER and o.penalty == 0 for o in options.items):
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
            inside = self._containers.inside(container, options)
            is_plain = options.container or group.surroundings.firmness is Firmness.PLAIN
            if is_plain:  # who says "Perth, Ontario," knows that most think of another
                ranking.forget_fame(number, inside)
            ranking.add("container", number, inside, weights.in_plain_container if is_plain else weights.in_container)
        elif group.surroundings.listed_in:
            ranking.add("list", number, self._containers.inside(group.surroundings.listed_in, options), weights.in_list)

    def _lean_on_other_states(self, ranking: Ranking, numbers: range) -> None:
        """Georgia is rather the state where another state is named by its own name."""
        states = [number for number in numbers if ranking.groups[number].key in _STATES]
        if not states:
            return
        others = {_country_of_division(ranking.groups[number].options) for number in numbers if number not in states}
        for number in states:
            group = ranking.groups[number]
            country = _STATES[group.key]
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

    def _is_country(self, name: str) -> bool:
        options = self._finder.options(name).items
        return any(o.place.feature is Feature.COUNTRY and o.name_kind is not NameKind.ALTERNATE for o in options)

    def _score_containers(self, ranking: Ranking, numbers: range) -> None:
        """A container is itself more likely the one that holds the name before it."""
        held = [group for n in numbers if (group := ranking.groups[n]).surroundings.container]
        by_key = defaultdict(list)
        for number in numbers if held else ():
            by_key[ranking.groups[number].key].append(number)
        for group in held:
            inner = group.options.items
            countries = {o.place.country_code for o in inner} - {""}
            divisions = {o.admin1_key for o in inner} - {""}
            for number in by_key.get(fold(group.surroundings.container), ()):
                holds = [
                    (o.place.feature is Feature.COUNTRY and o.place.country_code in countries)
                    or (o.place.feature is Feature.ADMIN1 and o.admin1_key in divisions)
                    or (o.place.feature is Feature.CITY and any(is_quarter(i.place, o.place) for i in inner))
                    for o in ranking.groups[number].options.items
                ]
                ranking.add("contains the name before it", number, holds, self._weights.contains_previous)

    def _answer(self, document: Recognised, choices: Sequence[Choice], neighbours: Neighbours) -> Answers:
        """What becomes of the names that have candidates."""
        answers: Answers = {}
        article, toponyms, _ = document
        for number, choice in enumerate(choices):
            group = choice.group
            candidates = tuple(
                [Candidate(o.place, round(score, 3)) for o, score in zip(choice.options, choice.scores, strict=True)]
            )
            is_known = bool(toponyms[group.members[0]].known)
            beside = None if is_known else neighbours.of_known(number)
            if beside is not None:
                for i in group.members:
                    answers[i] = _beside(article, toponyms[i], beside, candidates)
                continue
            if choice.margin < TIE:
                for i in group.members:
                    answers[i] = _unplaced(toponyms[i], "tie", candidates)
                continue
            evidence = tuple([Evidence(reason, weight, _detail(group, reason)) for reason, weight in choice.reasons])
            signals = signals_of_choice(candidates[0].place, margin=choice.margin, reasons=choice.reasons)
            for i in group.members:
                answers[i] = Guess(toponyms[i], candidates, evidence, signals | _of_name(article, toponyms[i]))
        return answers

    def _answer_unknown(self, document: Recognised, groups: Sequence[Group], neighbours: Neighbours) -> Answers:
        """What becomes of the names that the gazetteer lacks."""
        answers: Answers = {}
        article, toponyms, _ = document
        for group in groups:
            if len(group.options):
                continue
            # Of a name alone, without its container, nobody else could tell more.
            is_left = self._leaves_unknown and not group.has_namesakes
            beside = None if is_left else self._beside_unknown(group, toponyms, neighbours)
            for i in group.members:
                answers[i] = (
                    _beside(article, toponyms[i], beside, (), has_namesakes=group.has_namesakes)
                    if beside
                    else _unplaced(toponyms[i], "no candidate")
                )
        return answers

    def _beside_unknown(self, group: Group, toponyms: Sequence[Toponym], neighbours: Neighbours) -> Beside | None:
        """Where a name is that the gazetteer lacks there, or None."""
        around, beside = group.surroundings, None
        container = around.container or group.options.container
        if container and (around.firmness >= Firmness.LIKELY or group.has_namesakes):
            beside = neighbours.within(fold(container), [area.place for area in self._containers.areas(container)])
        if beside and group.has_namesakes:
            return beside
        beside = beside or neighbours.of_unknown(group)
        if beside and self._finder.names_another_place(toponyms[group.members[0]].name, beside.place):
            return neighbours.of_part(group)
        return beside


def _parts(documents: Iterable[Recognised]) -> Iterator[list[Recognised]]:
    """The articles in order, so many at a time that their names are ranked together."""
    some: list[Recognised] = []
    names = 0
    for document in documents:
        some.append(document)
        names += len(document.toponyms)
        if names >= TOGETHER or len(some) == ARTICLES_TOGETHER:
            yield some
            some, names = [], 0
    if some:
        yield some


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


def _beside(
    article: Article,
    toponym: Toponym,
    beside: Beside,
    candidates: tuple[Candidate, ...],
    *,
    has_namesakes: bool = False,
) -> Guess:
    score = round(beside.score, 3)
    signals = signals_beside(has_candidates=bool(candidates) or has_namesakes) | _of_name(article, toponym)
    candidates = (Candidate(beside.place, score), *candidates[: MAX_CANDIDATES - 1])
    reason = "within" if beside.is_stated else "beside"
    return Guess(toponym, candidates, (Evidence(reason, score, beside.place.name),), signals)


def _of_name(article: Article, toponym: Toponym) -> Signals:
    return signals_of_name(article.title if toponym.field is Field.TITLE else article.text, toponym)
