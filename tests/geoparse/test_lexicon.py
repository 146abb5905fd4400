"""What is known of English words."""

import pytest

from map_app.errors import ModelError
from map_app.geoparse.lexicon import CASES, ENTRIES_NAME, UNKNOWN, WORDS_NAME, Entry, Lexicon, save


def test_words_are_known_as_they_are_used():
    entry = Lexicon().entry
    assert [CASES[entry(word).case] for word in ("table", "london", "nato")] == ["l", "C", "U"]
    assert entry("the").rarity < entry("table").rarity < entry("ozone").rarity
    assert 0 < entry("smith").surname < entry("zuckerman").surname
    assert entry("mary").first_name > 0
    assert entry("qzxv") == UNKNOWN
    assert entry("") == UNKNOWN


def test_what_is_saved_is_found_again(tmp_path):
    shared = Entry(65535, 1, 4, 20, 0, 12)
    entries = {"b": shared, "a": Entry(1, 2, 3, 4, 5, 6), "ab": shared, "naïve": Entry(0, 0, 1, 9, 0, 0)}
    save(entries, tmp_path)
    lexicon = Lexicon(tmp_path)
    assert {word: lexicon.entry(word) for word in entries} == entries
    assert lexicon.entry("naive") == UNKNOWN


@pytest.mark.parametrize("name", [WORDS_NAME, ENTRIES_NAME])
@pytest.mark.parametrize("content", [None, b"", b"damaged"])
def test_files_that_cannot_be_read_are_told_of(tmp_path, name, content):
    save({"a": UNKNOWN}, tmp_path)
    (tmp_path / name).unlink()
    if content is not None:
        (tmp_path / name).write_bytes(content)
    with pytest.raises(ModelError, match="Install the program again"):
        Lexicon(tmp_path)


def test_files_that_are_not_of_one_make_are_told_of(tmp_path):
    save({"a": UNKNOWN, "b": UNKNOWN}, tmp_path)
    words = (tmp_path / WORDS_NAME).read_bytes()
    save({"a": UNKNOWN}, tmp_path)
    (tmp_path / WORDS_NAME).write_bytes(words)
    with pytest.raises(ModelError, match="2 words and 1 entries"):
        Lexicon(tmp_path)
