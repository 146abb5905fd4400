import json

import pytest

from map_app.settings import GOLD_SET
from scripts.gold import read, show


def _rows():
    return [json.loads(line) for line in GOLD_SET.read_text(encoding="utf-8").splitlines()]


def test_the_readable_form_of_the_hand_checked_set_leads_back_to_it():
    rows = _rows()
    assert list(read(f"{line}\n" for line in "\n".join(show(rows)).split("\n"))) == rows


def test_a_correction_in_the_readable_form_moves_the_offsets():
    [row] = [row for row in _rows() if row["id"] == "sample-2025-05-29-blatten-glacier"]
    text = "\n".join(show([row])).replace("[Birch]", "the great [Birch glacier]", 1)
    [corrected] = read(text.split("\n"))
    names = [t["text"] for t in corrected["toponyms"]]
    assert "Birch glacier" in names
    for toponym in corrected["toponyms"]:
        assert corrected["text"][toponym["start"] : toponym["end"]] == toponym["text"]


def test_a_number_that_nothing_explains_is_named_with_its_article():
    with pytest.raises(ValueError, match=r"## a.*'7'"):
        list(read(["## a", "title: t", "language: en", "focus:", "dateline:", "", "In [Oslo]7."]))
