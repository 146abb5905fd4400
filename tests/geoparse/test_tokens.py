import pytest

from map_app.geoparse.tokens import MAX_SENTENCE_TOKENS, sentences, tokens


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


def test_an_abbreviation_ends_no_sentence_and_a_line_always_does():
    found = [[token.text for token in sentence] for sentence in sentences("He left St. Paul. She stayed.\nThen")]
    assert [sentence[0] for sentence in found] == ["He", "She", "Then"]


def test_no_sentence_is_endless():
    assert max(len(sentence) for sentence in sentences("Word " * 5000)) <= MAX_SENTENCE_TOKENS
