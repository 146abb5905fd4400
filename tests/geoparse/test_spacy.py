"""A real spaCy with small real pipelines, which these tests make and load as they would any other."""

import random
import sys

import pytest

from map_app.errors import ModelError, SettingsError
from map_app.geoparse.pipeline import Geoparser
from map_app.geoparse.spacy_recogniser import MAX_PIECE, SpacyRecogniser, pieces
from map_app.model import Article, Field, Kind
from map_app.settings import Settings

spacy = pytest.importorskip("spacy", reason="spaCy is an optional extra")

PATTERNS = [
    {"label": "GPE", "pattern": "the United States"},
    {"label": "GPE", "pattern": "Nairobi"},
    {"label": "GPE", "pattern": "Nairobi's"},
    {"label": "GPE", "pattern": "U.S."},
    {"label": "LOC", "pattern": "Black Sea"},
    {"label": "FAC", "pattern": "Xyzzy Bridge"},
    {"label": "NORP", "pattern": "Syrian"},
    {"label": "NORP", "pattern": "Methodist"},
    {"label": "ORG", "pattern": "Acme"},
    {"label": "PERSON", "pattern": "Paris Hilton"},
    {"label": "GPE", "pattern": "Radio Free Asia"},
]


@pytest.fixture(scope="module")
def ruler(tmp_path_factory):
    """The folder of a pipeline that finds the names of PATTERNS."""
    pipeline = spacy.blank("en")
    pipeline.add_pipe("entity_ruler").add_patterns(PATTERNS)
    folder = tmp_path_factory.mktemp("ruler") / "model"
    pipeline.to_disk(folder)
    return folder


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """The folder of a pipeline whose ner has learned in a second that what follows "in" is a place."""
    pipeline = spacy.blank("en")
    pipeline.add_pipe("ner").add_label("GPE")
    places = ["Nairobi", "Lima", "Oslo", "Accra", "Quito", "Hanoi", "Dakar", "Kabul"]
    examples = []
    for place in places:
        text = f"Rain fell in {place} today."
        document = pipeline.make_doc(text)
        entities = {"entities": [(13, 13 + len(place), "GPE")]}
        examples.append(spacy.training.Example.from_dict(document, entities))
    spacy.util.fix_random_seed(1)
    optimizer = pipeline.initialize(lambda: examples)
    shuffled = random.Random(1)
    for _ in range(25):
        shuffled.shuffle(examples)
        pipeline.update(examples, sgd=optimizer)
    folder = tmp_path_factory.mktemp("ner") / "model"
    pipeline.to_disk(folder)
    return folder


@pytest.fixture(scope="module")
def recogniser(gazetteer, ruler):
    return SpacyRecogniser.load(gazetteer, str(ruler))


def names(recogniser, text, language=""):
    found = recogniser.recognise(text, Field.TEXT, language)
    for toponym in found:
        assert text[toponym.start : toponym.end] == toponym.name
    return [(toponym.name, toponym.kind) for toponym in found]


def test_entities_become_toponyms_and_demonyms_and_others_nothing(recogniser):
    text = "Acme of the United States shipped Syrian and Methodist aid over the Black Sea, said Paris Hilton."
    assert names(recogniser, text) == [
        ("United States", Kind.TOPONYM),
        ("Syrian", Kind.DEMONYM),
        ("Black Sea", Kind.TOPONYM),
    ]


def test_what_hangs_on_a_name_is_taken_off_and_its_own_dots_are_kept(recogniser):
    assert names(recogniser, "In Nairobi's rain the U.S. team won.") == [
        ("Nairobi", Kind.TOPONYM),
        ("U.S.", Kind.TOPONYM),
    ]


def test_a_broadcaster_is_no_place_whatever_the_pipeline_says(recogniser):
    assert names(recogniser, "Radio Free Asia reported it.") == []


def test_names_are_placed_by_the_same_resolver(gazetteer, ruler):
    geoparser = Geoparser.load(gazetteer, f"spacy:{ruler}")
    article = Article("a", "Rain in Nairobi", "Rain fell in Nairobi. The Xyzzy Bridge is closed.")
    places = {r.toponym.name: r.place and r.place.country_code for r in geoparser.geoparse(article)}
    assert places["Nairobi"] == "KE"
    assert "spacy" in geoparser.version
    assert geoparser.version != Geoparser.load(gazetteer).version


def test_a_pipeline_has_one_version_and_others_have_others(gazetteer, ruler, trained, recogniser):
    assert SpacyRecogniser.load(gazetteer, str(ruler)).version == recogniser.version
    assert SpacyRecogniser.load(gazetteer, str(trained)).version != recogniser.version


def test_a_trained_ner_is_loaded_and_used(gazetteer, trained):
    found = names(SpacyRecogniser.load(gazetteer, str(trained)), "Rain fell in Mombasa today.")
    assert found == [("Mombasa", Kind.TOPONYM)]


def test_another_language_than_the_pipelines_is_matched_exactly(recogniser):
    assert names(recogniser, "Дощ у Києві. Nairobi", "uk") == [("Києві", Kind.TOPONYM), ("Nairobi", Kind.TOPONYM)]


def test_strange_text_keeps_its_offsets(recogniser):
    text = "\ud800 \x00 \U0001f600 Rain in Nairobi \udfff"
    assert names(recogniser, text) == [("Nairobi", Kind.TOPONYM)]


def test_a_text_longer_than_spacy_takes_is_read_in_pieces(recogniser):
    text = "Rain in Nairobi. " * 70_000
    assert len(text) > 1_000_000
    assert len(recogniser.recognise(text, Field.TEXT)) == 70_000


@pytest.mark.parametrize("text", ["", "a", "a b" * MAX_PIECE, "a" * (2 * MAX_PIECE + 1), "a\n" * MAX_PIECE])
def test_pieces_are_the_text_again(text):
    assert "".join(piece for _, piece in pieces(text)) == text
    assert all(text[start : start + len(piece)] == piece and len(piece) <= MAX_PIECE for start, piece in pieces(text))


def test_a_pipeline_that_is_not_there_is_named_with_what_to_do(gazetteer):
    with pytest.raises(ModelError, match="no pipeline 'en_core_absent_sm': python -m spacy download en_core_absent_sm"):
        SpacyRecogniser.load(gazetteer, "en_core_absent_sm")


def test_a_pipeline_without_names_is_refused(gazetteer, tmp_path):
    spacy.blank("en").to_disk(tmp_path / "blank")
    with pytest.raises(ModelError, match="finds no names"):
        SpacyRecogniser.load(gazetteer, str(tmp_path / "blank"))


def test_a_damaged_pipeline_is_an_error_of_ours(gazetteer, tmp_path, ruler):
    (tmp_path / "config.cfg").write_text((ruler / "config.cfg").read_text(encoding="utf-8"), encoding="utf-8")
    (tmp_path / "meta.json").write_text("{", encoding="utf-8")
    with pytest.raises(ModelError, match="spaCy"):
        SpacyRecogniser.load(gazetteer, str(tmp_path))


def test_without_spacy_a_message_says_what_to_install(gazetteer, monkeypatch):
    monkeypatch.setitem(sys.modules, "spacy", None)  # how Python marks a module that cannot be imported
    with pytest.raises(ModelError, match=r'pip install "spacy>=3\.8"'):
        Geoparser.load(gazetteer, "spacy:en_core_web_sm")


@pytest.mark.parametrize("value", ["spacy:", "spacy", "bert", "crf:x", "spacy: "])
def test_a_setting_that_names_no_recogniser_is_refused(value):
    with pytest.raises(SettingsError, match="MAP_APP_RECOGNISER"):
        Settings.from_environment({"MAP_APP_RECOGNISER": value})


def test_the_setting_chooses_the_recogniser():
    assert Settings.from_environment({}).recogniser == "crf"
    assert (
        Settings.from_environment({"MAP_APP_RECOGNISER": "spacy:en_core_web_sm"}).recogniser == "spacy:en_core_web_sm"
    )
