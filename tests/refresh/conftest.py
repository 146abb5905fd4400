"""A real site on the loopback interface, a real store and geoparser, and a clock that is set by hand."""

import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from map_app.fetch import Fetcher
from map_app.gazetteer.lookup import Gazetteer
from map_app.geoparse.pipeline import Geoparser
from map_app.refresh import RefreshReport, refresh_feeds
from map_app.settings import Settings
from map_app.store import Store, Subscription


@dataclass
class Answer:
    """What the site answers at a path."""

    body: bytes | str = b""
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)


class Site:
    """Answers from `pages`, which a test may change at any time, and remembers what it was asked."""

    def __init__(self) -> None:
        self.pages: dict[str, Answer | Callable[[dict[str, str]], Answer]] = {}
        #: Path and headers of every request.
        self.asked: list[tuple[str, dict[str, str]]] = []
        site = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                headers = {name.lower(): value for name, value in self.headers.items()}
                site.asked.append((self.path, headers))
                page = site.pages.get(self.path, Answer("no such page", 404))
                answer = page(headers) if callable(page) else page
                body = answer.body.encode() if isinstance(answer.body, str) else answer.body
                self.send_response_only(answer.status)  # with no Date but the answer's own
                for name, value in answer.headers.items():
                    self.send_header(name, value)
                if answer.status != 304:
                    self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                if answer.status != 304:
                    self.wfile.write(body)

        class Server(ThreadingHTTPServer):
            def handle_error(self, request: object, client_address: object) -> None:
                pass  # clients may go whenever they like

        self._server = Server(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        self.address = f"http://127.0.0.1:{self._server.server_address[1]}"

    def paths(self) -> list[str]:
        """What it was asked for, in order, robots.txt aside."""
        return [path for path, _ in self.asked if path != "/robots.txt"]

    def close(self) -> None:
        """Stop answering; a connection is then refused."""
        self._server.shutdown()
        self._server.server_close()


class Clock:
    """Tells the time that it was set to."""

    def __init__(self) -> None:
        self.time = datetime(2026, 11, 25, 12, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.time

    def pass_s(self, seconds: float) -> None:
        """Let time pass."""
        self.time += timedelta(seconds=seconds)


@pytest.fixture
def site() -> Iterator[Site]:
    site = Site()
    yield site
    site.close()


@pytest.fixture
def other_site() -> Iterator[Site]:
    site = Site()
    yield site
    site.close()


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture(scope="package")
def geoparser(gazetteer: Gazetteer) -> Geoparser:
    return Geoparser.load(gazetteer)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with Store.open(tmp_path / "articles.sqlite") as store:
        yield store


@pytest.fixture
def fetcher() -> Iterator[Fetcher]:
    with Fetcher(user_agent="map_app tests", allow_private=True, timeout_s=5.0, gap_s=0.0) as fetcher:
        yield fetcher


@pytest.fixture
def answer() -> type[Answer]:
    return Answer


@pytest.fixture
def refresh(store: Store, geoparser: Geoparser, fetcher: Fetcher, clock: Clock) -> Callable[..., RefreshReport]:
    def run(**how: object) -> RefreshReport:
        return refresh_feeds(store, geoparser, fetcher, limits=Settings(), now=clock, **how)

    return run


@pytest.fixture
def follow(store: Store, site: Site) -> Callable[..., Subscription]:
    def run(path: str = "/feed", **facts: object) -> Subscription:
        url = path if path.startswith("http") else site.address + path
        feed = Subscription(**{"url": url, "scope": url, "full_text": False} | facts)
        store.feeds.add([feed])
        return feed

    return run


@pytest.fixture
def rss() -> Callable[..., str]:
    def made(*stories: str, channel: str = "<title>Example News</title>", tags: str = "") -> str:
        """A feed of stories, each a name that makes its title, text, id and link."""
        items = "".join(
            f"<item><title>Story {name} from Lviv</title><guid isPermaLink='false'>{name}</guid><link>/{name}</link>"
            f"<description>{name}: trains from Kyiv, Ukraine, reached Warsaw, Poland.</description>{tags}</item>"
            for name in stories
        )
        return f'<?xml version="1.0"?><rss version="2.0"><channel>{channel}{items}</channel></rss>'

    return made
