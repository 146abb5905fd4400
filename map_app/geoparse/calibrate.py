"""Fits the confidence: how often guesses of its kind were right in articles that the model had not seen."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from map_app.geoparse.confidence import Calibration, Signals, is_sure_enough
from map_app.geoparse.evaluate import is_right, overlaps, pair
from map_app.geoparse.gold import GoldDocument
from map_app.geoparse.homes import Home
from map_app.geoparse.resolve import Resolver
from map_app.model import Field, Kind, Toponym

#: L2 regularisation of the fit: one more article changes little.
REGULARISATION = 4.0
#: Newton's method has converged long before.
STEPS = 30
#: Digits of a weight that are noted.
DIGITS = 4

Vector = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Outcome:
    """A guess, and what became of it."""

    signals: Signals
    #: The recogniser's probability of the name.
    recogniser: float
    #: Whether it stands on a toponym that people marked, and lies where they put it.
    is_right: bool


def outcomes(
    resolver: Resolver, document: GoldDocument, toponyms: Sequence[Toponym], home: Home | None
) -> Iterator[Outcome]:
    """What became of each guess about the text; of those on what people left open nothing is known."""
    scored = [t for t in document.toponyms if t.scored]
    ignored = [t for t in document.toponyms if not t.scored]
    guesses = [
        guess
        for guess in resolver.guesses(document.article, toponyms, home)
        if guess.toponym.field is Field.TEXT
        and guess.toponym.kind is Kind.TOPONYM
        and (any(overlaps(t, guess) for t in scored) or not any(overlaps(t, guess) for t in ignored))
    ]
    meant = {id(guess): toponym for toponym, guess in pair(scored, guesses, overlaps)}
    for guess in guesses:
        gold = meant.get(id(guess))
        if gold is None or gold.latitude is not None:
            right = gold is not None and is_right(gold, guess.candidates[0].place)
            yield Outcome(guess.signals, guess.toponym.confidence, right)


def fit_calibration(found: Iterable[Outcome]) -> Calibration:
    """Logistic regression by Newton's method; without any outcome all weights are 0, and every guess is even."""
    known = list(found)
    names = sorted({name for outcome in known for name in outcome.signals})
    column = {name: i for i, name in enumerate(names)}
    x = np.zeros((len(known), len(names)))
    for row, outcome in enumerate(known):
        for name, value in outcome.signals.items():
            x[row, column[name]] = value
    y = np.array([outcome.is_right for outcome in known], dtype=np.float64)
    weights: Vector = np.zeros(len(names))
    for _ in range(STEPS):
        p = 1 / (1 + np.exp(-x @ weights))
        gradient = x.T @ (p - y) + REGULARISATION * weights
        curvature = (x * (p * (1 - p))[:, None]).T @ x + REGULARISATION * np.eye(len(names))
        weights -= np.linalg.solve(curvature, gradient)
    return Calibration({name: round(float(weight), DIGITS) for name, weight in zip(names, weights, strict=True)})


def end_to_end(calibration: Calibration, found: Sequence[Outcome], owed: int) -> float:
    """F1 of putting on the map what is sure enough, where so many places were owed."""
    placed = [
        o for o in found if is_sure_enough(calibration.confidence(o.signals, o.recogniser), o.signals, o.recogniser)
    ]
    return 2 * sum(o.is_right for o in placed) / max(len(placed) + owed, 1)
