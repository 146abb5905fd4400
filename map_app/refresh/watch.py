"""A worker that keeps a store's feeds fresh until it is told to stop."""

import logging
from collections.abc import Callable
from datetime import datetime

from map_app.errors import StoreBusyError, StoreError
from map_app.fetch import Fetcher
from map_app.geoparse.pipeline import Geoparser
from map_app.refresh.run import RefreshReport, alone, refresh_feeds, utc_now
from map_app.refresh.schedule import next_due
from map_app.settings import Settings
from map_app.store import Store

logger = logging.getLogger(__name__)

#: How long it sleeps at most: feeds that are added meanwhile are found by then.
MAX_SLEEP_S = 60.0
MIN_SLEEP_S = 1.0


def watch_feeds(
    store: Store,
    geoparser: Geoparser,
    fetcher: Fetcher,
    *,
    limits: Settings,
    every_s: int,
    stop: Callable[[], bool],
    sleep: Callable[[float], object],
    now: Callable[[], datetime] = utc_now,
    tell: Callable[[RefreshReport], None] = lambda _report: None,
) -> None:
    """Refresh each feed when its time comes, until `stop` says so.

    `sleep` waits for some seconds, less where a stop is asked for; `tell` gets the report of each refresh that did
    anything. A store that cannot be written for a while (full, busy) is logged and tried again. Raises StoreBusyError
    where another process watches this store.
    """
    with alone(store, "watch", "its feeds are watched by another process already"):
        while not stop():
            try:
                report = refresh_feeds(
                    store, geoparser, fetcher, limits=limits, due_only=True, every_s=every_s, now=now, stop=stop
                )
            except StoreBusyError as e:
                logger.info("%s", e)
            except StoreError as e:
                logger.error("%s", e)
            else:
                if report.outcomes:
                    tell(report)
            if not stop():
                sleep(_until_next(store, now()))


def _until_next(store: Store, now: datetime) -> float:
    try:
        due = next_due(store.feeds.all(), now)
    except StoreError as e:
        logger.error("%s", e)
        return MAX_SLEEP_S
    return MAX_SLEEP_S if due is None else min(max((due - now).total_seconds(), MIN_SLEEP_S), MAX_SLEEP_S)
