"""How fast a feed becomes articles on the map, and whether a day of refreshes leaves memory as it was.

    python -m benchmarks.feeds [--entries 1000] [--chars 2000] [--feeds 20] [--hours 24]

Starts a web server on the loopback interface. The first part follows a feed of many entries and times one refresh of
it, from the request to the last commit, and its parts alone. The second part lets the worker watch many feeds, some of
which change, fail, or are followed to their pages, through simulated hours, and prints the process's memory and how
many requests were made.
"""

import argparse
import random
import tempfile
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from map_app.fetch import Fetcher
from map_app.gazetteer.lookup import open_gazetteer
from map_app.geoparse.pipeline import Geoparser
from map_app.geoparse.resolve import Recognised
from map_app.refresh import refresh_feeds, watch_feeds
from map_app.settings import Settings
from map_app.sources.feeds import parse_feed
from map_app.store import Store, Subscription

START = datetime(2026, 11, 25, tzinfo=UTC)

#: What the entries are made of. News of 2,000 characters names about ten places.
FILLER = (
    "The talks are to go on next week, according to a person who was briefed on them and asked not to be named.",
    "Prices have risen by a tenth since last year, which many families say they can no longer afford.",
    "Nobody was hurt, the police said, and the road was open again by the evening.",
)
SENTENCES = (
    "Officials in {} said on {} that the line to {} would be closed for repairs until the spring.",
    "The mayor of {} told reporters on {} that talks with {} had gone on through the night.",
    "Farmers near {} lost a third of their harvest, an agency said on {}, and prices in {} rose.",
    "A court in {} put off its ruling on {}, days after a similar case in {} was thrown out.",
)
CITIES = ("Kyiv", "Warsaw", "Riga", "Lagos", "Lima", "Osaka", "Denver", "Lyon", "Nairobi", "Perth", "Quito", "Izmir")
DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday")


def made_up_text(chance: random.Random, chars: int) -> str:
    """Paragraphs of news, about so long."""
    parts: list[str] = []
    while sum(map(len, parts)) < chars:
        parts += chance.choices(FILLER, k=2)
        parts.append(chance.choice(SENTENCES).format(chance.choice(CITIES), chance.choice(DAYS), chance.choice(CITIES)))
    return " ".join(parts)


def made_up_feed(title: str, names: list[str], chars: int) -> bytes:
    """An RSS feed with an entry a name; an entry's text depends on its name alone."""
    items = "".join(
        f"<item><title>Story {name}</title><link>/{title}/{name}</link><guid isPermaLink='false'>{name}</guid>"
        f"<pubDate>Tue, 24 Nov 2026 10:00:00 GMT</pubDate>"
        f"<description>&lt;p&gt;{made_up_text(random.Random(name), chars)}&lt;/p&gt;</description></item>"
        for name in names
    )
    return f"<rss version='2.0'><channel><title>{title}</title>{items}</channel></rss>".encode()


class Site:
    """Answers every path by one function, and counts."""

    def __init__(self, answer: Callable[[str], tuple[int, bytes]]) -> None:
        self.requests = 0
        site = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                site.requests += 1
                status, body = answer(self.path)
                self.send_response(status)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002  # the base class's name
                pass

        class Server(ThreadingHTTPServer):
            def handle_error(self, request: object, client_address: object) -> None:
                pass  # clients may go whenever they like

        self._server = Server(("127.0.0.1", 0), Handler)
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        self.address = f"http://127.0.0.1:{self._server.server_address[1]}"

    def close(self) -> None:
        """Stop answering."""
        self._server.shutdown()
        self._server.server_close()


def followed(store: Store, urls: list[str], *, full_text: bool) -> None:
    """Follow feeds."""
    store.feeds.add(Subscription(url, url, full_text=full_text, added=START) for url in urls)


def resident_mb() -> float:
    """What the process has in memory, by Linux's account."""
    pages = int(Path("/proc/self/statm").read_text("ascii").split()[1])
    return pages * 4096 / 1e6


def speed(geoparser: Geoparser, entries: int, chars: int) -> None:
    """One refresh of one large feed."""
    body = made_up_feed("large", [str(number) for number in range(entries)], chars)
    site = Site(lambda _path: (200, body))
    with (
        tempfile.TemporaryDirectory() as folder,
        Store.open(Path(folder) / "s.sqlite") as store,
        Fetcher(user_agent="benchmark", allow_private=True, gap_s=0) as fetcher,
    ):
        followed(store, [f"{site.address}/feed"], full_text=False)
        started, started_cpu = time.perf_counter(), time.process_time()
        report = refresh_feeds(store, geoparser, fetcher, limits=Settings())
        whole_s, whole_cpu_s = time.perf_counter() - started, time.process_time() - started_cpu
        assert report.added == entries, report
        started = time.perf_counter()
        document = parse_feed(body, url=site.address, now=START, max_chars=1_000_000)
        parse_s = time.perf_counter() - started
        started = time.perf_counter()
        articles = [entry.article for entry in document.entries]
        geoparser.resolve_all(map(Recognised, articles, geoparser.recognise_all(articles)))
        geoparse_s = time.perf_counter() - started
        store.feeds.change(f"{site.address}/feed", Subscription(f"{site.address}/feed", f"{site.address}/feed"))
        started = time.perf_counter()
        again = refresh_feeds(store, geoparser, fetcher, limits=Settings(), only=[f"{site.address}/feed"])
        again_s = time.perf_counter() - started
        assert again.added == 0, again
    site.close()
    print(f"a feed of {entries:,} entries, {len(body) / 1e6:.1f} MB")
    print(f"  request to last commit   {whole_s:6.2f} s  {entries / whole_s:6.0f} articles/s")
    print(f"  of that at work          {whole_cpu_s:6.2f} s  {entries / whole_cpu_s:6.0f} articles/s")
    print(f"  parsing alone            {parse_s:6.2f} s  {entries / parse_s:6.0f} articles/s")
    print(f"  geoparsing alone         {geoparse_s:6.2f} s  {entries / geoparse_s:6.0f} articles/s")
    print(f"  again, nothing new       {again_s:6.2f} s  {entries / again_s:6.0f} articles/s")


def endurance(geoparser: Geoparser, feeds: int, hours: int) -> None:
    """Simulated hours of the worker."""
    now = START

    def answer(path: str) -> tuple[int, bytes]:
        name, _, story = path.strip("/").partition("/")
        if name == "robots.txt":
            return 404, b""
        if story:
            text = made_up_text(random.Random(path), 3000)
            return 200, f"<html><body><article><p>{text}</p></article></body></html>".encode()
        number = int(name.removeprefix("feed"))
        if number % 4 == 1:
            return 500, b"broken"
        # A new entry every half hour, and one that falls off the end; every fourth feed never changes.
        first = 0 if number % 4 == 2 else int((now - START).total_seconds() // 1800)
        return 200, made_up_feed(name, [f"{n:04}" for n in range(first + 30, first, -1)], 300)

    site = Site(answer)
    with (
        tempfile.TemporaryDirectory() as folder,
        Store.open(Path(folder) / "s.sqlite") as store,
        Fetcher(user_agent="benchmark", allow_private=True, gap_s=0) as fetcher,
    ):
        urls = [f"{site.address}/feed{number}" for number in range(feeds)]
        followed(store, urls[::4], full_text=True)
        followed(store, [url for url in urls if url not in urls[::4]], full_text=False)
        print(f"{feeds} feeds read every 15 min, {hours} simulated hours")
        started = time.perf_counter()

        def sleep(seconds: float) -> None:
            nonlocal now
            before = now
            now += timedelta(seconds=seconds)
            hour = int((now - START).total_seconds() // 3600)
            if hour > int((before - START).total_seconds() // 3600) and hour in (1, 2, 4, 8, 12, 16, 20, 24, hours):
                print(
                    f"  after {hour:3} h  {resident_mb():6.0f} MB  {threading.active_count():3} threads  "
                    f"{site.requests:7,} requests  {store.counts().articles:6,} articles",
                    flush=True,
                )

        watch_feeds(
            store,
            geoparser,
            fetcher,
            limits=Settings(),
            every_s=900,
            now=lambda: now,
            sleep=sleep,
            stop=lambda: (now - START).total_seconds() > hours * 3600,
        )
        print(f"  took {time.perf_counter() - started:.0f} s")
    site.close()


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.feeds", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--entries", type=int, default=1000, help="of the one large feed (default: 1000)")
    parser.add_argument("--chars", type=int, default=2000, help="of an entry's text (default: 2000)")
    parser.add_argument("--feeds", type=int, default=20, help="how many the worker watches (default: 20)")
    parser.add_argument("--hours", type=int, default=24, help="of simulated time (default: 24)")
    options = parser.parse_args()
    geoparser = Geoparser.load(open_gazetteer(Settings().cache))
    speed(geoparser, options.entries, options.chars)
    endurance(geoparser, options.feeds, options.hours)


if __name__ == "__main__":
    main()
