import pytest
from hypothesis import given
from hypothesis import strategies as st

from map_app.geoparse.tokens import MAX_SENTENCE_TOKENS, read_words, tokens


def words(text):
    return [token.text for token in tokens(text)]


def test_offsets_are_where_the_words_stand_whatever_the_text_holds():
    text = "KYIV \U0001f600 – \ud800 North\x00Korea’s  “U.S.”\n\nКиїв 台北 Sa\u0303o"
    for token in tokens(text):
        if token.text != "\n":
            assert text[token.start : token.end] == token.text


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
    assert words(text) == expected


def sentences(text):
    found = read_words(text)
    return [found.texts[first:last] for first, last in found.sentences]


def test_an_abbreviation_ends_no_sentence_and_a_line_always_does():
    assert [sentence[0] for sentence in sentences("He left St. Paul. She stayed.\nThen")] == ["He", "She", "Then"]


def test_no_sentence_is_endless():
    assert max(map(len, sentences("Word " * 5000))) <= MAX_SENTENCE_TOKENS


@given(st.text(max_size=200))
def test_words_read_at_once_are_those_read_one_by_one(text):
    words = read_words(text)
    one_by_one = list(tokens(text))
    assert words.texts == [token.text for token in one_by_one]
    assert words.starts == [token.start for token in one_by_one]
    assert words.ends == [token.end for token in one_by_one]
