"""The worker: on time, one at a time, stopped at once, and no larger after a day than after an hour."""

import gc
import os
import re
import signal
import subprocess
import sys
import time
import tracemalloc
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from filelock import FileLock

from map_app.errors import StoreBusyError
from map_app.fetch import Fetcher
from map_app.geoparse.pipeline import Geoparser
from map_app.refresh import RefreshReport, watch_feeds
from map_app.settings import Settings
from map_app.store import Store, Subscription

ROOT = Path(__file__).resolve().parent.parent.parent
Follow = Callable[..., Subscription]
Rss = Callable[..., str]
DAY_S = 24 * 3600


@pytest.fixture
def watch(store: Store, geoparser: Geoparser, fetcher: Fetcher, clock: Any) -> Callable[..., list[RefreshReport]]:
    def run(
        *, lasting_s: float, every_s: int = 900, each_sleep: Callable[[], None] = lambda: None
    ) -> list[RefreshReport]:
        end = clock().timestamp() + lasting_s
        reports: list[RefreshReport] = []

        def sleep(seconds: float) -> None:
            assert 1 <= seconds <= 60
            each_sleep()
            clock.pass_s(seconds)

        watch_feeds(
            store,
            geoparser,
            fetcher,
            limits=Settings(),
            every_s=every_s,
            now=clock,
            sleep=sleep,
            stop=lambda: clock().timestamp() >= end,
            tell=reports.append,
        )
        return reports

    return run


def test_each_feed_is_read_when_its_time_comes(site: Any, answer: Any, follow: Follow, watch: Any, rss: Rss) -> None:
    follow("/often", every_s=300)
    follow("/rarely", every_s=1800)
    site.pages["/often"], site.pages["/rarely"] = answer(rss("one")), answer(rss("two"))
    reports = watch(lasting_s=3600)
    assert site.paths().count("/often") == 12
    assert site.paths().count("/rarely") == 2
    assert sum(report.added for report in reports) == 2


def test_a_feed_that_is_added_meanwhile_is_read_within_a_minute(
    site: Any, answer: Any, store: Store, follow: Follow, watch: Any, rss: Rss
) -> None:
    site.pages["/feed"] = answer(rss("one"))
    sleeps = []

    def each_sleep() -> None:
        sleeps.append(1)
        if len(sleeps) == 3:
            follow()

    watch(lasting_s=240, each_sleep=each_sleep)
    assert store.counts().articles == 1


def test_while_somebody_else_refreshes_it_waits_its_turn(
    site: Any, answer: Any, store: Store, follow: Follow, watch: Any, rss: Rss
) -> None:
    follow()
    site.pages["/feed"] = answer(rss("one"))
    lock = FileLock(f"{store.path}.refresh.lock")
    lock.acquire()
    sleeps = []

    def each_sleep() -> None:
        sleeps.append(len(site.paths()))
        if len(sleeps) == 2:
            lock.release()

    watch(lasting_s=200, each_sleep=each_sleep)
    assert sleeps[:2] == [0, 0]
    assert site.paths() == ["/feed"]


def test_one_worker_at_a_time_watches_a_store(store: Store, watch: Any) -> None:
    with FileLock(f"{store.path}.watch.lock"), pytest.raises(StoreBusyError, match="watched by another process"):
        watch(lasting_s=60)


def test_a_day_of_refreshes_takes_no_more_memory_than_an_hour(
    site: Any, answer: Any, store: Store, follow: Follow, watch: Any, rss: Rss, clock: Any
) -> None:
    """A feed that changes every time, one that never does, one that fails and one whose pages are followed."""

    def moving(_headers: dict[str, str]) -> Any:
        hour = int(clock().timestamp() // 1800)
        return answer(rss(*(f"n{number % 20}-{(hour - number) % 7}" for number in range(20))))

    site.pages["/moving"] = moving
    site.pages["/still"] = answer(rss("still"), headers={"ETag": '"v"'})
    site.pages["/broken"] = answer("broken", 500)
    site.pages["/teasers"] = answer(rss("t"))
    site.pages["/t"] = answer("<html><body><p>" + "The whole report of Riga, Latvia. " * 60 + "</p></body></html>")
    for path in ("/moving", "/still", "/broken"):
        follow(path)
    follow("/teasers", full_text=True)
    watch(lasting_s=3600)
    sizes = []
    tracemalloc.start()
    try:
        for _ in range(3):
            watch(lasting_s=DAY_S / 3)
            site.asked.clear()
            gc.collect()
            sizes.append(tracemalloc.get_traced_memory()[0])
    finally:
        tracemalloc.stop()
    assert sizes[2] - sizes[1] < 300_000, sizes
    assert len(store.feeds.entries(f"{site.address}/teasers")) == 1
    assert store.counts().articles <= 2 + 20 * 7


def started(store: Path, *arguments: str, cache: str) -> "subprocess.Popen[str]":
    environment = {name: value for name, value in os.environ.items() if not name.startswith("MAP_APP_")}
    environment |= {"MAP_APP_STORE": str(store), "MAP_APP_CACHE": cache, "MAP_APP_ALLOW_PRIVATE_ADDRESSES": "yes"}
    return subprocess.Popen(
        [sys.executable, "-m", "map_app", "feeds", "watch", "--every", "15m", *arguments],
        cwd=ROOT,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_the_worker_with_exit_code_0(
    site: Any, answer: Any, store: Store, follow: Follow, rss: Rss, number: signal.Signals
) -> None:
    follow()
    site.pages["/feed"] = answer(rss("one"))
    with started(store.path, cache=str(Settings().cache)) as worker:
        assert worker.stdout is not None
        assert worker.stdout.readline().startswith("1 added, 0 updated")
        second = started(store.path, cache=str(Settings().cache))
        _, why = second.communicate(timeout=120)
        assert second.returncode == 1
        assert "watched by another process already" in why
        worker.send_signal(number)
        _, complaints = worker.communicate(timeout=120)
    assert (worker.returncode, complaints) == (0, "")


def test_a_worker_that_is_killed_leaves_a_sound_store_that_the_next_one_completes(
    site: Any, answer: Any, store: Store, follow: Follow, rss: Rss
) -> None:
    follow()
    site.pages["/feed"] = answer(rss(*(f"n{number}" for number in range(400))), headers={"ETag": '"v"'})
    worker = started(store.path, cache=str(Settings().cache))
    while store.counts().articles < 50:
        assert worker.poll() is None
        time.sleep(0.02)
    worker.kill()
    worker.communicate()
    store.check()
    with started(store.path, cache=str(Settings().cache)) as worker:
        assert worker.stdout is not None
        counts = re.match(r"(\d+) added, 0 updated, (\d+) unchanged", worker.stdout.readline())
        worker.terminate()
        worker.communicate(timeout=120)
    assert counts is not None
    assert int(counts[1]) + int(counts[2]) == 400
    assert store.counts().articles == 400
