import random

import pytest

from map_app.errors import ModelError
from map_app.geoparse.calibrate import Outcome, end_to_end, fit_calibration, outcomes
from map_app.geoparse.confidence import (
    DOUBTED,
    THRESHOLD,
    THRESHOLD_IN_DOUBT,
    Calibration,
    is_sure_enough,
    signals_beside,
)
from map_app.geoparse.evaluate import Bin, reliability_lines, together
from map_app.geoparse.exact import EXACT_CONFIDENCE
from map_app.geoparse.gold import read_gold
from map_app.geoparse.pipeline import Geoparser
from map_app.geoparse.recognise import Recogniser
from map_app.geoparse.resolve import Resolver
from map_app.model import Field, Kind
from map_app.settings import GOLD_SET


def _guesses(share, count, **signals):
    right = round(share * count)
    return [Outcome({"constant": 1.0, **signals}, 0.9, n < right) for n in range(count)]


def test_of_guesses_with_a_confidence_about_that_share_is_right():
    found = [*_guesses(0.9, 4000, margin=2.0), *_guesses(0.4, 4000, margin=0.0)]
    random.Random(1).shuffle(found)
    calibration = fit_calibration(found)
    assert calibration.confidence({"constant": 1.0, "margin": 2.0}, 0.9) == pytest.approx(0.9, abs=0.01)
    assert calibration.confidence({"constant": 1.0, "margin": 0.0}, 0.9) == pytest.approx(0.4, abs=0.01)


def test_the_order_of_articles_does_not_change_the_fit():
    found = [*_guesses(0.8, 50, margin=1.5), *_guesses(0.3, 50, distance=-2.0)]
    assert fit_calibration(found) == fit_calibration(found[::-1])


def test_without_any_outcome_every_guess_is_even():
    assert fit_calibration([]).confidence({"constant": 1.0}, 0.9) == 0.5


def test_a_name_found_without_a_model_is_no_surer_than_its_finder():
    calibration = Calibration({"constant": 5.0})
    assert calibration.confidence({"constant": 1.0}, EXACT_CONFIDENCE) == EXACT_CONFIDENCE


def test_only_what_is_sure_enough_counts_end_to_end():
    calibration = Calibration({"constant": 1.0})
    found = [Outcome({"constant": 2.0}, 0.9, True), Outcome({"constant": 2.0}, 0.9, False)]
    found.append(Outcome({"constant": -2.0}, 0.9, True))
    assert end_to_end(calibration, found, owed=3) == pytest.approx(2 / 5)


def test_what_the_resolver_guesses_is_what_it_decides_on(gazetteer):
    """Each outcome stands for a resolution of the same article, with the same signals behind its confidence."""
    recogniser, resolver = Recogniser.load(gazetteer), Resolver(gazetteer)
    geoparser, calibration = Geoparser(recogniser, resolver), Calibration.load()
    document = next(iter(read_gold(GOLD_SET)))
    toponyms = geoparser.recognise(document.article)
    found = list(outcomes(resolver, document, toponyms, None))
    decided = [
        r.confidence
        for r in resolver.resolve(document.article, toponyms)
        if r.evidence and r.toponym.field is Field.TEXT and r.toponym.kind is Kind.TOPONYM
    ]
    assert [round(calibration.confidence(o.signals, o.recogniser), 4) for o in found] == decided
    assert sum(o.is_right for o in found) > len(found) / 2


@pytest.mark.parametrize(
    "noted", [{}, {"confidence": {}}, {"confidence": {"margin": "much"}}], ids=["none", "empty", "text"]
)
def test_notes_without_the_weights_of_the_confidence_are_refused(noted):
    with pytest.raises(ModelError, match="lacks the weights of the confidence"):
        Calibration.from_metadata(noted)


def test_two_reliability_tables_add_up():
    bins = together([[Bin(0.7, 0.8, 3, 2, 0.7)], [Bin(0.7, 0.8, 1, 1, 0.78)]])
    assert [(b.count, b.right, round(b.mean_confidence, 3)) for b in bins] == [(4, 3, 0.72)]
    assert reliability_lines(bins) == [
        "confidence 0.7-0.8: 3 of 4 right (75 %, mean confidence 72 %)",
        "expected calibration error: 3.0 %",
    ]
    assert reliability_lines([Bin(0.0, 0.1, 0, 0, 0.0)]) == []


def test_how_likely_a_neighbour_is_says_nothing_of_whether_an_unknown_name_is_a_place():
    """That one signal made the confidence on a corpus never seen 4 to 7 points too sure."""
    assert signals_beside(has_candidates=True).keys() == {"beside", "beside, with candidates elsewhere"}


@pytest.mark.parametrize(
    ("signals", "recogniser", "is_sure"),
    [({}, 0.9, True), ({}, DOUBTED - 0.1, False), ({"beside": 1.0}, 0.9, False)],
    ids=["found", "doubted", "beside"],
)
def test_what_is_doubted_or_only_beside_has_to_be_surer(signals, recogniser, is_sure):
    between = (THRESHOLD + THRESHOLD_IN_DOUBT) / 2
    assert is_sure_enough(between, signals, recogniser) is is_sure
    assert is_sure_enough(THRESHOLD_IN_DOUBT, signals, recogniser)
    assert not is_sure_enough(THRESHOLD - 0.01, signals, recogniser)
