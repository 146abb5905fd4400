from datetime import UTC, date, datetime, timedelta, timezone

import pytest

from map_app.errors import ImpossibleValueError
from map_app.model import Article, ArticleFilter, Feature, domain_of, utc_day


@pytest.mark.parametrize(
    "published",
    [datetime(2025, 1, 1), datetime(2025, 1, 1, tzinfo=timezone(timedelta(hours=2)))],  # noqa: DTZ001 the fault itself
    ids=["naive", "not UTC"],
)
def test_an_article_keeps_its_date_in_utc_or_is_refused(published: datetime) -> None:
    with pytest.raises(ImpossibleValueError, match="aware UTC"):
        Article("a", "Title", "Text", published=published)


def test_a_range_that_ends_before_it_starts_is_refused() -> None:
    with pytest.raises(ImpossibleValueError, match="ends earlier"):
        ArticleFilter(since=date(2025, 2, 1), until=date(2025, 1, 1))


def test_only_filters_on_places_leave_out_articles_without_one() -> None:
    assert not ArticleFilter(words="flood", since=date(2025, 1, 1)).chooses_mentions
    assert ArticleFilter(features=frozenset({Feature.CITY})).chooses_mentions


def test_the_day_of_a_moment_is_counted_in_utc() -> None:
    assert utc_day(datetime(2025, 1, 1, 23, 30, tzinfo=timezone(timedelta(hours=-2)))) == date(2025, 1, 2)
    assert utc_day(datetime(2025, 1, 1, tzinfo=UTC)) == date(2025, 1, 1)


@pytest.mark.parametrize(
    ("address", "domain"),
    [
        ("https://www.lfpress.com/news/local?id=1", "lfpress.com"),
        ("HTTP://Reader:secret@WWW.LFPress.com:8080", "lfpress.com"),
        ("www.lfpress.com", "lfpress.com"),
        (" LFPRESS.com ", "lfpress.com"),
        ("lfpress.com./news", "lfpress.com"),
        ("lfpress.com:443", "lfpress.com"),
        ("https://amp.lfpress.com/news", "lfpress.com"),
        ("winnipeg.ctvnews.ca", "winnipeg.ctvnews.ca"),
        ("", ""),
        ("/news/local", ""),
        ("http://[news]/", ""),
        ("urn:isbn:9780000000000", ""),
        ("mailto:desk@lfpress.com", ""),
        ("ftp://lfpress.com/news", ""),
    ],
)
def test_an_outlet_has_one_domain_however_its_address_is_written(address: str, domain: str) -> None:
    assert domain_of(address) == domain
