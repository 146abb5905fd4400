from typing import Any

import pytest

from map_app.errors import UnreadableError
from map_app.fetch import Fetcher
from map_app.refresh import Found, find_feed
from map_app.settings import Settings


def find(site: Any, fetcher: Fetcher, path: str = "/") -> Found:
    return find_feed(site.address + path, fetcher, limits=Settings())


def page(*feeds: str) -> str:
    links = "".join(f"<link rel='alternate' type='application/rss+xml' href='{f}' title='T{f}'>" for f in feeds)
    return f"<!DOCTYPE html><html><head><title>Site</title>{links}</head><body><p>Hello</p></body></html>"


def test_an_address_of_a_feed_is_that_feed(site: Any, answer: Any, fetcher: Fetcher, rss: Any) -> None:
    site.pages["/"] = answer(rss("one", channel="<title>News</title><link>https://example.org/</link>"))
    feed = find(site, fetcher).feed
    assert feed is not None
    assert (feed.url, feed.title, feed.site) == (f"{site.address}/", "News", "https://example.org/")


def test_a_site_that_announces_one_feed_leads_to_it(site: Any, answer: Any, fetcher: Fetcher, rss: Any) -> None:
    site.pages["/"] = answer(page("/news.xml"))
    site.pages["/news.xml"] = answer(rss("one"))
    feed = find(site, fetcher).feed
    assert feed is not None
    assert feed.url == f"{site.address}/news.xml"


def test_a_site_that_announces_several_has_them_listed(site: Any, answer: Any, fetcher: Fetcher) -> None:
    site.pages["/"] = answer(page("/a", "/b"))
    found = find(site, fetcher)
    assert found.feed is None
    assert [(feed.url, feed.title) for feed in found.announced] == [
        (f"{site.address}/a", "T/a"),
        (f"{site.address}/b", "T/b"),
    ]
    assert site.paths() == ["/"], "nothing is asked for that nobody chose"


@pytest.mark.parametrize(
    ("announced", "why"),
    [
        ([], "a web page, not a feed, and it announces none"),
        (["/page"], "it announces .*/page, but this is a web page"),
    ],
)
def test_a_site_without_a_feed_says_so(
    site: Any, answer: Any, fetcher: Fetcher, announced: list[str], why: str
) -> None:
    site.pages["/"] = answer(page(*announced))
    site.pages["/page"] = answer(page())
    with pytest.raises(UnreadableError, match=why):
        find(site, fetcher)


def test_a_lasting_redirect_gives_the_address_to_keep(site: Any, answer: Any, fetcher: Fetcher, rss: Any) -> None:
    site.pages["/"] = answer("", 301, {"Location": "/new"})
    site.pages["/new"] = answer(rss("one"))
    feed = find(site, fetcher).feed
    assert feed is not None
    assert feed.url == f"{site.address}/new"
