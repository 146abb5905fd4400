import json

import pytest

from map_app.errors import GeoparseError
from map_app.geoparse import train as training
from map_app.geoparse.confidence import Calibration
from map_app.geoparse.model_file import metadata_path
from map_app.geoparse.recognise import Limits, Recogniser
from map_app.geoparse.train import Trainer, cross_validate, leave_one_out, read_corpora, table, train
from map_app.settings import GOLD_SET

DOCUMENTS = 12


@pytest.fixture
def corpora(tmp_path, monkeypatch):
    """Two small corpora of our own digests, and few steps of training."""
    monkeypatch.setattr(training, "MAX_ITERATIONS", 8)
    lines = GOLD_SET.read_text(encoding="utf-8").split("\n")[:DOCUMENTS]
    folder = tmp_path / "corpora"
    folder.mkdir()
    (folder / "one.jsonl").write_text("\n".join(lines[:6]), encoding="utf-8")
    (folder / "two.jsonl").write_text("\n".join(lines[6:]), encoding="utf-8")
    return folder


def test_the_same_corpora_give_the_same_model_and_notes_that_name_them(corpora, gazetteer, tmp_path):
    models = [tmp_path / "a.npz", tmp_path / "b.npz"]
    report, _ = [train(corpora, model, gazetteer, command="the command") for model in models]
    assert models[0].read_bytes() == models[1].read_bytes()
    notes = json.loads(metadata_path(models[0]).read_text(encoding="utf-8"))
    assert notes["corpora"] == {"one": 6, "two": 6}
    assert notes["command"] == "the command"
    assert Limits.from_metadata(notes).outside in training.OUTSIDE_LIMITS
    assert Calibration.from_metadata(notes).coefficients["margin"] != 0
    assert report.documents == DOCUMENTS
    assert report.toponyms > DOCUMENTS
    assert Recogniser.load(gazetteer, models[0]).version == Recogniser.load(gazetteer, models[1]).version


@pytest.mark.parametrize(
    "measure",
    [lambda c, g: cross_validate(c, g, folds=3), lambda c, g: leave_one_out(c, g, folds=3)],
    ids=["folds", "one out"],
)
def test_what_measures_an_article_was_fitted_without_it(corpora, gazetteer, monkeypatch, measure):
    """The recogniser, its limits and the confidence: none of them may have seen the article."""
    documents = read_corpora(corpora)
    made_from = []
    make = Trainer.make
    fit = training.Material.fit

    def watched_make(self, chosen):
        made_from.append(set(chosen))
        return make(self, chosen)

    def watched_fit(self, chosen, **options):
        assert set(chosen) <= made_from[-1]
        return fit(self, chosen, **options)

    monkeypatch.setattr(Trainer, "make", watched_make)
    monkeypatch.setattr(training.Material, "fit", watched_fit)
    figures = measure(documents, gazetteer)
    assert {name: found.documents for name, found in figures.items()} == {"one": 6, "two": 6}
    # Each document is missing from what one thing was made from, which is the one that measured it.
    assert [sum(number not in chosen for chosen in made_from) for number in range(DOCUMENTS)] == [1] * DOCUMENTS
    told = table(figures).split("\n")
    assert len([line for line in told if line.startswith(("one ", "two "))]) == 2
    assert any(line.startswith("expected calibration error") for line in told)
    assert any(line.startswith("owed: ") for line in told)


def test_a_folder_without_annotated_documents_says_so(tmp_path, gazetteer):
    with pytest.raises(GeoparseError, match="holds no annotated documents"):
        train(tmp_path, tmp_path / "model.npz", gazetteer)
