"""When a feed is asked for next, and how it fares: arithmetic on values, without clock, store or network."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta

from map_app.errors import FetchError, FetchTimeoutError, HttpStatusError, MapAppError
from map_app.sources.feeds import Feed
from map_app.store import HostWait, Subscription

#: A feed is read this often where neither its user nor itself says anything.
DEFAULT_INTERVAL_S = 3600

#: After the first failure a feed is left alone for so long, after each further one twice as long, up to a day.
FIRST_BACKOFF_S = 10 * 60
MAX_BACKOFF_S = 24 * 3600

#: Statuses by which a server asks to be left alone.
BUSY = frozenset((429, 503))
GONE = 410


def interval_s(feed: Subscription, every_s: int) -> int:
    """How often a feed is read: as chosen for it, else as the feed itself asks but no more often than `every_s`."""
    return feed.every_s or max(every_s, feed.asked_s or 0)


def backoff_s(failures: int) -> int:
    """How long something that failed so often in a row is left alone."""
    return int(min(FIRST_BACKOFF_S * 2.0 ** min(max(failures, 1) - 1, 30), MAX_BACKOFF_S))


def after_reading(feed: Subscription, document: Feed | None, now: datetime, every_s: int) -> Subscription:
    """The feed after it gave what it holds, or said that nothing is new (`document` None)."""
    if document is not None:
        feed = replace(
            feed,
            title=document.title[:300] or feed.title,
            site=document.site or feed.site,
            asked_s=document.interval_s,
            ids_by_link=document.ids_repeat,
        )
    due = now + timedelta(seconds=interval_s(feed, every_s))
    return replace(feed, tried=now, good=now, due=due, failures=0, error="", gone=False)


def after_failure(feed: Subscription, error: MapAppError, now: datetime) -> Subscription:
    """The feed after it could not be read: left alone for longer each time, and for good where it is gone."""
    failures = feed.failures + 1
    wait_s = float(backoff_s(failures))
    if isinstance(error, HttpStatusError):
        wait_s = max(wait_s, error.retry_after_s or 0.0)
    return replace(
        feed,
        tried=now,
        due=now + timedelta(seconds=wait_s),
        failures=failures,
        error=str(error)[:500],
        gone=isinstance(error, HttpStatusError) and error.status == GONE,
    )


def is_servers_fault(error: MapAppError) -> bool:
    """Whether an error speaks of the whole server: it asks to be left alone, or gives no answer at all."""
    if isinstance(error, HttpStatusError):
        return error.status in BUSY
    return isinstance(error, FetchTimeoutError) or type(error) is FetchError


def host_wait(host: str, before: HostWait | None, error: MapAppError, now: datetime) -> HostWait | None:
    """How long the whole server is left alone after an error, or None where the error is the feed's own."""
    if not is_servers_fault(error):
        return None
    busy = isinstance(error, HttpStatusError)
    failures = (before.failures if before else 0) + 1
    asked_s = error.retry_after_s if isinstance(error, HttpStatusError) else None
    wait_s = asked_s or float(backoff_s(failures))
    return HostWait(host, now + timedelta(seconds=wait_s), failures, busy, str(error)[:500])


def no_earlier(feed: Subscription, wait: HostWait) -> Subscription:
    """The feed, not due before its server may be asked."""
    return replace(feed, due=max(wait.until, feed.due or wait.until))


def next_due(feeds: Iterable[Subscription], now: datetime) -> datetime | None:
    """When the first of the feeds is due, `now` at the earliest; None where none ever is."""
    return min((max(feed.due or now, now) for feed in feeds if not feed.gone), default=None)


def waiting_for(host: str, waits: Mapping[str, HostWait], now: datetime) -> HostWait | None:
    """The reason why a server may not be asked now, or None."""
    wait = waits.get(host)
    return wait if wait is not None and wait.until > now else None


def health(feed: Subscription, now: datetime) -> str:
    """How a feed fares, in a phrase: "last good 3 h ago: ...; next try in 20 min"."""
    if feed.gone:
        return f"not asked any more: {feed.error}"
    due = "due now" if feed.due is None or feed.due <= now else f"next try in {span(feed.due - now)}"
    if feed.tried is None:
        return f"not read yet; {due}"
    good = "never good" if feed.good is None else f"last good {span(now - feed.good)} ago"
    return f"{good}: {feed.error}; {due}" if feed.failures else f"{good}; {due}"


def chosen_for(feed: Subscription) -> str:
    """What its user chose for a feed, in a phrase, or nothing."""
    chosen = [] if feed.every_s is None else [f"every {span(timedelta(seconds=feed.every_s))}"]
    return ", ".join([*chosen, *([] if feed.full_text else ["teasers are not followed"])])


def span(length: timedelta) -> str:
    """A length of time as people say it: "45 s", "20 min", "3 h", "2 d"."""
    seconds = max(0, round(length.total_seconds()))
    for unit, unit_s, most in (("s", 1, 100), ("min", 60, 100), ("h", 3600, 48)):
        if round(seconds / unit_s) < most:
            return f"{round(seconds / unit_s)} {unit}"
    return f"{round(seconds / 86_400)} d"
