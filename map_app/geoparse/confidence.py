"""How sure a resolution is: the share of resolutions like it that were right on articles kept back from training.

A logistic function of what is known when a name is placed. Its weights come with the recogniser's model and are fitted
together with it, on the output of recognisers for articles that they had not seen, their mistakes included: of
resolutions with a confidence of about 0.8, about 80 % are places that people marked, and put where people put them.
docs/geoparser.md shows the table.
"""

import hashlib
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from map_app.errors import ModelError
from map_app.geoparse.exact import EXACT_CONFIDENCE
from map_app.geoparse.model_file import model_path, read_metadata
from map_app.geoparse.surroundings import is_first_of_more
from map_app.model import Feature, Place, Toponym

#: A guess that is wrong seven times in ten is not put on the map. Not fitted: between 0.2 and 0.5 end to end F1 hardly
#: moves, and what is left out costs recall.
THRESHOLD = 0.3

#: For a name that the recogniser doubts, and for one that is placed beside a neighbour: there is more to be wrong in.
THRESHOLD_IN_DOUBT = 0.4

#: Under this the recogniser rather doubts that a name is one.
DOUBTED = 0.5

#: The recogniser's own probability is not believed beyond these.
SURELY_NOT, SURELY = 0.05, 0.995

#: Log-odds of the recogniser's probability from which on more of it may count otherwise: 50, 88 and 98 %.
BENDS = (0.0, 2.0, 4.0)
_BENT = [(f"recogniser over {bend:.0f}", bend) for bend in BENDS]

#: A larger margin over the best rival says no more.
ENOUGH_MARGIN = 2.0

#: The distance part of a name that stands alone: that of a neighbour some 150 km away.
UNKNOWN_DISTANCE = -2.5

#: By name, a number of what is known of a guess.
Signals = dict[str, float]


@dataclass(frozen=True, slots=True)
class Calibration:
    """How what is known of a guess becomes a probability."""

    #: Fitted weight of each signal; one that the fit never met weighs nothing.
    coefficients: Mapping[str, float]

    @classmethod
    def load(cls) -> "Calibration":
        """The one fitted with the model that comes with the package; raises ModelError where it is damaged."""
        return cls.from_metadata(read_metadata(model_path()))

    @classmethod
    def from_metadata(cls, metadata: Mapping[str, Any]) -> "Calibration":
        """The one noted beside a model; raises ModelError where there is none."""
        noted = metadata.get("confidence")
        if not isinstance(noted, dict) or not noted or not all(isinstance(w, int | float) for w in noted.values()):
            raise ModelError("the recogniser's model lacks the weights of the confidence: train it again")
        return cls({str(name): float(weight) for name, weight in noted.items()})

    @property
    def version(self) -> str:
        """Changes with any weight."""
        return hashlib.sha256(repr(sorted(self.coefficients.items())).encode()).hexdigest()[:8]

    def confidence(self, signals: Mapping[str, float], recogniser: float) -> float:
        """The probability, 0 to 1, that a guess with these signals is right; `recogniser` is that of its name."""
        weight = self.coefficients.get
        sure = 1 / (1 + math.exp(-sum(weight(name, 0.0) * value for name, value in signals.items())))
        # No annotated article tells how good names found without a model are, so none is surer than its finder.
        return min(sure, EXACT_CONFIDENCE) if recogniser == EXACT_CONFIDENCE else sure


def is_sure_enough(confidence: float, signals: Signals, recogniser: float) -> bool:
    """Whether a guess of that confidence is put on the map; `recogniser` is the probability of its name."""
    in_doubt = recogniser < DOUBTED or "beside" in signals
    return confidence >= (THRESHOLD_IN_DOUBT if in_doubt else THRESHOLD)


def recognised(probability: float) -> float:
    """The recogniser's probability on the scale of the sum: its log-odds."""
    p = min(max(probability, SURELY_NOT), SURELY)
    return math.log(p / (1 - p))


def signals_of_name(text: str, toponym: Toponym) -> Signals:
    """What is known of a name wherever it is placed: the recogniser's probability, and whether more may follow."""
    sure = recognised(toponym.confidence)
    signals = {"constant": 1.0, "recogniser": sure, "before a capital": float(is_first_of_more(text, toponym))}
    for name, bend in _BENT:
        signals[name] = max(sure - bend, 0.0)
    return signals


def signals_of_choice(place: Place, *, margin: float, reasons: Sequence[tuple[str, float]]) -> Signals:
    """What is known of the choice of one of a name's candidates.

    `margin` is the lead over the best candidate elsewhere, `reasons` say what added what.
    """
    parts = dict(reasons)
    signals = {
        "margin": min(margin, ENOUGH_MARGIN),
        str(place.feature): 1.0,
        "name": parts.get("name", 0.0),
        "container": float("container" in parts),
    }
    if place.feature is Feature.CITY:
        signals["population"] = parts.get("population", 0.0)
    if place.feature not in (Feature.COUNTRY, Feature.CONTINENT):
        signals["distance"] = parts.get("distance to the nearest other place", UNKNOWN_DISTANCE)
    return signals


def signals_beside(*, has_candidates: bool) -> Signals:
    """What is known of putting a name beside a neighbour, or in the outlet's own town.

    How likely the neighbour is, and whether the outlet's home is known, are left out on purpose: both say where an
    unknown name would lie, not whether it is a place, and what they are worth in one corpus they are not in the next.
    """
    return {"beside": 1.0, "beside, with candidates elsewhere": float(has_candidates)}
