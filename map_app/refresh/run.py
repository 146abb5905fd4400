"""One pass over the feeds that a store follows: workers ask and parse, one thread maps and keeps."""

import logging
import threading
from collections import deque
from collections.abc import Callable, Collection, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from filelock import FileLock, Timeout

from map_app.errors import MapAppError, SourceError, StoreBusyError, StoreError
from map_app.fetch import Fetcher
from map_app.geoparse.pipeline import Geoparser
from map_app.ingest import IngestReport, ingest_items
from map_app.model import Article
from map_app.refresh.reading import FeedReader, Reading, host_of
from map_app.refresh.schedule import (
    DEFAULT_INTERVAL_S,
    after_failure,
    after_reading,
    host_wait,
    no_earlier,
    waiting_for,
)
from map_app.settings import Settings
from map_app.sources.reading import Failure, Note
from map_app.store import HostWait, Store, Subscription

logger = logging.getLogger(__name__)

#: Feeds that are asked for at a time; of one server never more than one.
WORKERS = 4

#: How often a stop is looked for while answers are awaited.
LOOK_EVERY_S = 0.2


#: So long after a server might be asked again, it is no longer remembered that it failed.
FORGET_WAITS_AFTER = timedelta(days=2)


@dataclass(frozen=True, slots=True)
class FeedOutcome:
    """What became of one feed."""

    #: As it is kept now: its health, when it is due.
    feed: Subscription
    added: int = 0
    updated: int = 0
    unchanged: int = 0
    #: Why it could not be read, or empty.
    error: str = ""
    #: Why it was not asked for, or empty: its server is left alone.
    waiting: str = ""
    #: It has nothing new since the last time, and was not read again.
    is_unchanged: bool = False
    #: Entries that did not become articles.
    failed: tuple[Failure, ...] = ()
    notes: tuple[Note, ...] = ()


@dataclass(frozen=True, slots=True)
class RefreshReport:
    """What became of all of them, in the order in which they were done."""

    outcomes: tuple[FeedOutcome, ...] = ()
    #: Stopped before the end; what is counted here is kept.
    interrupted: bool = False

    @property
    def added(self) -> int:
        """Articles that are new."""
        return sum(outcome.added for outcome in self.outcomes)

    @property
    def updated(self) -> int:
        """Articles that replaced an older version."""
        return sum(outcome.updated for outcome in self.outcomes)

    @property
    def unchanged(self) -> int:
        """Articles that were read and known."""
        return sum(outcome.unchanged for outcome in self.outcomes)

    @property
    def failed(self) -> tuple[FeedOutcome, ...]:
        """Feeds that could not be read."""
        return tuple(outcome for outcome in self.outcomes if outcome.error)


#: Told now and then: the fraction done, 0 to 1, and a phrase that says what is being done.
Progress = Callable[[float, str], None]


def _silent(_fraction: float, _phrase: str) -> None:
    pass


def utc_now() -> datetime:
    """The time."""
    return datetime.now(UTC)


def refresh_feeds(
    store: Store,
    geoparser: Geoparser,
    fetcher: Fetcher,
    *,
    limits: Settings,
    only: Collection[str] | None = None,
    due_only: bool = False,
    every_s: int = DEFAULT_INTERVAL_S,
    now: Callable[[], datetime] = utc_now,
    stop: Callable[[], bool] = lambda: False,
    progress: Progress = _silent,
) -> RefreshReport:
    """Read the feeds that the store follows, or those of the addresses `only`, and keep their articles.

    With `due_only` those alone whose time has come; otherwise all, but for servers that asked to be left alone.
    `every_s` is how often feeds are due that say nothing themselves. What fails is told feed by feed, and the rest
    goes on. `stop` is looked at between articles, and a KeyboardInterrupt does the same: what was committed is kept,
    and the next refresh reads the interrupted feeds again.

    Raises StoreBusyError where the store's feeds are being refreshed already, and StoreError where it cannot go on.
    """
    with alone(store, "refresh", "its feeds are being refreshed already: wait until that is done"):
        started = now()
        feeds = [
            feed
            for feed in store.feeds.all()
            if (feed.url in only if only is not None else not feed.gone)
            and not (due_only and feed.due is not None and feed.due > started)
        ]
        run = _Run(store, geoparser, fetcher, limits, now=now, stop=stop, progress=progress)
        run.every_s, run.is_scheduled = every_s, due_only
        return run.over(feeds)


@contextmanager
def alone(store: Store, what: str, why: str) -> Iterator[None]:
    """Do something that one process at a time may do with a store; raises StoreBusyError, saying `why`."""
    lock = FileLock(Path(f"{store.path}.{what}.lock"))
    try:
        lock.acquire(timeout=0)
    except Timeout as e:
        raise StoreBusyError(f"{store.path}: {why}") from e
    except OSError as e:
        raise StoreError(f"{store.path}: no file can be made beside it ({e.strerror or e})") from e
    try:
        yield
    finally:
        lock.release()


class _Run:
    """One pass; everything but the readings happens in the thread that called."""

    def __init__(
        self,
        store: Store,
        geoparser: Geoparser,
        fetcher: Fetcher,
        limits: Settings,
        *,
        now: Callable[[], datetime],
        stop: Callable[[], bool],
        progress: Progress,
    ) -> None:
        self._store = store
        self._geoparser = geoparser
        self._provider = limits.geocoder_url
        self._now = now
        self._stop = stop
        self._progress = progress
        self._ending = threading.Event()
        store.feeds.forget_waits(now() - FORGET_WAITS_AFTER)
        self._waits = store.feeds.waits()
        self._reader = FeedReader(store, fetcher, limits, now=now, may_ask=self._may_follow, version=geoparser.version)
        self._outcomes: list[FeedOutcome] = []
        self._total = 1
        self.every_s = DEFAULT_INTERVAL_S
        #: Nobody is waiting: servers that gave no answer are left alone as well as those that asked for it.
        self.is_scheduled = False

    def over(self, feeds: Sequence[Subscription]) -> RefreshReport:
        """Read these feeds."""
        self._total = max(len(feeds), 1)
        queue = deque(feeds)
        at_work: dict[Future[Reading], Subscription] = {}
        go_on = True
        workers = ThreadPoolExecutor(WORKERS, thread_name_prefix="feed")
        try:
            while go_on and not self._stop():
                self._hand_out(queue, at_work, workers)
                if not at_work:
                    break
                done, _ = wait(at_work, timeout=LOOK_EVERY_S, return_when=FIRST_COMPLETED)
                for future in done:
                    go_on = go_on and self._finish(_reading_of(future, at_work.pop(future)))
        except KeyboardInterrupt:
            go_on = False
        finally:
            self._ending.set()
            workers.shutdown(wait=True, cancel_futures=True)
        return RefreshReport(tuple(self._outcomes), interrupted=not go_on or bool(queue or at_work))

    def _hand_out(
        self, queue: deque[Subscription], at_work: dict[Future[Reading], Subscription], workers: ThreadPoolExecutor
    ) -> None:
        """Give free workers the next feeds of servers that are not being asked."""
        asked = {host_of(feed.url) for feed in at_work.values()}
        held_back: list[Subscription] = []
        while queue and len(at_work) < WORKERS:
            feed = queue.popleft()
            host = host_of(feed.url)
            wait = waiting_for(host, self._waits, self._now())
            if wait is not None and (wait.asked or self.is_scheduled):
                self._put_off(feed, wait)
            elif host in asked:
                held_back.append(feed)
            else:
                asked.add(host)
                at_work[workers.submit(self._reader.read, feed)] = feed
        queue.extendleft(reversed(held_back))

    def _put_off(self, feed: Subscription, wait: HostWait) -> None:
        later = no_earlier(feed, wait)
        self._store.feeds.change(feed.url, later)
        self._done(
            FeedOutcome(later, waiting=f"{wait.host} is left alone until {wait.until:%Y-%m-%d %H:%M} UTC: {wait.why}")
        )

    def _finish(self, reading: Reading) -> bool:
        """Keep what a worker has read; False where that was stopped before its end."""
        host = host_of(reading.url)
        if reading.error is not None:
            after = after_failure(reading.feed, reading.error, self._now())
            if (wait := self._leave_alone(host, reading.error)) is not None:
                after = no_earlier(after, wait)
            self._keep(reading.url, after)
            self._done(FeedOutcome(after, error=after.error))
            return True
        report = self._ingest(reading)
        counts = FeedOutcome(reading.feed, report.added, report.updated, report.unchanged + reading.known)
        if report.interrupted:
            self._done(counts)
            return False
        if self._waits.pop(host, None) is not None:
            self._store.feeds.answered(host)
        for page_host, error in reading.busy.items():
            self._leave_alone(page_host, error)
        after = self._keep(reading.url, after_reading(reading.feed, reading.document, self._now(), self.every_s))
        if reading.entries is not None:
            self._store.feeds.keep_entries(after.url, reading.entries)
        outcome = replace(
            counts,
            feed=after,
            is_unchanged=reading.document is None,
            failed=(*(reading.document.failed if reading.document else ()), *report.failed),
            notes=tuple(reading.notes),
        )
        self._done(outcome)
        return True

    def _ingest(self, reading: Reading) -> IngestReport:
        stopped = False
        name = reading.feed.title or reading.feed.url

        def until_stopped() -> Iterator[Article]:
            nonlocal stopped
            for article in reading.articles:
                if self._stop():
                    stopped = True
                    return
                yield article

        def tell(report: IngestReport, _where: str) -> None:
            done = len(self._outcomes) + report.seen / max(len(reading.articles), 1)
            self._progress(min(done / self._total, 1.0), f"{name}: {report.seen:,} of {len(reading.articles):,}")

        report = ingest_items(
            until_stopped(), geoparser=self._geoparser, store=self._store, provider=self._provider, progress=tell
        )
        return replace(report, interrupted=True) if stopped else report

    def _keep(self, url: str, feed: Subscription) -> Subscription:
        """Keep how the feed of an address fares; one that moved to where another is, is that one's twin."""
        if self._store.feeds.change(url, feed) or feed.url == url:
            return feed
        twin = f"it moved to {feed.url}, which is followed already: remove this one"
        stays = replace(feed, url=url, gone=True, error=twin)
        self._store.feeds.change(url, stays)
        return stays

    def _leave_alone(self, host: str, error: MapAppError) -> HostWait | None:
        wait = host_wait(host, self._waits.get(host), error, self._now())
        if wait is not None:
            self._waits[host] = wait
            self._store.feeds.wait_for(wait)
        return wait

    def _may_follow(self, host: str) -> bool:
        return not self._ending.is_set() and not self._stop() and waiting_for(host, self._waits, self._now()) is None

    def _done(self, outcome: FeedOutcome) -> None:
        self._outcomes.append(outcome)
        self._progress(min(len(self._outcomes) / self._total, 1.0), outcome.feed.title or outcome.feed.url)


def _reading_of(future: Future[Reading], feed: Subscription) -> Reading:
    """What the worker read. A fault of this program is one feed's failure as well, and its traceback is logged."""
    error = future.exception()
    if error is None:
        return future.result()
    if isinstance(error, StoreError) or not isinstance(error, Exception):
        raise error
    logger.error("Reading %s failed by a fault of this program", feed.url, exc_info=error)
    fault = SourceError(f"a fault of this program, which the log tells in full ({type(error).__name__})")
    return Reading(feed.url, feed, error=fault)
