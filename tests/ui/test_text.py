from dataclasses import replace
from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from map_app.errors import GazetteerDamagedError, MapAppError, SettingsError, StoreDamagedError
from map_app.geo import Point
from map_app.model import Article, Field, Place, Resolution, Toponym
from map_app.model import Feature as Kind
from map_app.ui.article_list import pins_of
from map_app.ui.map_view import place_at
from map_app.ui.page import plain_message
from map_app.ui.text import apart, day, escaped, marked, number, plain, web_link
from map_app.webmap import shown_at

HOSTILE = ["<img src=x onerror=alert(1)>", "{{7*7}}", "{% raw", "${alert(1)}", "`x`", "</script>", "$x^2$", ":smile:",
           "[a](javascript:alert(1))", "# big", "**b**", "\\", "\0", "\ud800", ":red[x]"]  # fmt: skip


def test_other_peoples_words_leave_the_order_of_what_follows_alone() -> None:
    assert apart("القدس <b>") == "<bdi>القدس &lt;b&gt;</bdi>"
    assert apart("") == ""


@given(st.text() | st.sampled_from(HOSTILE))
def test_a_label_holds_no_sign_that_markdown_could_read(text: str) -> None:
    label = plain(text)
    rest = label.replace("\\\\", "")
    for sign in "<>[]()*_`$:{}#~|!":
        assert rest.count(sign) == rest.count("\\" + sign)


@given(st.text() | st.sampled_from(HOSTILE), st.integers(0, 20), st.integers(0, 20))
def test_marked_text_holds_no_markup_but_marks(text: str, start: int, end: int) -> None:
    html = marked(text, [(start, end, text, "")])
    bare = html.replace("<mark", "").replace("</mark>", "")
    assert "<" not in bare
    assert bare.count('"') % 2 == 0


def test_marks_stand_around_the_names() -> None:
    assert marked("In Kursk & Kyiv", [(3, 8, "a city", "role-focus"), (11, 15, "", "")]) == (
        'In <mark class="role-focus" title="a city">Kursk</mark> &amp; <mark>Kyiv</mark>'
    )


@pytest.mark.parametrize("url", ["javascript:alert(1)", "data:text/html,x", " https://a", "https://a b", "file:///x",
                                 "JaVaScRiPt:alert(1)", "https://a\n", "//a.org", ""])  # fmt: skip
def test_only_web_addresses_become_links(url: str) -> None:
    assert web_link(url) == ""


def test_a_web_address_becomes_a_link() -> None:
    assert web_link("https://example.org/a?b=c") == "https://example.org/a?b=c"


def test_dates_and_numbers_are_written_as_people_write_them() -> None:
    assert day(date(2024, 11, 3)) == "3 Nov 2024"
    assert day(datetime(2024, 11, 3, 23, tzinfo=UTC)) == "3 Nov 2024"
    assert day(None) == "undated"
    assert number(12345) == "12,345"
    assert escaped("a\0<b>") == "a&lt;b&gt;"


@pytest.mark.parametrize("kind", [MapAppError, StoreDamagedError, SettingsError, GazetteerDamagedError])
def test_an_error_is_told_without_paths_or_sql(kind: type[MapAppError]) -> None:
    message = plain_message(kind("/home/someone/articles.sqlite: near SELECT: syntax error"))
    assert "/" not in message
    assert "SELECT" not in message
    assert "log" in message


KURSK = Place("admin1:RU.41", "Kursk", Point(51.7, 36.2), Kind.ADMIN1, "RU")
TOKYO = Place("city:1", "Tokyo", Point(35.7, 139.7), Kind.CITY, "JP")


def test_the_places_of_a_pasted_text_are_pinned_once_each() -> None:
    article = Article("pasted-1", "", "Kursk and Tokyo and Kursk and Atlantis")
    resolutions = [
        Resolution(Toponym("Kursk", 0, 5, Field.TEXT), KURSK, 0.9),
        Resolution(Toponym("Tokyo", 10, 15, Field.TEXT), TOKYO, 0.9),
        Resolution(Toponym("Kursk", 20, 25, Field.TEXT), KURSK, 0.9),
        Resolution(Toponym("Atlantis", 30, 38, Field.TEXT), None, 0.0),
    ]
    pins = pins_of(article, resolutions)
    assert [pin.place for pin in pins] == [KURSK, TOKYO]
    assert pins[0].stories[0].snippet.highlights == ((0, 5), (20, 25))


def test_a_clicked_point_is_the_place_that_lies_there() -> None:
    assert place_at([KURSK, TOKYO], 35.70001, 139.7) is TOKYO
    assert place_at([KURSK, TOKYO], 0.0, None) is None
    assert place_at([], 0.0, 0.0) is None


def test_of_places_that_share_a_point_a_click_says_which() -> None:
    division = replace(TOKYO, id="admin1:JP.40", feature=Kind.ADMIN1)
    prefecture = replace(TOKYO, id="curated:tokyo", feature=Kind.REGION)
    places = [KURSK, TOKYO, division, prefecture]
    spots = shown_at(places)
    assert len(set(spots)) == 4
    assert [place_at(places, *spot) for spot in spots] == places
    assert place_at([division, TOKYO], 35.7, 139.7) is division
