import json

import pytest

from map_app.geoparse.accuracy import Accuracy, measured
from map_app.geoparse.pipeline import Geoparser


@pytest.fixture(scope="module")
def geoparser(gazetteer):
    return Geoparser.load(gazetteer)


def _gold(path, *names):
    text = "Rain fell on Nairobi."
    toponyms = [
        {"start": 13, "end": 20, "text": "Nairobi", "gazname": "Nairobi", "lat": -1.28, "lon": 36.82} for _ in range(1)
    ]
    lines = [json.dumps({"id": name, "text": text, "toponyms": toponyms, "focus": ["Nairobi"]}) for name in names]
    path.write_text("\n".join(lines), encoding="utf-8")
    return path


def test_it_is_measured_once_for_a_geoparser_and_a_set(tmp_path, geoparser):
    gold = _gold(tmp_path / "gold.jsonl", "a", "b")
    fractions = []
    first = measured(tmp_path, gold, geoparser, fractions.append)
    assert first == Accuracy(articles=2, places=2, right=2, given=2, focus=2, focus_right=2, focus_given=2)
    assert fractions == [0, 0.5]
    assert measured(tmp_path, gold, geoparser, fractions.append) == first
    assert len(fractions) == 2


def test_another_set_is_measured_for_itself(tmp_path, geoparser):
    assert measured(tmp_path, _gold(tmp_path / "gold.jsonl", "a"), geoparser).articles == 1
    assert measured(tmp_path, _gold(tmp_path / "gold.jsonl", "a", "b", "c"), geoparser).articles == 3


@pytest.mark.parametrize("damage", ["", "{", '{"articles": 1}', "[]", "\udcff"])
def test_a_damaged_file_is_measured_again(tmp_path, geoparser, damage):
    gold = _gold(tmp_path / "gold.jsonl", "a")
    right = measured(tmp_path, gold, geoparser)
    [kept] = tmp_path.glob("accuracy-*.json")
    kept.write_bytes(damage.encode("utf-8", "surrogateescape"))
    assert measured(tmp_path, gold, geoparser) == right
