"""How sure a resolution is: the share of resolutions like it that were right on articles kept back from training.

A logistic function of what is known when a name is placed, fitted on the recogniser's own output on kept-back articles,
its mistakes included: of resolutions with a confidence of about 0.8, about 80 % are places that people marked, and put
where people put them. docs/geoparser.md shows the table and says how the weights were fitted.
"""

import math
from collections.abc import Mapping, Sequence

from map_app.geoparse.exact import EXACT_CONFIDENCE
from map_app.model import Feature, Place

#: Below this a guess is not put on the map. On kept-back articles end to end F1 was best at 0.15 on GWN and 0.5 on LGL.
THRESHOLD = 0.3

#: The recogniser's own probability is not believed beyond these.
SURELY_NOT, SURELY = 0.05, 0.995

#: A larger margin over the best rival says no more.
ENOUGH_MARGIN = 2.0

#: The distance part of a name that stands alone: that of a neighbour some 150 km away.
UNKNOWN_DISTANCE = -2.5

#: Fitted weight of each signal; one that the fit never met ("other") weighs nothing.
COEFFICIENTS: Mapping[str, float] = {
    "admin1": 0.891,
    "admin2": 0.519,
    "beside": -0.227,
    "beside, of a known outlet": 0.441,
    "beside, recogniser": -0.039,
    "beside, score": -0.120,
    "beside, with candidates elsewhere": -0.472,
    "city": -1.995,
    "constant": -0.330,
    "container": 0.977,
    "continent": -0.371,
    "country": -0.317,
    "distance": 0.594,
    "home": 0.084,
    "margin": 1.217,
    "name": 0.967,
    "other": -0.173,
    "population": 0.446,
    "recogniser": 0.324,
    "region": -0.260,
    "water": 1.603,
}


def confidence(signals: Mapping[str, float], recogniser: float) -> float:
    """The probability, 0 to 1, that a resolution with these signals is right; `recogniser` is that of its name."""
    total = sum(COEFFICIENTS.get(name, 0.0) * value for name, value in signals.items())
    sure = 1 / (1 + math.exp(-total))
    # No annotated article tells how good names found without a model are, so none is surer than its finder.
    return min(sure, EXACT_CONFIDENCE) if recogniser == EXACT_CONFIDENCE else sure


def recognised(probability: float) -> float:
    """The recogniser's probability on the scale of the sum: its log-odds."""
    p = min(max(probability, SURELY_NOT), SURELY)
    return math.log(p / (1 - p))


def signals_of_choice(
    place: Place, *, recogniser: float, margin: float, reasons: Sequence[tuple[str, float]]
) -> dict[str, float]:
    """What is known of a name placed at one of its candidates.

    `recogniser` is its probability, `margin` the lead over the best candidate elsewhere, `reasons` what added what.
    """
    parts = dict(reasons)
    signals = {
        "constant": 1.0,
        "recogniser": recognised(recogniser),
        "margin": min(margin, ENOUGH_MARGIN),
        str(place.feature): 1.0,
        "name": parts.get("name", 0.0),
        "container": float("container" in parts),
        "home": parts.get("outlet's home", 0.0),
    }
    if place.feature is Feature.CITY:
        signals["population"] = parts.get("population", 0.0)
    if place.feature not in (Feature.COUNTRY, Feature.CONTINENT):
        signals["distance"] = parts.get("distance to the nearest other place", UNKNOWN_DISTANCE)
    return signals


def signals_beside(*, recogniser: float, score: float, has_candidates: bool, at_home: bool) -> dict[str, float]:
    """What is known of a name placed beside a neighbour, or in the outlet's own town."""
    return {
        "constant": 1.0,
        "recogniser": recognised(recogniser),
        "beside": 1.0,
        "beside, recogniser": recognised(recogniser),
        "beside, score": score,
        "beside, with candidates elsewhere": float(has_candidates),
        "beside, of a known outlet": float(at_home),
    }
