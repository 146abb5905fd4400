"""The words for why a place was chosen, or none."""

from dataclasses import replace
from pathlib import Path

from map_app.app import open_app
from map_app.geoparse.ranking import REASONS
from map_app.model import ArticleFilter, Evidence
from map_app.settings import Settings
from map_app.ui.reasons import FOR_A_PLACE, FOR_NONE, not_placed, why, why_not


def test_every_reason_in_the_samples_has_words_for_people(tmp_path: Path) -> None:
    store = open_app(replace(Settings(), store=tmp_path / "none.sqlite")).store
    found = [
        resolution
        for story in store.stories(ArticleFilter(), limit=500)
        for resolution in store.resolutions(story.article_id)
    ]
    assert {e.reason for r in found for e in r.evidence} <= FOR_A_PLACE.keys()
    assert {r.unplaced_because for r in found if r.place is None} <= FOR_NONE.keys()
    assert len(found) > 1000


def test_every_reason_that_adds_to_a_score_has_words_for_people() -> None:
    assert set(REASONS) <= FOR_A_PLACE.keys()


def test_a_reason_says_which_words_it_rests_on() -> None:
    assert why(Evidence("container", 6.0, "Texas")) == "said to be in Texas"
    assert why(Evidence("container", 6.0, "{0} {x}")) == "said to be in {0} {x}"
    assert why(Evidence("list", 2.0)) == "listed with another place"


def test_a_reason_of_another_version_is_said_as_it_was_kept() -> None:
    assert why(Evidence("phase of the moon", 1.0, "full")) == "phase of the moon (full)"
    assert why_not("too late") == "too late"


def test_a_name_without_a_place_says_why_within_a_line() -> None:
    assert not_placed("tie") == "Not placed: several places fit equally well"
    assert not_placed("") == "Not placed"
