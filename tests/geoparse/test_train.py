import json

import pytest

from map_app.errors import GeoparseError
from map_app.geoparse import train as training
from map_app.geoparse.recognise import Recogniser, metadata_path
from map_app.geoparse.train import cross_validate, leave_one_out, read_corpora, table, train
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
    assert report.documents == DOCUMENTS
    assert report.toponyms > DOCUMENTS
    assert Recogniser.load(gazetteer, models[0]).version == Recogniser.load(gazetteer, models[1]).version


@pytest.mark.parametrize(
    "measure", [lambda c, g: cross_validate(c, g, folds=2), leave_one_out], ids=["folds", "one out"]
)
def test_every_document_is_measured_once_by_a_model_that_did_not_see_it(corpora, gazetteer, monkeypatch, measure):
    documents = read_corpora(corpora)
    seen = []
    fit = training.Material.fit

    def watched(self, chosen, **options):
        seen.append(set(chosen))
        return fit(self, chosen, **options)

    monkeypatch.setattr(training.Material, "fit", watched)
    figures = measure(documents, gazetteer)
    assert {name: found.documents for name, found in figures.items()} == {"one": 6, "two": 6}
    # Each document is missing from one model, which is the one that measured it.
    assert [sum(number not in chosen for chosen in seen) for number in range(DOCUMENTS)] == [1] * DOCUMENTS
    assert len(table(figures).split("\n")) == 3


def test_a_folder_without_annotated_documents_says_so(tmp_path, gazetteer):
    with pytest.raises(GeoparseError, match="holds no annotated documents"):
        train(tmp_path, tmp_path / "model.npz", gazetteer)
