import pytest

from map_app.geoparse.roles import dateline_end


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("TAIPEI, Taiwan – A man", "TAIPEI, Taiwan –"),
        ("KYIV (Reuters) - Two", "KYIV (Reuters) -"),
        ("KHARTOUM, Sudan — Fighting", "KHARTOUM, Sudan —"),
        ("Seoul, March 3 - The", "Seoul, March 3 -"),
    ],
)
def test_a_dateline_ends_at_its_dash(text, line):
    assert text[: dateline_end(text)].strip() == line


@pytest.mark.parametrize("text", ["", "The man - who was tall - left", "Rain fell on Nairobi. Later - much later"])
def test_a_sentence_with_a_dash_is_no_dateline(text):
    assert dateline_end(text) == 0
