import json

import pytest

from map_app.errors import GeoparseError
from map_app.geoparse.jsonl import geoparse_lines
from map_app.geoparse.pipeline import Geoparser


@pytest.fixture(scope="session")
def geoparser(gazetteer):
    return Geoparser.load(gazetteer)


def test_a_document_comes_back_with_its_toponyms(geoparser):
    text = "Rain fell over Nairobi."
    [line] = geoparse_lines([json.dumps({"id": "a", "title": "", "text": text}), "\n"], geoparser)
    answer = json.loads(line)
    [toponym] = answer["toponyms"]
    assert answer["id"] == "a"
    assert text[toponym["start"] : toponym["end"]] == toponym["text"] == "Nairobi"
    assert (toponym["field"], toponym["kind"]) == ("text", "toponym")
    assert set(toponym["place"]) == {"name", "lat", "lon", "country_code", "admin1", "feature", "geonameid"}
    assert (toponym["place"]["country_code"], toponym["place"]["feature"]) == ("KE", "city")


def test_with_spans_exactly_those_are_placed(geoparser):
    document = {"id": "a", "text": "From Nairobi to Mombasa.", "spans": [[16, 23]]}
    [line] = geoparse_lines([json.dumps(document)], geoparser)
    assert [t["text"] for t in json.loads(line)["toponyms"]] == ["Mombasa"]


def test_outlets_with_several_articles_show_where_they_live(geoparser):
    texts = [
        "A fire in Eugene, Oregon was put out. Crews from Salem, Oregon came.",
        "The mayor of Portland, Oregon met farmers from Bend, Oregon.",
        "A man from Springfield was found.",
    ]
    lines = [json.dumps({"id": str(i), "text": text, "domain": "paper.example"}) for i, text in enumerate(texts)]
    last = json.loads(list(geoparse_lines(lines, geoparser))[-1])
    assert [t["place"]["admin1"] for t in last["toponyms"] if t["text"] == "Springfield"] == ["Oregon"]


@pytest.mark.parametrize(
    "line",
    [
        "{",
        "[]",
        '{"id": "a"}',
        '{"id": "a", "text": "x", "spans": [[0]]}',
        '{"id": "a", "text": "x", "spans": [[0, 9]]}',
    ],
)
def test_a_line_that_is_no_document_is_named(geoparser, line):
    with pytest.raises(GeoparseError, match="line 2"):
        list(geoparse_lines(["", line], geoparser))


def test_half_a_character_can_be_written(geoparser):
    [line] = geoparse_lines(['{"id": "\\ud800", "text": "\\ud800 in Nairobi."}'], geoparser)
    line.encode("utf-8")


UNKNOWN = json.dumps({"id": "a", "text": "Xqzvbl", "spans": [[0, 6]]})


@pytest.mark.parametrize("explain", [False, True])
def test_a_name_without_a_place_says_why(geoparser, explain):
    [line] = geoparse_lines([UNKNOWN], geoparser, explain=explain)
    [toponym] = json.loads(line)["toponyms"]
    assert (toponym["place"], toponym["unplaced_because"]) == (None, "no candidate")


def test_what_is_explained_has_its_runners_up_and_its_evidence(geoparser):
    document = json.dumps({"id": "a", "text": "Rain fell over Paris, Texas."})
    [plain], [explained] = (
        [json.loads(line)["toponyms"][0] for line in geoparse_lines([document], geoparser, explain=explain)]
        for explain in (False, True)
    )
    assert explained == plain | {"candidates": explained["candidates"], "evidence": explained["evidence"]}
    assert "candidates" not in plain
    assert "unplaced_because" not in explained
    assert explained["place"]["admin1"] == "Texas"
    [france] = [
        other for other in explained["candidates"] if other["country_code"] == "FR" and other["feature"] == "city"
    ]
    assert set(france) == {*explained["place"], "score"}
    assert explained["place"] not in [{key: c[key] for key in explained["place"]} for c in explained["candidates"]]
    assert {"reason": "container", "detail": "Texas"}.items() <= next(
        e for e in explained["evidence"] if e["reason"] == "container"
    ).items()
    assert all(set(e) == {"reason", "weight", "detail"} for e in explained["evidence"])
