"""Faults 16 to 21 of feeds that come over the network, and what a refresh promises."""

import threading
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from filelock import FileLock

from map_app.errors import StoreBusyError
from map_app.geoparse.pipeline import Geoparser
from map_app.model import Article, Toponym
from map_app.refresh import RefreshReport, health, refresh_feeds
from map_app.settings import Settings
from map_app.store import Store, Subscription

Refresh = Callable[..., RefreshReport]
Follow = Callable[..., Subscription]
Rss = Callable[..., str]
NOON = datetime(2026, 11, 25, 12, tzinfo=UTC)


def kept(store: Store) -> list[str]:
    return sorted(story.title for story in store.stories())


def only(store: Store) -> Subscription:
    [feed] = store.feeds.all()
    return feed


def test_what_a_feed_holds_is_mapped_and_kept_and_a_second_time_changes_nothing(
    site: Any, answer: Any, store: Store, follow: Follow, refresh: Refresh, rss: Rss
) -> None:
    follow()
    site.pages["/feed"] = answer(rss("one", "two"))
    report = refresh()
    assert (report.added, report.updated, report.unchanged, report.failed) == (2, 0, 0, ())
    assert kept(store) == ["Story one from Lviv", "Story two from Lviv"]
    assert {"Lviv", "Kyiv", "Warsaw"} <= {pin.place.name for pin in store.pins()}
    assert only(store).title == "Example News"
    site.pages["/feed"] = answer(rss("zero", "one", "two"))
    report = refresh()
    assert (report.added, report.updated, report.unchanged) == (1, 0, 2)


def test_an_article_that_changes_in_its_feed_is_replaced_with_text_places_and_date(
    site: Any, answer: Any, store: Store, follow: Follow, refresh: Refresh, rss: Rss
) -> None:
    follow()
    site.pages["/feed"] = answer(rss("one", tags="<pubDate>Tue, 24 Nov 2026 10:00:00 GMT</pubDate>"))
    refresh()
    changed = rss("one", tags="<pubDate>Wed, 25 Nov 2026 10:00:00 GMT</pubDate>").replace(
        "Warsaw, Poland", "Riga, Latvia"
    )
    site.pages["/feed"] = answer(changed)
    assert refresh().updated == 1
    [story] = store.stories()
    article = store.article(story.article_id)
    assert article is not None
    assert "Riga" in article.text
    assert article.published == datetime(2026, 11, 25, 10, tzinfo=UTC)
    names = {pin.place.name for pin in store.pins()}
    assert "Riga" in names
    assert "Warsaw" not in names


def test_a_broken_feed_gives_its_whole_items_and_a_note(
    site: Any, answer: Any, store: Store, follow: Follow, refresh: Refresh, rss: Rss
) -> None:
    follow()
    whole = rss("one", "two", "three")
    site.pages["/feed"] = answer(whole[: whole.index("three")])
    [outcome] = refresh().outcomes
    assert outcome.added >= 2
    assert "not sound XML" in outcome.notes[0].what
    assert outcome.error == ""


def test_a_story_in_two_feeds_of_a_site_does_not_change_to_and_fro(
    site: Any, answer: Any, store: Store, follow: Follow, refresh: Refresh, rss: Rss
) -> None:
    for name in ("world", "top"):
        follow(f"/{name}")
        site.pages[f"/{name}"] = answer(
            rss("one", channel=f"<title>{name}</title>")
            .replace("<guid", "<!-- <guid")
            .replace("</guid>", "</guid> -->")
        )
    refresh()
    assert store.counts().articles == 1
    for name in ("world", "top"):
        body = site.pages[f"/{name}"].body
        site.pages[f"/{name}"] = answer(
            body.replace("<item>", "<item><title>New in both</title><link>/new</link></item><item>", 1)
        )
    report = refresh()
    assert (report.added, report.unchanged) == (1, 2)
    assert report.updated <= 1, "the new story's outlet is the feed's that was read last"
    assert store.counts().articles == 2


def test_a_newer_geoparser_maps_what_the_feed_still_holds_anew(
    site: Any, answer: Any, store: Store, geoparser: Geoparser, fetcher: Any, follow: Follow, refresh: Refresh, rss: Rss
) -> None:
    follow()
    site.pages["/feed"] = answer(rss("one", "two"), headers={"ETag": '"v1"'})
    refresh()
    newer = Stopping(geoparser, 0)
    newer.version += "+"
    report = refresh_feeds(store, newer, fetcher, limits=Settings())
    assert (report.updated, newer.calls) == (2, 2)
    assert refresh_feeds(store, newer, fetcher, limits=Settings()).outcomes[0].is_unchanged


# Conditional requests (fault 21)


def test_validators_are_sent_back_and_a_304_is_not_parsed_again(
    site: Any, answer: Any, store: Store, follow: Follow, refresh: Refresh, rss: Rss
) -> None:
    follow()

    def conditional(headers: dict[str, str]) -> Any:
        if headers.get("if-none-match") == '"v1"':
            return answer("", 304)
        return answer(rss("one"), headers={"ETag": '"v1"', "Last-Modified": "Tue, 24 Nov 2026 10:00:00 GMT"})

    site.pages["/feed"] = conditional
    assert refresh().added == 1
    [outcome] = refresh().outcomes
    assert outcome.is_unchanged
    assert (outcome.added, outcome.unchanged) == (0, 0)
    assert site.asked[-1][1]["if-modified-since"] == "Tue, 24 Nov 2026 10:00:00 GMT"
    assert only(store).etag == '"v1"'


def test_the_same_bytes_without_validators_are_not_parsed_again(
    site: Any, answer: Any, follow: Follow, refresh: Refresh, rss: Rss
) -> None:
    follow()
    site.pages["/feed"] = answer(rss("one"))
    refresh()
    assert refresh().outcomes[0].is_unchanged


@pytest.mark.parametrize("status", [429, 503])
@pytest.mark.parametrize("retry_after", ["600", "Wed, 25 Nov 2026 12:10:00 GMT"], ids=["seconds", "date"])
def test_a_server_that_asks_to_be_left_alone_is_until_it_said(
    site: Any,
    answer: Any,
    store: Store,
    follow: Follow,
    refresh: Refresh,
    rss: Rss,
    clock: Any,
    status: int,
    retry_after: str,
) -> None:
    follow("/feed")
    follow("/other")
    headers = {"Retry-After": retry_after, "Date": "Wed, 25 Nov 2026 12:00:00 GMT"}
    site.pages["/feed"] = site.pages["/other"] = answer("busy", status, headers)
    report = refresh()
    assert [bool(outcome.error) for outcome in report.outcomes] == [True, False]
    assert "left alone until 2026-11-25 12:10 UTC" in report.outcomes[1].waiting
    assert site.paths() == ["/feed"], "the other feed of that server was not asked for"
    assert {feed.due for feed in store.feeds.all()} == {NOON + timedelta(minutes=10)}
    assert "next try in 10 min" in health(store.feeds.all()[0], clock())
    clock.pass_s(599)
    refresh()
    assert len(site.paths()) == 1, "not even by hand"
    site.pages["/feed"], site.pages["/other"] = answer(rss("one")), answer(rss("two"))
    clock.pass_s(2)
    assert refresh().added == 2
    assert store.feeds.waits() == {}
    assert [feed.failures for feed in store.feeds.all()] == [0, 0]


def test_a_feed_that_goes_on_failing_is_asked_for_ever_more_rarely_and_tells_how_it_fares(
    site: Any, answer: Any, store: Store, follow: Follow, refresh: Refresh, rss: Rss, clock: Any
) -> None:
    follow()
    site.pages["/feed"] = answer(rss("one"))
    refresh()
    site.pages["/feed"] = answer("broken", 500)
    gaps = []
    for _ in range(10):
        due = only(store).due
        assert due is not None
        clock.time = due
        [outcome] = refresh(due_only=True).outcomes
        assert outcome.error == "the server answered 500 (internal server error)"
        assert outcome.feed.due is not None
        gaps.append((outcome.feed.due - clock.time).total_seconds() / 60)
    assert gaps == [10, 20, 40, 80, 160, 320, 640, 1280, 1440, 1440]
    said = health(only(store), clock())
    assert said == "last good 3 d ago: the server answered 500 (internal server error); next try in 24 h"


def test_when_nothing_is_due_nobody_is_asked(
    site: Any, answer: Any, follow: Follow, refresh: Refresh, rss: Rss, clock: Any
) -> None:
    follow("/slow", every_s=7200)
    follow("/asks")
    follow("/plain")
    site.pages["/slow"] = site.pages["/plain"] = answer(rss("one"))
    site.pages["/asks"] = answer(rss("one", channel="<title>A</title><ttl>100</ttl>"))
    refresh(due_only=True)
    counts = []
    for _ in range(5):
        site.asked.clear()
        clock.pass_s(1800)
        refresh(due_only=True, every_s=1800)
        counts.append(sorted(site.paths()))
    assert counts == [
        [],
        ["/plain"],
        ["/plain"],
        ["/asks", "/plain", "/slow"],
        ["/plain"],
    ], "the first time every hour, from then on every half hour; the others as they ask or as was chosen"


def test_a_lasting_redirect_changes_the_address_and_keeps_the_articles(
    site: Any, answer: Any, store: Store, follow: Follow, refresh: Refresh, rss: Rss
) -> None:
    follow("/old")
    site.pages["/old"] = answer(rss("one"))
    refresh()
    site.pages["/old"] = answer("", 301, {"Location": "/new"})
    site.pages["/new"] = answer(rss("one", "two"))
    report = refresh()
    assert (report.added, report.unchanged) == (1, 1)
    assert only(store).url == f"{site.address}/new"
    site.asked.clear()
    refresh()
    assert site.paths() == ["/new"]


def test_a_redirect_for_the_moment_changes_nothing(
    site: Any, answer: Any, store: Store, follow: Follow, refresh: Refresh, rss: Rss
) -> None:
    follow("/old")
    site.pages["/old"] = answer("", 302, {"Location": "/new"})
    site.pages["/new"] = answer(rss("one"))
    assert refresh().added == 1
    assert only(store).url == f"{site.address}/old"


def test_a_feed_that_moved_to_another_that_is_followed_says_so_and_is_asked_for_no_more(
    site: Any, answer: Any, store: Store, follow: Follow, refresh: Refresh, rss: Rss
) -> None:
    follow("/old")
    follow("/new")
    site.pages["/old"] = answer("", 308, {"Location": "/new"})
    site.pages["/new"] = answer(rss("one"))
    refresh()
    old, new = store.feeds.all()
    assert old.gone
    assert "followed already" in old.error
    assert not new.gone
    site.asked.clear()
    refresh()
    assert site.paths() == ["/new"]


def test_a_feed_that_is_gone_is_asked_for_no_more_unless_by_name(
    site: Any, answer: Any, store: Store, follow: Follow, refresh: Refresh, rss: Rss, clock: Any
) -> None:
    feed = follow()
    site.pages["/feed"] = answer("gone", 410)
    [outcome] = refresh().outcomes
    assert outcome.feed.gone
    assert health(only(store), clock()) == "not asked any more: the server answered 410 (gone)"
    clock.pass_s(10**6)
    assert refresh().outcomes == ()
    site.pages["/feed"] = answer(rss("one"))
    assert refresh(only=[feed.url]).added == 1
    assert not only(store).gone


def test_one_feed_that_fails_does_not_stop_the_others(
    site: Any, other_site: Any, answer: Any, store: Store, follow: Follow, refresh: Refresh, rss: Rss
) -> None:
    other_site.close()
    follow("/page")
    follow("/attack")
    follow("/missing")
    follow(f"{other_site.address}/down")
    follow("/good")
    site.pages["/page"] = answer("<!DOCTYPE html><html><body>Hello</body></html>")
    site.pages["/attack"] = answer('<!DOCTYPE r [<!ENTITY x SYSTEM "file:///etc/passwd">]>' + rss("&x;"))
    site.pages["/good"] = answer(rss("one"))
    report = refresh()
    assert report.added == 1
    errors = {outcome.feed.url.rpartition("/")[2]: outcome.error for outcome in report.failed}
    assert "a web page" in errors["page"]
    assert "refused" in errors["attack"]
    assert "404" in errors["missing"]
    assert errors.keys() == {"page", "attack", "missing", "down"}


def test_a_server_that_is_down_is_asked_once_in_a_scheduled_run_and_again_by_hand(
    other_site: Any, store: Store, follow: Follow, refresh: Refresh
) -> None:
    other_site.close()
    for name in "abc":
        follow(f"{other_site.address}/{name}")
    report = refresh(due_only=True)
    assert [bool(outcome.waiting) for outcome in report.outcomes] == [False, True, True]
    assert [bool(outcome.error) for outcome in refresh().outcomes] == [True, True, True]


def test_a_fault_of_this_program_in_one_feed_is_told_and_logged_and_the_rest_goes_on(
    site: Any,
    answer: Any,
    store: Store,
    geoparser: Geoparser,
    fetcher: Any,
    follow: Follow,
    rss: Rss,
    caplog: pytest.LogCaptureFixture,
) -> None:
    class Faulty:
        def get(self, url: str, **how: Any) -> Any:
            if url.endswith("/bad"):
                raise ZeroDivisionError
            return fetcher.get(url, **how)

    follow("/bad")
    follow("/good")
    site.pages["/good"] = answer(rss("one"))
    report = refresh_feeds(store, geoparser, Faulty(), limits=Settings())
    assert report.added == 1
    assert "ZeroDivisionError" in report.failed[0].error
    assert "ZeroDivisionError" in caplog.text


# Stopped in the middle


class Stopping(Geoparser):
    """The real geoparser, that asks to stop, or is interrupted, at its n-th article."""

    def __init__(self, real: Geoparser, at: int, raises: type[BaseException] | None = None) -> None:
        self.__dict__.update(real.__dict__)
        self.calls = 0
        self.at = at
        self.raises = raises
        self.stopped = threading.Event()

    def recognise_all(self, articles: Sequence[Article]) -> list[list[Toponym]]:
        before, self.calls = self.calls, self.calls + len(articles)
        if before < self.at <= self.calls:
            self.stopped.set()
            if self.raises:
                raise self.raises
        return super().recognise_all(articles)


@pytest.mark.parametrize("raises", [None, KeyboardInterrupt])
def test_stopped_it_keeps_what_was_committed_and_the_next_refresh_completes_it(
    site: Any,
    answer: Any,
    store: Store,
    geoparser: Geoparser,
    fetcher: Any,
    follow: Follow,
    refresh: Refresh,
    rss: Rss,
    raises: type[BaseException] | None,
) -> None:
    follow()
    site.pages["/feed"] = answer(rss(*(f"n{number}" for number in range(120))), headers={"ETag": '"v1"'})
    stopping = Stopping(geoparser, 60, raises)
    report = refresh_feeds(store, stopping, fetcher, limits=Settings(), stop=stopping.stopped.is_set)
    assert report.interrupted
    assert report.added == (50 if raises else 100), "a batch is kept whole or not at all"
    assert store.counts().articles == report.added
    assert only(store).etag == "", "it must come in full again"
    again = refresh()
    assert (again.added, again.unchanged, again.interrupted) == (120 - report.added, report.added, False)


def test_one_process_at_a_time_refreshes_a_store(store: Store, follow: Follow, refresh: Refresh) -> None:
    follow()
    with FileLock(f"{store.path}.refresh.lock"), pytest.raises(StoreBusyError, match="being refreshed already"):
        refresh()


def test_a_feed_that_is_removed_while_it_is_read_stays_removed(
    site: Any, answer: Any, store: Store, follow: Follow, refresh: Refresh, rss: Rss
) -> None:
    feed = follow()

    def removing(_headers: dict[str, str]) -> Any:
        store.feeds.remove(feed.url)
        return answer(rss("one"))

    site.pages["/feed"] = removing
    assert refresh().added == 1
    assert store.feeds.all() == []


def test_progress_reaches_the_end(site: Any, answer: Any, follow: Follow, refresh: Refresh, rss: Rss) -> None:
    for name in "abc":
        follow(f"/{name}")
        site.pages[f"/{name}"] = answer(rss(name))
    told: list[tuple[float, str]] = []
    refresh(progress=lambda done, what: told.append((done, what)))
    assert sorted(done for done, _ in told) == [done for done, _ in told]
    assert told[-1] == (1.0, "Example News")
