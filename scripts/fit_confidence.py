"""Fits the weights in map_app/geoparse/confidence.py and shows how well they hold.

    python -m scripts.fit_confidence CORPORA

CORPORA is the folder that `python -m map_app train` takes. Every article is recognised by a model that saw neither it
nor its outlet (five folds, some minutes), then placed, with the outlets' homes learned from the articles themselves.
The reliability table and the figures by threshold are nested: each half of the outlets is measured by weights that
were fitted on the other half. The weights printed are fitted on all.
"""

import argparse
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from map_app.gazetteer.lookup import Gazetteer, open_gazetteer
from map_app.geo import distance_km
from map_app.geoparse import confidence
from map_app.geoparse.evaluate import is_right, pair
from map_app.geoparse.gold import GoldDocument, GoldToponym
from map_app.geoparse.ranking import NO_RIVAL_MARGIN, SAME_SPOT_KM
from map_app.geoparse.resolve import Resolver
from map_app.geoparse.train import read_corpora, recognise_held_out
from map_app.model import Field, Kind, Resolution, Toponym
from map_app.settings import Settings

#: L2 regularisation of the fit: one more article changes little.
REGULARISATION = 1.0
THRESHOLDS = (0.0, 0.1, 0.2, 0.25, 0.3, 0.35, 0.4, 0.5)

Vector = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Guess:
    """A place that was, or might have been, put on the map."""

    corpus: str
    #: Articles with the same word here stay in one half.
    outlet: str
    signals: dict[str, float]
    #: Whether it stands on a toponym that people marked, and lies where they put it.
    is_toponym: bool
    is_right: bool


def guesses(resolver: Resolver, found: Sequence[tuple[str, GoldDocument, Sequence[Toponym]]]) -> Iterator[Guess]:
    """All guesses in the articles of one fold, also those below the threshold."""
    homes = resolver.learn_homes((document.article, toponyms) for _, document, toponyms in found)
    outlets = {(corpus, document.article.domain) for corpus, document, _ in found}
    several = {corpus for corpus, _ in outlets if sum(c == corpus for c, _ in outlets) > 1}
    for corpus, document, toponyms in found:
        article = document.article
        home = homes.get(article.domain)
        scored = [t for t in document.toponyms if t.scored]
        guessed = [
            r
            for r in resolver.resolve(article, toponyms, home)
            if r.evidence and r.toponym.field is Field.TEXT and r.toponym.kind is Kind.TOPONYM
        ]
        meant = {id(r): t for t, r in pair(scored, guessed, _overlaps)}
        for resolution in guessed:
            gold = meant.get(id(resolution))
            ignored = any(_overlaps(t, resolution) for t in document.toponyms if not t.scored)
            if (gold is None and ignored) or (gold is not None and gold.latitude is None):
                continue
            right = gold is not None and is_right(gold, resolution.candidates[0].place)
            outlet = article.domain if corpus in several else article.id
            yield Guess(corpus, outlet, signals(resolution, knows_home=home is not None), gold is not None, right)


def signals(resolution: Resolution, *, knows_home: bool) -> dict[str, float]:
    """What the resolver knew of a guess, from what it keeps of it."""
    best, *others = resolution.candidates
    reasons = [(evidence.reason, evidence.weight) for evidence in resolution.evidence]
    sure = resolution.toponym.confidence
    if reasons[0][0] == "beside":
        return confidence.signals_beside(
            recogniser=sure, score=best.score, has_candidates=bool(others), at_home=knows_home
        )
    rivals = [c.score for c in others if distance_km(c.place.point, best.place.point) > SAME_SPOT_KM]
    margin = best.score - max(rivals) if rivals else NO_RIVAL_MARGIN
    return confidence.signals_of_choice(best.place, recogniser=sure, margin=margin, reasons=reasons)


def fit(x: Vector, y: Vector) -> Vector:
    """Logistic regression by Newton's method."""
    weights = np.zeros(x.shape[1])
    for _ in range(30):
        p = probability(x, weights)
        gradient = x.T @ (p - y) + REGULARISATION * weights
        curvature = (x * (p * (1 - p))[:, None]).T @ x + REGULARISATION * np.eye(len(weights))
        weights -= np.linalg.solve(curvature, gradient)
    return weights


def probability(x: Vector, weights: Vector) -> Vector:
    """What the weights make of each row."""
    p: Vector = 1 / (1 + np.exp(-x @ weights))
    return p


def main() -> None:
    """Measure, fit and print."""
    parser = argparse.ArgumentParser(
        prog="python -m scripts.fit_confidence",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("corpora", type=Path, help="a folder of annotated .jsonl files")
    corpora = read_corpora(parser.parse_args().corpora)
    gazetteer: Gazetteer = open_gazetteer(Settings().cache)
    resolver = Resolver(gazetteer)
    rows: list[Guess] = []
    for found in recognise_held_out(corpora, gazetteer, progress=_tell):
        rows += guesses(resolver, found)
    names = sorted({name for row in rows for name in row.signals})
    x = np.array([[row.signals.get(name, 0.0) for name in names] for row in rows])
    y = np.array([row.is_right for row in rows], dtype=np.float64)
    outlets = {outlet: number for number, outlet in enumerate(sorted({row.outlet for row in rows}))}
    half = np.array([outlets[row.outlet] % 2 for row in rows])
    p = np.where(
        half == 0, probability(x, fit(x[half == 1], y[half == 1])), probability(x, fit(x[half == 0], y[half == 0]))
    )
    print_reliability(p, y)
    owed = {
        name: sum(t.scored and t.latitude is not None for d in documents for t in d.toponyms)
        for name, documents in corpora.items()
    }
    print_thresholds(rows, p, owed)
    print("\nCOEFFICIENTS: Mapping[str, float] = {")
    for name, weight in zip(names, fit(x, y), strict=True):
        print(f'    "{name}": {weight:.3f},')
    print("}")


def print_reliability(p: Vector, y: Vector) -> None:
    """How many of about each confidence are right, and by how much that is missed on average."""
    error = 0.0
    for low in np.arange(10) / 10:
        inside = (p >= low) & ((p < low + 0.1) | (low == 0.9))
        if inside.any():
            share = float(y[inside].mean())
            error += inside.sum() * abs(share - float(p[inside].mean()))
            print(
                f"| {low:.1f} to {low + 0.1:.1f} | {int(y[inside].sum())} of {inside.sum()} ({share:.0%}) "
                f"| {float(p[inside].mean()):.0%} |"
            )
    print(f"expected calibration error: {error / len(y):.3f}")


def print_thresholds(rows: Sequence[Guess], p: Vector, owed: dict[str, int]) -> None:
    """End to end F1, and the right share of the recognised, if nothing below a threshold were placed."""
    for threshold in THRESHOLDS:
        line = [f"threshold {threshold:.2f}:"]
        for corpus, due in owed.items():
            placed = [
                row for row, sure in zip(rows, p.tolist(), strict=True) if row.corpus == corpus and sure >= threshold
            ]
            right = sum(row.is_right for row in placed)
            recognised = sum(row.is_toponym for row in rows if row.corpus == corpus)
            line.append(f"{corpus} F1 {200 * right / (len(placed) + due):.1f}, right {100 * right / recognised:.1f} %;")
        print(*line)


def _overlaps(gold: GoldToponym, resolution: Resolution) -> bool:
    return gold.start < resolution.toponym.end and resolution.toponym.start < gold.end


def _tell(fraction: float, phrase: str) -> None:
    print(f"{fraction:4.0%} {phrase}", file=sys.stderr)


if __name__ == "__main__":
    main()
