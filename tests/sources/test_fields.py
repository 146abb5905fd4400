from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from map_app.model import Article
from map_app.sources.dates import published_of
from map_app.sources.fields import article_of, canonical_url, field_names, web_url

NOW = datetime(2026, 1, 1, 12, tzinfo=UTC)


def article(**row: object) -> Article:
    return article_of(row, source="rows.csv", now=NOW, max_chars=1000)[0]


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("2024-11-05", datetime(2024, 11, 5, tzinfo=UTC)),
        ("2024-11-05T10:00:00", datetime(2024, 11, 5, 10, tzinfo=UTC)),
        ("2024-11-05T10:00:00+09:00", datetime(2024, 11, 5, 1, tzinfo=UTC)),
        ("Tue, 05 Nov 2024 10:00:00 EST", datetime(2024, 11, 5, 15, tzinfo=UTC)),
        ("2009-03-20 12:24:52-05", datetime(2009, 3, 20, 17, 24, 52, tzinfo=UTC)),
        ("November 5, 2024", datetime(2024, 11, 5, tzinfo=UTC)),
        ("10/11/2024", datetime(2024, 10, 11, tzinfo=UTC)),
        ("10.11.2024", datetime(2024, 11, 10, tzinfo=UTC)),
        ("1.2.25 14:30", datetime(2025, 2, 1, 14, 30, tzinfo=UTC)),
        ("2024.11.10", datetime(2024, 11, 10, tzinfo=UTC)),
        ("20241105T101500Z", datetime(2024, 11, 5, 10, 15, tzinfo=UTC)),
        ("202411051015", datetime(2024, 11, 5, 10, 15, tzinfo=UTC)),
        (202411051015, datetime(2024, 11, 5, 10, 15, tzinfo=UTC)),
        (1730801234, datetime(2024, 11, 5, 10, 7, 14, tzinfo=UTC)),
        ("1730801234000", datetime(2024, 11, 5, 10, 7, 14, tzinfo=UTC)),
        ("2026-01-02", datetime(2026, 1, 2, tzinfo=UTC)),
    ],
)
def test_dates_in_usual_writings_become_utc_and_without_a_zone_are_utc(written: object, meant: datetime) -> None:
    assert published_of(written, now=NOW) == (meant, "")


@pytest.mark.parametrize(
    "written",
    ["2099-01-01", "2026-13-45", "yesterday", "Monday", "May 2024", "2024", 0, "9" * 50, float("nan"), [1]],
)
def test_future_impossible_and_half_dates_are_no_date_and_say_so(written: object) -> None:
    moment, note = published_of(written, now=NOW)
    assert moment is None
    assert note.startswith("undated: ")


@given(st.text(max_size=40))
def test_no_text_makes_reading_a_date_fail(written: str) -> None:
    moment, _ = published_of(written, now=NOW)
    assert moment is None or moment.tzinfo is UTC


@pytest.mark.parametrize(
    ("title", "text"),
    [("News Headline", "Full Story"), ("newsTitle", "articleText"), ("Überschrift", "Inhalt"), ("Título", "Texto")],
)
def test_columns_are_known_by_the_end_of_their_names_and_in_other_languages(title: str, text: str) -> None:
    assert field_names([title, "Date Posted", text])["title"] == [title]
    assert field_names([title, "Date Posted", text])["text"] == [text]


def test_the_end_of_a_name_counts_only_where_no_column_is_called_so() -> None:
    assert field_names(["Image Title", "Title", "Meta Description", "Text"])["title"] == ["Title"]
    assert field_names(["Image Title", "Title", "Meta Description", "Text"])["text"] == ["Text"]
    assert field_names(["This cell of a table without a header ends like a story"])["text"] == []


def test_a_given_id_is_kept() -> None:
    assert article(id="story-7", title="T").id == "story-7"


def test_without_an_id_the_address_names_the_article_however_its_words_change() -> None:
    assert article(url="https://e.org/1", title="T").id == article(url="https://e.org/1", title="Changed").id
    assert article(url="https://e.org/1", title="T").id != article(url="https://e.org/2", title="T").id


def test_without_an_address_its_words_name_the_article() -> None:
    assert article(title="T", text="a").id == article(title="T", text="a").id != article(title="T", text="b").id


def test_row_numbers_of_two_files_are_not_the_same_article() -> None:
    one, _ = article_of({"id": 1, "title": "A"}, source="one.csv", now=NOW, max_chars=99)
    again, _ = article_of({"id": 1, "title": "A, corrected"}, source="one.csv", now=NOW, max_chars=99)
    other, _ = article_of({"id": 1, "title": "B"}, source="two.csv", now=NOW, max_chars=99)
    assert one.id == again.id != other.id


@pytest.mark.parametrize(
    "address",
    [
        "javascript:alert(1)",
        "data:text/html,x",
        "ftp://e.org",
        "//e.org",
        "e.org",
        "https://",
        "http://[",
        "https://e.org/<b>",
        "https://e .org",
    ],
)
def test_only_addresses_of_the_web_are_kept(address: str) -> None:
    made, notes = article_of({"title": "T", "url": address}, source="s", now=NOW, max_chars=99)
    assert made.url == made.domain == ""
    assert notes
    assert web_url("https://e.org/a?b=c#d") == "https://e.org/a?b=c#d"


@pytest.mark.parametrize(
    ("written", "names"),
    [
        ("By Ada Ember", "Ada Ember"),
        (["Ada Ember", "Ben Ode"], "Ada Ember, Ben Ode"),
        ([{"name": "Ada Ember"}, {"name": "Ben Ode"}, {"name": "Ada Ember"}], "Ada Ember, Ben Ode"),
        ({"name": "Ada  Ember"}, "Ada Ember"),
        ("https://example.org/staff/ada", ""),
        (None, ""),
    ],
)
def test_authors_are_names_on_one_line(written: object, names: str) -> None:
    assert article(title="T", byline=written).author == names


def test_nul_and_lone_surrogates_are_taken_out_of_every_field() -> None:
    made = article(title="a\0b\ud800", text="\udfff\r\nNext", publisher="p\0\ud800", id="i\0\ud83d")
    assert made.title == "ab?"
    assert made.text == "?\nNext"
    for text in (made.id, made.title, made.text, made.publisher):
        assert text.encode().decode() == text


def test_markup_in_a_text_becomes_text_and_in_a_title_stays_as_it_is() -> None:
    made = article(title="<img src=x onerror=alert(1)>", content="<p>One <b>two</b></p><p>Three</p>")
    assert made.title == "<img src=x onerror=alert(1)>"
    assert made.text == "One two\nThree"


def test_a_text_that_speaks_of_code_is_left_alone() -> None:
    text = "If a < b and b > c then {{7*7}} `x` ${alert(1)} <img onerror>"
    assert article(title="T", text=text).text == text


@pytest.mark.parametrize(
    "url",
    [
        "https://e.org/news/7?id=3",
        "HTTP://WWW.E.org:80/news/7/?id=3#comments",
        "https://e.org:443/news/7/index.html?id=3&utm_source=rss&utm_medium=feed&fbclid=IwAR0",
        "https://reader:secret@e.org./news/%37?gclid=1&id=3&mc_cid=2&ref=twitter",
        "https://amp.e.org/news/7/amp?id=3",
        "https://www-e-org.cdn.ampproject.org/c/s/www.e.org/news/7?id=3&amp=1",
        "https://www.google.com/amp/s/e.org/news/7?id=3",
    ],
)
def test_addresses_that_lead_to_one_article_are_one(url: str) -> None:
    assert canonical_url(url) == "https://e.org/news/7?id=3"


def test_addresses_that_may_lead_to_two_articles_are_two() -> None:
    urls = [
        "https://e.org",
        "https://e.org/7",
        "https://e.org/8",
        "https://e.org/?p=7",
        "https://e.org/?p=8",
        "https://e.org/7?page=2",
        "https://e.org/7?ref=8812",
        "https://e.org/7?source=afp",
        "https://e.org/A",
        "https://e.org/a",
        "https://f.org/7",
        "https://e.org:8080/7",
        "https://news.e.org/7",
        "https://m.e.org/7",
        "https://e.org/a%2Fb",
        "https://e.org/a/b",
        "https://e.org/#!/7",
        "https://e.org/#!/8",
        "https://e.org/7?q=a%26b",
        "https://e.org/7?b&q=a",
        "https://e.org/7?lang=de",
        "https://e.org/campaign",
        "https://e.org/7?story=utm_source",
        "https://e.org/amp-hour",
        "https://xn--mnchen-3ya.de",
    ]
    assert len({canonical_url(url) for url in urls}) == len(urls)


ADDRESS = r"https?://(www\.|amp\.)?[a-z]{1,3}\.org(:80|:99)?(/(amp|index\.html|%[0-9A-F]{2}|[a-z?&=+#!%])){0,6}"


@given(
    st.one_of(
        st.text(max_size=60),
        st.text(max_size=60).map("https://e.org/".__add__),
        st.from_regex(ADDRESS, fullmatch=True),
    )
)
def test_folding_an_address_twice_is_folding_it_once_and_it_stays_one_of_the_web(url: str) -> None:
    folded = canonical_url(url)
    assert canonical_url(folded) == folded
    assert web_url(folded) == folded
    assert bool(folded) <= bool(web_url(url))


def test_an_id_that_is_an_address_names_the_article_as_its_address_does() -> None:
    assert (
        article(id="https://e.org/1?utm_source=rss", title="T").id == article(url="http://www.e.org/1/", title="T").id
    )


@given(
    st.one_of(
        st.text(max_size=40), st.text("0123456789-:/TZ+. \x1d\x1f\u3000١²", max_size=40), st.floats(), st.integers()
    )
)
def test_nothing_that_is_written_for_a_date_makes_reading_it_raise(written: object) -> None:
    moment, note = published_of(written, now=NOW)
    assert moment is None or moment.tzinfo is UTC
    assert note == "" or moment is None


def test_a_domain_of_its_own_is_read_as_that_of_an_address_is() -> None:
    assert article(title="T", domain="www.LFPress.com").domain == "lfpress.com"
    assert article(title="T", url="https://www.lfpress.com/1").domain == "lfpress.com"
