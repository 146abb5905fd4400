"""Teasers are followed to their pages, politely, and never lost where that fails."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest

from map_app.fetch import Fetcher
from map_app.refresh import RefreshReport, refresh_feeds
from map_app.refresh.reading import MAX_PAGES, MAX_PAGES_TIME, MAX_TRIES
from map_app.settings import Settings
from map_app.store import Store, Subscription

Refresh = Callable[..., RefreshReport]
Follow = Callable[..., Subscription]
Rss = Callable[..., str]

REPORT = "".join(
    f"<p>Paragraph {n} of the whole report: officials of Riga, Latvia, said that trains would run again.</p>"
    for n in range(12)
)


def page(body: str = REPORT, title: str = "The page's own title") -> str:
    return (
        f"<!DOCTYPE html><html lang='en'><head><title>{title}</title></head><body><nav>Menu</nav>"
        f"<article><h1>{title}</h1>{body}</article></body></html>"
    )


def texts(store: Store) -> dict[str, str]:
    found = {}
    for story in store.stories():
        article = store.article(story.article_id)
        assert article is not None
        found[story.title] = article.text
    return found


@pytest.fixture
def teasers(site: Any, answer: Any, follow: Follow, rss: Rss) -> Callable[..., Subscription]:
    def run(*names: str, **facts: object) -> Subscription:
        site.pages["/feed"] = answer(rss(*names), headers={"ETag": '"v1"'})
        for name in names:
            site.pages.setdefault(f"/{name}", answer(page(), headers={"Content-Type": "text/html"}))
        return follow(full_text=True, **facts)

    return run


def test_a_teaser_gets_the_text_of_its_page_and_keeps_its_title(
    site: Any, store: Store, teasers: Callable[..., Subscription], refresh: Refresh
) -> None:
    teasers("one")
    assert refresh().added == 1
    [(title, text)] = texts(store).items()
    assert title == "Story one from Lviv"
    assert text.startswith("Paragraph 0 of the whole report")
    assert "Menu" not in text
    assert "Riga" in {pin.place.name for pin in store.pins()}
    assert site.paths() == ["/feed", "/one"]


def test_a_page_is_followed_once_and_anew_when_its_teaser_changes(
    site: Any, answer: Any, store: Store, teasers: Callable[..., Subscription], refresh: Refresh, rss: Rss
) -> None:
    teasers("one", "two")
    refresh()
    site.asked.clear()
    site.pages["/feed"] = answer(rss("three", "two", "one"))
    site.pages["/three"] = answer(page())
    report = refresh()
    assert (report.added, report.updated, report.unchanged) == (1, 0, 2)
    assert site.paths() == ["/feed", "/three"]
    site.asked.clear()
    site.pages["/feed"] = answer(rss("three", "two", "one").replace("one: trains", "one: buses"))
    site.pages["/one"] = answer(page(REPORT.replace("trains", "buses")))
    assert refresh().updated == 1
    assert site.paths() == ["/feed", "/one"]
    assert "buses" in texts(store)["Story one from Lviv"]


def test_robots_txt_is_honoured_and_the_teaser_kept(
    site: Any, answer: Any, store: Store, teasers: Callable[..., Subscription], refresh: Refresh
) -> None:
    site.pages["/robots.txt"] = answer("User-agent: *\nDisallow: /one\n", headers={"Content-Type": "text/plain"})
    teasers("one", "two")
    [outcome] = refresh().outcomes
    assert outcome.added == 2
    assert site.paths() == ["/feed", "/two"]
    assert [note.what for note in outcome.notes] == [
        "only the feed's teaser is kept: the site's robots.txt does not allow to read it"
    ]
    assert texts(store)["Story one from Lviv"].startswith("one: trains")
    site.asked.clear()
    refresh()
    assert site.paths() == ["/feed"], "what is refused is not asked for again"


@pytest.mark.parametrize("status", [500, 503])
def test_a_robots_txt_that_fails_for_a_while_does_not_cost_the_whole_text_for_good(
    site: Any, answer: Any, store: Store, teasers: Callable[..., Subscription], refresh: Refresh, clock: Any,
    geoparser: Any, status: int,
) -> None:  # fmt: skip
    site.pages["/robots.txt"] = answer("", status)
    teasers("one")
    refresh()
    assert texts(store)["Story one from Lviv"].startswith("one: trains")
    site.pages["/robots.txt"] = answer("", 404)
    clock.pass_s(3600)
    with Fetcher(user_agent="map_app tests", allow_private=True, gap_s=0.0) as later:
        refresh_feeds(store, geoparser, later, limits=Settings(), now=clock)
    assert texts(store)["Story one from Lviv"].startswith("Paragraph 0")


def test_a_server_that_gives_no_answer_is_not_asked_for_the_next_page(
    site: Any, answer: Any, store: Store, teasers: Callable[..., Subscription], refresh: Refresh
) -> None:
    for name in "abc":
        site.pages[f"/{name}"] = answer("no answer", headers={"Content-Encoding": "gzip"})
    teasers("a", "b", "c")
    assert refresh().added == 3
    assert site.paths() == ["/feed", "/a"]


@pytest.mark.parametrize(
    ("bad", "why"),
    [
        ({"status": 404}, "404"),
        ({"status": 403}, "403"),
        ({"headers": {"Content-Type": "application/pdf"}}, "no web page but application/pdf"),
        ({"body": page("<p>Subscribe.</p>")}, "no article text"),
        ({"body": page(f"<p>Trains left for Kyiv. {'All went. ' * 20}Subscribe to continue reading.</p>")}, "paywall"),
    ],
    ids=["missing", "forbidden", "no page", "empty", "wall"],
)
def test_a_page_that_gives_nothing_leaves_the_teaser_and_is_not_asked_again(
    site: Any, answer: Any, store: Store, teasers: Callable[..., Subscription], refresh: Refresh, rss: Rss,
    bad: dict[str, Any], why: str,
) -> None:  # fmt: skip
    site.pages["/one"] = answer(**bad)
    teasers("one")
    [outcome] = refresh().outcomes
    assert why in outcome.notes[0].what
    assert texts(store)["Story one from Lviv"].startswith("one: trains")
    site.pages["/feed"] = answer(rss("one", "two"))
    refresh()
    assert site.paths().count("/one") == 1


def test_a_page_whose_server_fails_is_tried_again_a_few_times(
    site: Any, answer: Any, store: Store, teasers: Callable[..., Subscription], refresh: Refresh
) -> None:
    site.pages["/one"] = answer("broken", 500)
    teasers("one")
    for _ in range(MAX_TRIES + 2):
        refresh()
    assert site.paths().count("/one") == MAX_TRIES
    assert site.paths().count("/feed") == MAX_TRIES + 2


def test_a_page_that_works_the_second_time_replaces_the_teaser_though_the_feed_is_the_same(
    site: Any, answer: Any, store: Store, teasers: Callable[..., Subscription], refresh: Refresh
) -> None:
    site.pages["/one"] = answer("broken", 500)
    teasers("one")
    refresh()
    site.pages["/one"] = answer(page())
    assert refresh().updated == 1
    assert texts(store)["Story one from Lviv"].startswith("Paragraph 0")


def test_a_server_that_asks_to_be_left_alone_gets_no_more_requests_for_pages(
    site: Any, answer: Any, store: Store, teasers: Callable[..., Subscription], refresh: Refresh, clock: Any
) -> None:
    for name in "abc":
        site.pages[f"/{name}"] = answer("busy", 429, {"Retry-After": "60"})
    teasers("a", "b", "c")
    assert refresh().added == 3
    assert site.paths() == ["/feed", "/a"]
    for name in "abc":
        site.pages[f"/{name}"] = answer(page())
    clock.pass_s(61)
    assert refresh().updated == 3


def test_so_many_pages_in_one_refresh_and_the_rest_in_the_next(
    site: Any, store: Store, teasers: Callable[..., Subscription], refresh: Refresh
) -> None:
    teasers(*(f"n{number}" for number in range(MAX_PAGES + 3)))
    assert refresh().added == MAX_PAGES + 3
    assert len(site.paths()) == 1 + MAX_PAGES
    report = refresh()
    assert (report.added, report.updated) == (0, 3)
    assert all(text.startswith("Paragraph 0") for text in texts(store).values())


def test_pages_that_take_long_are_left_to_the_next_refresh(
    site: Any,
    store: Store,
    geoparser: Any,
    fetcher: Fetcher,
    clock: Any,
    teasers: Callable[..., Subscription],
    refresh: Refresh,
) -> None:
    def passing() -> datetime:
        clock.pass_s(10)
        now: datetime = clock()
        return now

    teasers(*(f"n{number}" for number in range(30)))
    refresh_feeds(store, geoparser, fetcher, limits=Settings(), now=passing)
    assert 1 < len(site.paths()) - 1 <= MAX_PAGES_TIME.total_seconds() / 10
    assert len(texts(store)) == 30
    refresh()
    assert len(set(site.paths())) == 1 + 30
    assert all(text.startswith("Paragraph 0") for text in texts(store).values())


def test_an_entry_that_is_only_a_link_gets_title_and_text_from_its_page(
    site: Any, answer: Any, store: Store, follow: Follow, refresh: Refresh
) -> None:
    follow(full_text=True)
    site.pages["/feed"] = answer("<rss version='2.0'><channel><item><link>/a</link></item></channel></rss>")
    site.pages["/a"] = answer(page(title="Trains run again in Riga"))
    assert refresh().added == 1
    [(title, text)] = texts(store).items()
    assert title == "Trains run again in Riga"
    assert text.startswith("Paragraph 0")


def test_without_full_text_no_page_is_asked_for(
    site: Any, answer: Any, follow: Follow, refresh: Refresh, rss: Rss
) -> None:
    follow(full_text=False)
    site.pages["/feed"] = answer(rss("one"))
    refresh()
    assert site.paths() == ["/feed"]
