"""The field's measures of a geoparser, on annotated articles.

A toponym is *recognised* strictly where the spans are equal, loosely where they overlap, each span used once. A
place is *right* where it is the annotators' own GeoNames record; or lies within 161 km (100 miles) of where
they put it; or both are the same country; or both are the same country's first-level division, under 500 km
apart; or both are the same continent or region by name. What the annotators marked as demonym, language or
homonym is neither owed nor punished. An unplaced toponym is not found end to end, and in resolution an error of
half the way round the Earth.

What a story is about is measured over its distinct places, not over toponyms: those with the role of a focus, in
title or text, against those that people listed; likewise the places of the dateline. Each is used once.
"""

import math
import statistics
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Protocol, TypeVar

from map_app.geo import Point, distance_km
from map_app.geoparse.gold import GoldDocument, GoldToponym
from map_app.geoparse.mistakes import mistakes
from map_app.model import Feature, Field, Kind, Place, Resolution, Role, Toponym

#: Half the Earth's circumference: no error is larger.
FARTHEST_KM = 20039.0
#: 100 miles, the field's usual radius.
NEAR_KM = 161.0
#: The middle of a large division is a matter of taste.
SAME_DIVISION_KM = 500.0


@dataclass(frozen=True, slots=True)
class Score:
    """Hits among what was owed and what was given."""

    hits: int
    gold: int
    predicted: int

    @property
    def precision(self) -> float:
        """Share of what was given that is right, 0 to 1."""
        return self.hits / self.predicted if self.predicted else 0.0

    @property
    def recall(self) -> float:
        """Share of what was owed that was given, 0 to 1."""
        return self.hits / self.gold if self.gold else 0.0

    @property
    def f1(self) -> float:
        """Their harmonic mean, 0 to 1."""
        total = self.gold + self.predicted
        return 2 * self.hits / total if total else 0.0


@dataclass(frozen=True, slots=True)
class Bin:
    """Resolutions of about one confidence, and how many of them were right."""

    low: float
    high: float
    count: int
    right: int
    mean_confidence: float


@dataclass(frozen=True, slots=True)
class Figures:
    """What an evaluation found."""

    documents: int
    strict: Score
    overlap: Score
    end_to_end: Score
    #: Of the placed gold toponyms that were recognised: how many were placed right.
    resolved: int
    resolved_right: int
    within_161_km: int
    mean_error_km: float
    median_error_km: float
    #: By level of the gold toponym: right and all.
    by_level: dict[str, tuple[int, int]] = field(default_factory=dict)
    reliability: tuple[Bin, ...] = ()
    #: Distinct places that a story is about, and where it was filed; None where no document says so.
    focus: Score | None = None
    dateline: Score | None = None
    #: How many names were right or wrong in which way (`mistakes.py`).
    mistakes: dict[str, int] = field(default_factory=dict)

    @property
    def right_of_recognised(self) -> float:
        """Share of the recognised that were placed right, 0 to 1."""
        return self.resolved_right / self.resolved if self.resolved else 0.0


class Evaluation:
    """Takes documents one by one and counts."""

    def __init__(self) -> None:
        self._documents = 0
        self._strict = [0, 0, 0]
        self._overlap = [0, 0, 0]
        self._end_to_end = [0, 0, 0]
        self._errors_km: list[float] = []
        self._right_of_found = 0
        self._by_level: dict[str, list[int]] = {}
        self._confidences: list[tuple[float, bool]] = []
        self._roles: dict[Role, list[int]] = {}
        self._mistakes: Counter[str] = Counter()

    def add(self, document: GoldDocument, resolutions: Iterable[Resolution]) -> None:
        """Count one document; resolutions of the title and demonyms are left out, but for the roles."""
        resolutions = list(resolutions)
        self._add_role(Role.FOCUS, document.focus, resolutions)
        self._add_role(Role.DATELINE, document.dateline, resolutions)
        scored = [t for t in document.toponyms if t.scored]
        ignored = [t for t in document.toponyms if not t.scored]
        predicted = [
            r
            for r in resolutions
            if r.toponym.field is Field.TEXT
            and r.toponym.kind is Kind.TOPONYM
            and (any(overlaps(t, r) for t in scored) or not any(overlaps(t, r) for t in ignored))
        ]
        self._documents += 1
        strict = pair(scored, predicted, lambda t, r: (t.start, t.end) == (r.toponym.start, r.toponym.end))
        pairs = pair(scored, predicted, overlaps)
        for counts, hits in ((self._strict, len(strict)), (self._overlap, len(pairs))):
            counts[0] += hits
            counts[1] += len(scored)
            counts[2] += len(predicted)
        found = {id(t): r for t, r in pairs}
        neutral = sum(t.latitude is None and r.place is not None for t, r in pairs)
        self._end_to_end[2] += sum(r.place is not None for r in predicted) - neutral
        put_right = [t for t, r in pairs if is_right(t, r.place)]
        self._mistakes += mistakes(document.article.text, scored, predicted, pairs, put_right)
        for toponym in scored:
            if toponym.latitude is None:
                continue
            resolution = found.get(id(toponym))
            right = resolution is not None and is_right(toponym, resolution.place)
            level = self._by_level.setdefault(toponym.level, [0, 0])
            level[0] += right
            level[1] += 1
            self._end_to_end[0] += right
            self._end_to_end[1] += 1
            if resolution is not None:
                self._right_of_found += right
                self._errors_km.append(error_km(toponym, resolution.place))
        paired = {id(r): t for t, r in pairs}
        for resolution in predicted:
            gold = paired.get(id(resolution))
            guess = _guess(resolution)
            if guess is not None and (gold is None or gold.latitude is not None):
                self._confidences.append((resolution.confidence, gold is not None and is_right(gold, guess)))

    def _add_role(self, role: Role, gold: Sequence[GoldToponym] | None, resolutions: Iterable[Resolution]) -> None:
        if gold is None:
            return
        places = {r.place.id: r.place for r in resolutions if r.role is role and r.place is not None}
        counts = self._roles.setdefault(role, [0, 0, 0])
        counts[0] += _right_places(gold, list(places.values()))
        counts[1] += len(gold)
        counts[2] += len(places)

    def figures(self) -> Figures:
        """All measures of what was added so far."""
        errors = self._errors_km
        return Figures(
            documents=self._documents,
            strict=Score(*self._strict),
            overlap=Score(*self._overlap),
            end_to_end=Score(*self._end_to_end),
            resolved=len(errors),
            resolved_right=self._right_of_found,
            within_161_km=sum(km <= NEAR_KM for km in errors),
            mean_error_km=statistics.fmean(errors) if errors else math.nan,
            median_error_km=statistics.median(errors) if errors else math.nan,
            by_level={level: (right, all_) for level, (right, all_) in sorted(self._by_level.items())},
            reliability=_reliability(self._confidences),
            focus=self._score_of(Role.FOCUS),
            dateline=self._score_of(Role.DATELINE),
            mistakes=dict(self._mistakes),
        )

    def _score_of(self, role: Role) -> Score | None:
        return Score(*self._roles[role]) if role in self._roles else None


def evaluate(documents: Iterable[GoldDocument], geoparse: Callable[[GoldDocument], Iterable[Resolution]]) -> Figures:
    """The figures of a geoparser on annotated documents."""
    evaluation = Evaluation()
    for document in documents:
        evaluation.add(document, geoparse(document))
    return evaluation.figures()


def error_km(gold: GoldToponym, place: Place | None) -> float:
    """How far the place is from where the annotators put it."""
    if place is None or gold.latitude is None or gold.longitude is None:
        return FARTHEST_KM
    return distance_km(Point(gold.latitude, gold.longitude), place.point)


def is_right(gold: GoldToponym, place: Place | None) -> bool:
    """Whether it is the place that the annotators meant, by the rule in this module's docstring."""
    if place is None:
        return False
    if gold.geonameid and place.geonameid == gold.geonameid:
        return True
    same_country = bool(gold.country_code) and gold.country_code == place.country_code
    if gold.level == "country" and place.feature is Feature.COUNTRY:
        return same_country
    km = error_km(gold, place)
    if gold.level == "admin1" and place.feature is Feature.ADMIN1:
        return same_country and km <= SAME_DIVISION_KM
    if (
        gold.level in ("continent", "other")
        and place.feature in (Feature.CONTINENT, Feature.REGION, Feature.WATER)
        and _plain(place.name) in (_plain(gold.gazetteer_name), _plain(gold.name))
    ):
        return True
    return km <= NEAR_KM


class Given(Protocol):
    """What is said of a toponym."""

    @property
    def toponym(self) -> Toponym:
        """The toponym."""


G = TypeVar("G", bound=Given)


def pair(
    gold: Sequence[GoldToponym], predicted: Sequence[G], match: Callable[[GoldToponym, G], bool]
) -> list[tuple[GoldToponym, G]]:
    """One to one, longest overlap first."""
    edges = sorted(
        (-(min(t.end, r.toponym.end) - max(t.start, r.toponym.start)), i, j)
        for i, t in enumerate(gold)
        for j, r in enumerate(predicted)
        if match(t, r)
    )
    used_gold: set[int] = set()
    used_predicted: set[int] = set()
    pairs = []
    for _, i, j in edges:
        if i not in used_gold and j not in used_predicted:
            used_gold.add(i)
            used_predicted.add(j)
            pairs.append((gold[i], predicted[j]))
    return pairs


def _right_places(gold: Sequence[GoldToponym], places: Sequence[Place]) -> int:
    """How many are right, each used once: a country is not also its capital, however near that is."""
    pairs = sorted(
        (_LEVELS.get(place.feature, "other") != toponym.level, error_km(toponym, place), i, j)
        for i, toponym in enumerate(gold)
        for j, place in enumerate(places)
        if is_right(toponym, place)
    )
    used_gold: set[int] = set()
    used_places: set[int] = set()
    for _, _, i, j in pairs:
        if i not in used_gold and j not in used_places:
            used_gold.add(i)
            used_places.add(j)
    return len(used_gold)


_LEVELS = {
    Feature.COUNTRY: "country",
    Feature.ADMIN1: "admin1",
    Feature.ADMIN2: "admin2",
    Feature.CITY: "place",
    Feature.CONTINENT: "continent",
}


def report(figures: Figures) -> str:
    """The figures as lines for people to read."""
    lines = [f"documents: {figures.documents}"]
    for name, score in (
        ("recognition strict", figures.strict),
        ("recognition overlap", figures.overlap),
        ("end to end right place", figures.end_to_end),
        ("what stories are about", figures.focus),
        ("where they were filed", figures.dateline),
    ):
        if score is None:
            continue
        lines.append(
            f"{name} P/R/F1: {100 * score.precision:.1f} / {100 * score.recall:.1f} / {100 * score.f1:.1f}"
            f"  ({score.hits} of {score.gold} owed, {score.predicted} given)"
        )
    if figures.resolved:
        lines += [
            f"right place of recognised: {100 * figures.right_of_recognised:.1f} %",
            f"within 161 km of recognised: {100 * figures.within_161_km / figures.resolved:.1f} %",
            f"mean / median error: {figures.mean_error_km:.0f} / {figures.median_error_km:.1f} km",
        ]
    lines += [f"right of {level}: {right} of {all_}" for level, (right, all_) in figures.by_level.items()]
    return "\n".join([*lines, *reliability_lines(figures.reliability)])


def reliability_lines(bins: Sequence[Bin]) -> list[str]:
    """How many guesses of about each confidence are right, and by how much the confidence misses that on average."""
    lines = [
        f"confidence {b.low:.1f}-{b.high:.1f}: {b.right} of {b.count} right ({100 * b.right / b.count:.0f} %, "
        f"mean confidence {100 * b.mean_confidence:.0f} %)"
        for b in bins
        if b.count
    ]
    if lines:
        missed = sum(abs(b.count * b.mean_confidence - b.right) for b in bins) / sum(b.count for b in bins)
        lines.append(f"expected calibration error: {100 * missed:.1f} %")
    return lines


def together(tables: Iterable[Sequence[Bin]]) -> list[Bin]:
    """One table of several of the same bins."""
    bins = []
    for row in zip(*tables, strict=True):
        count = sum(b.count for b in row)
        mean = sum(b.count * b.mean_confidence for b in row) / count if count else 0.0
        bins.append(Bin(row[0].low, row[0].high, count, sum(b.right for b in row), mean))
    return bins


def overlaps(gold: GoldToponym, given: Given) -> bool:
    """Whether they share a character of the text."""
    return gold.start < given.toponym.end and given.toponym.start < gold.end


def _guess(resolution: Resolution) -> Place | None:
    """The place that a toponym was taken for, or would have been, had it been sure enough."""
    if resolution.place is None and resolution.unplaced_because == "below the threshold":
        return resolution.candidates[0].place
    return resolution.place


def _plain(name: str) -> str:
    return name.casefold().removeprefix("the ")


def _reliability(confidences: Sequence[tuple[float, bool]], bins: int = 10) -> tuple[Bin, ...]:
    out = []
    for number in range(bins):
        low, high = number / bins, (number + 1) / bins
        inside = [(c, right) for c, right in confidences if low <= c < high or (c >= high and number == bins - 1)]
        mean = statistics.fmean(c for c, _ in inside) if inside else 0.0
        out.append(Bin(low, high, len(inside), sum(right for _, right in inside), mean))
    return tuple(out)
