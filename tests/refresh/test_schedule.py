from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from map_app.errors import (
    BlockedAddressError,
    FetchError,
    FetchTimeoutError,
    HttpStatusError,
    MapAppError,
    UnreadableError,
)
from map_app.refresh.schedule import (
    MAX_BACKOFF_S,
    after_failure,
    after_reading,
    backoff_s,
    health,
    host_wait,
    interval_s,
    next_due,
    span,
)
from map_app.store import Subscription

NOW = datetime(2026, 11, 25, 12, tzinfo=UTC)
FEED = Subscription("https://e.org/feed", "https://e.org/feed")


def feed(**facts: object) -> Subscription:
    return Subscription(**{"url": "https://e.org/feed", "scope": "https://e.org/feed"} | facts)


@pytest.mark.parametrize(
    ("chosen", "asked", "every", "interval"),
    [(None, None, 900, 900), (None, 3600, 900, 3600), (None, 300, 900, 900), (120, 3600, 900, 120)],
    ids=["nobody says", "the feed asks for less", "the feed allows more", "the user chose"],
)
def test_how_often_a_feed_is_read(chosen: int | None, asked: int | None, every: int, interval: int) -> None:
    assert interval_s(feed(every_s=chosen, asked_s=asked), every) == interval


@given(st.integers(0, 10**6))
def test_waiting_never_shrinks_with_failures_and_ends_within_a_day(failures: int) -> None:
    assert 0 < backoff_s(failures) <= backoff_s(failures + 1) <= MAX_BACKOFF_S


def test_a_feed_that_answers_again_is_as_good_as_new() -> None:
    failed = after_failure(after_failure(FEED, FetchTimeoutError("slow"), NOW), UnreadableError("no feed"), NOW)
    assert (failed.failures, failed.error, failed.good) == (2, "no feed", None)
    well = after_reading(failed, None, NOW, 900)
    assert (well.failures, well.error, well.good, well.due) == (0, "", NOW, NOW + timedelta(minutes=15))


def test_retry_after_goes_before_a_shorter_backoff_and_not_before_a_longer() -> None:
    assert after_failure(FEED, HttpStatusError(503, 7200.0), NOW).due == NOW + timedelta(hours=2)
    assert after_failure(FEED, HttpStatusError(503, 5.0), NOW).due == NOW + timedelta(minutes=10)


@pytest.mark.parametrize(
    ("error", "waits", "asked"),
    [
        (HttpStatusError(429), True, True),
        (HttpStatusError(503, 60.0), True, True),
        (HttpStatusError(503, 0.0), True, True),
        (FetchTimeoutError("slow"), True, False),
        (FetchError("refused"), True, False),
        (HttpStatusError(404), False, False),
        (HttpStatusError(500), False, False),
        (BlockedAddressError("inside"), False, False),
        (UnreadableError("no feed"), False, False),
    ],
    ids=repr,
)
def test_a_whole_server_is_left_alone_where_it_asks_or_is_silent(error: MapAppError, waits: bool, asked: bool) -> None:
    wait = host_wait("e.org", None, error, NOW)
    assert (wait is not None) == waits
    if wait is not None:
        assert wait.asked == asked
        assert wait.until > NOW
        again = host_wait("e.org", wait, FetchError("refused"), NOW)
        assert again is not None
        assert again.failures == 2


@pytest.mark.parametrize(
    ("facts", "said"),
    [
        ({}, "not read yet; due now"),
        ({"due": NOW + timedelta(hours=1)}, "not read yet; next try in 60 min"),
        ({"tried": NOW, "good": NOW - timedelta(minutes=5), "due": NOW}, "last good 5 min ago; due now"),
        (
            {
                "tried": NOW,
                "good": NOW - timedelta(hours=3),
                "due": NOW + timedelta(minutes=20),
                "failures": 2,
                "error": "503",
            },
            "last good 3 h ago: 503; next try in 20 min",
        ),
        ({"tried": NOW, "failures": 1, "error": "404"}, "never good: 404; due now"),
        ({"gone": True, "error": "410"}, "not asked any more: 410"),
    ],
)
def test_how_a_feed_fares_is_told_in_a_phrase(facts: dict[str, object], said: str) -> None:
    assert health(feed(**facts), NOW) == said


@pytest.mark.parametrize(
    ("seconds", "said"),
    [(-5, "0 s"), (45, "45 s"), (600, "10 min"), (5940, "99 min"), (7200, "2 h"), (86_400, "24 h"), (200_000, "2 d")],
)
def test_lengths_of_time_are_said_as_people_say_them(seconds: int, said: str) -> None:
    assert span(timedelta(seconds=seconds)) == said


def test_the_next_feed_that_is_due_decides() -> None:
    later, gone = feed(due=NOW + timedelta(hours=1)), feed(due=NOW, gone=True)
    assert next_due([], NOW) is None
    assert next_due([gone], NOW) is None
    assert next_due([gone, later], NOW) == NOW + timedelta(hours=1)
    assert next_due([later, feed()], NOW) == NOW
    assert next_due([feed(due=NOW - timedelta(days=1))], NOW) == NOW
