import pytest
from hypothesis import given
from hypothesis import strategies as st

from map_app.geoparse.tokens import MAX_SENTENCE_TOKENS, read_words


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Russia’s", ["Russia", "’s"]),
        ("Korea-Russia", ["Korea", "-", "Russia"]),
        ("the U.S. and N.S.W.", ["the", "U.S.", "and", "N.S.W."]),
        ("W.Va. voters", ["W.Va.", "voters"]),
        ("N'Djamena", ["N'Djamena"]),
        ("10,000 men", ["10,000", "men"]),
    ],
)
def test_words_are_cut_where_names_end(text, expected):
    assert read_words(text).texts == expected


def sentences(text):
    found = read_words(text)
    return [found.texts[first:last] for first, last in found.sentences]


def test_an_abbreviation_ends_no_sentence_and_a_line_always_does():
    assert [sentence[0] for sentence in sentences("He left St. Paul. She stayed.\nThen")] == ["He", "She", "Then"]


def test_no_sentence_is_endless():
    assert max(map(len, sentences("Word " * 5000))) <= MAX_SENTENCE_TOKENS


#: Letters, marks and signs that words are told by, blanks of every sort and halves of characters.
PARTS = [
    "a",
    "B",
    "é",
    "К",
    "台",
    "\u0301",
    "7",
    ".",
    ",",
    "'",
    "’s",
    "-",
    "\U0001f600",
    "\ud800",
    "\0",
    " ",
    "  ",
    "\t",
]
PARTS += ["\u00a0", "\u2028", "\x85", "\n", "\n \n", "U.S.", "W.Va."]


@given(st.lists(st.sampled_from(PARTS), max_size=40).map("".join) | st.text(max_size=100))
def test_words_stand_where_they_say_and_nothing_is_left_out(text):
    words = read_words(text)
    end = 0
    for word, start, next_end in zip(words.texts, words.starts, words.ends, strict=True):
        assert not text[end:start].strip()
        assert "\n" not in text[end:start]
        found = text[start:next_end]
        assert (found[0] == "\n" and not found.strip()) if word == "\n" else found == word
        assert word == "\n" or not any(map(str.isspace, word))
        end = next_end
    assert not text[end:].strip()
    assert "\n" not in text[end:]
