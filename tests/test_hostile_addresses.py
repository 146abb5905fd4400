"""Whatever address comes in by whatever way, nothing but a public server is connected to, and no file is read."""

import ipaddress
import json
import re
import socket
import ssl
import sys
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from html import escape
from pathlib import Path
from typing import Any

import httpcore
import pytest

from map_app.cli.ingest import _items_of
from map_app.errors import SourceError
from map_app.fetch import Fetcher, open_fetcher
from map_app.fetch.addresses import why_denied
from map_app.model import Article
from map_app.refresh import find_feed
from map_app.refresh.reading import FeedReader
from map_app.settings import Settings
from map_app.sources.opml import read_opml
from map_app.sources.web import read_web
from map_app.store import Store, Subscription
from map_app.ui.addresses import addresses_in, items_of
from tests.webserver import WebServer, answering, redirecting

NOW = datetime(2026, 1, 1, tzinfo=UTC)

#: A server of the public web, which a loopback server stands for.
PUBLIC = "93.184.215.14"
SITE = "http://paper.example"

#: What a resolver may say. The last two first give a public address.
NAMES = {
    "paper.example": [PUBLIC],
    "localhost": ["127.0.0.1", "::1"],
    "localtest.me": ["127.0.0.1"],
    "127.0.0.1.nip.io": ["127.0.0.1"],
    "metadata.google.internal": ["169.254.169.254"],
    "intranet": ["10.0.0.7"],
    "router.lan": ["192.168.1.1"],
    "cgnat.example": ["100.64.0.1"],
    "six.example": ["::1"],
    "unique-local.example": ["fd00::1"],
    "link-local.example": ["fe80::1%eth0"],
    "mapped.example": ["::ffff:10.0.0.1"],
    "compatible.example": ["::127.0.0.1"],
    "nat64.example": ["64:ff9b::a00:1"],
    "6to4.example": ["2002:7f00:1::"],
    "teredo.example": ["2001:0:7f00:1::"],
    "isatap.example": ["2606:4700::5efe:10.0.0.1"],
    "multicast.example": ["224.0.0.1"],
    "zero.example": ["0.0.0.0"],
    "two-faced.example": [PUBLIC, "10.0.0.1"],
    "xn--rcklichtig-95a.example": [PUBLIC, "127.0.0.1"],
}

#: Inside, in every writing that a resolver or a reader of addresses somewhere takes for it; for two readers two hosts.
HOSTS = """
    127.0.0.1 127.1 127.0.1 2130706433 0x7f000001 0x7f.1 0177.0.0.1 017700000001 0x7f.0x0.0x0.0x1 127.0.0.1. 0 0.0.0.0
    127.000.000.001 10.1 192.168.257 0xA9FEA9FE 169.254.169.254 [::ffff:169.254.169.254] 127.0.0.1:80 127.0.0.1:11211
    127。0。0。1 １２７.0.0.1 ①②⑦.⓪.⓪.① 127．1 ⓛⓞⓒⓐⓛⓗⓞⓢⓣ local\u00adhost localhost。
    [::1] [::] [0:0:0:0:0:0:0:1] [::ffff:7f00:1] [::127.0.0.1] [fe80::1%25eth0] [fe80::1%eth0] [64:ff9b::7f00:1]
    [2002:7f00:1::] [2001:0:7f00:1::] [fec0::1] [ff02::1] [fc00::1] [::1]x ::1
    127%2e0%2e0%2e1 127.0.0.1%00.paper.example %31%32%37.0.0.1 localhost%2f
    paper.example@127.0.0.1 paper.example:80@127.0.0.1 u:p@localhost 127.0.0.1#@paper.example 127.0.0.1?@paper.example
    127.0.0.1;paper.example 127.0.0.1,paper.example 127.0.0.1:80\\.paper.example 127.0.0.1\\@paper.example
    paper.example:22 paper.example:25 paper.example:6379 paper.example:0
"""

HOSTILE = [
    *(f"http://{name}/" for name in NAMES if name != "paper.example"),
    *(f"https://{name}.:8443/a?b=c#d" for name in ("localhost", "localtest.me", "intranet")),
    *(f"http://{host}/" for host in HOSTS.split()),
    *("http:\\\\127.0.0.1\\", "http:/\\127.0.0.1/", "http://127.0.0.1\t.paper.example/", "http://127.0.0.1\n/"),
    *("http://127.0.0.1\r\nHost: paper.example/", "http://\t127.0.0.1/", "\x01http://127.0.0.1/"),
    *("file:///etc/passwd", "file:/etc/passwd", "file://localhost/etc/passwd", "FILE:///etc/passwd"),
    *(
        "file://127.0.0.1/etc/passwd",
        "gopher://127.0.0.1:6379/_INFO",
        "ftp://127.0.0.1/",
        "dict://127.0.0.1:11211/stat",
    ),
    *("ldap://127.0.0.1/", "tftp://127.0.0.1/a", "data:text/html,<p>root:", "javascript:alert(1)", "about:blank"),
    *("jar:file:///etc/passwd!/", "netdoc:///etc/passwd", "unix:///run/docker.sock", "view-source:file:///etc/passwd"),
    *("blob:http://127.0.0.1/x", "http:file:///etc/passwd", "feed:file:///etc/passwd", "feed://127.0.0.1/"),
    *("feed:http://127.0.0.1/", "//127.0.0.1/", "///etc/passwd", "http:///etc/passwd", "http:127.0.0.1"),
    "http:/127.0.0.1/",
]


class Network:
    """What was connected to; only the public server answers."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._connect = httpcore.SyncBackend.connect_tcp
        self.tried: list[str] = []

    def connect(
        self, backend: httpcore.SyncBackend, host: str, _port: int, timeout: float | None = None, *_: Any, **__: Any
    ) -> httpcore.NetworkStream:
        self.tried.append(host)
        if host != PUBLIC:
            raise httpcore.ConnectError("nobody is there")
        return self._connect(backend, "127.0.0.1", self._port, timeout)


_system_resolver = socket.getaddrinfo


def resolver(host: str, port: int, *args: Any, **more: Any) -> list[Any]:
    """As careless as the system's: odd spellings of numbers are addresses to it."""
    name = host.rstrip(".").lower()
    if name in NAMES:
        found = NAMES[name]
    else:
        try:
            found = [socket.inet_ntoa(socket.inet_aton(name))]
        except OSError:
            try:
                return _system_resolver(host, port, *args, flags=socket.AI_NUMERICHOST)
            except OSError as e:
                raise socket.gaierror(f"no such name: {host}") from e
    return [(socket.AF_INET, socket.SOCK_STREAM, 0, "", (address, port)) for address in found]


_opened: list[str] | None = None


def _note_files(event: str, arguments: tuple[Any, ...]) -> None:
    if _opened is not None and event == "open" and "passwd" in str(arguments[0]):
        _opened.append(str(arguments[0]))


sys.addaudithook(_note_files)


@pytest.fixture
def files() -> Iterator[list[str]]:
    """The secret files that were opened."""
    global _opened  # noqa: PLW0603  # a hook cannot be taken off again
    _opened = []
    yield _opened
    _opened = None


@pytest.fixture
def server() -> Iterator[WebServer]:
    made = WebServer()
    yield made
    made.close()


@pytest.fixture
def network(server: WebServer, monkeypatch: pytest.MonkeyPatch) -> Network:
    made = Network(server.port)
    monkeypatch.setattr(socket, "getaddrinfo", resolver)

    def connect(backend: httpcore.SyncBackend, *arguments: Any, **more: Any) -> httpcore.NetworkStream:
        return made.connect(backend, *arguments, **more)

    monkeypatch.setattr(httpcore.SyncBackend, "connect_tcp", connect)
    # Reading all trusted certificates is most of what a new client takes; nothing here speaks TLS.
    trusting = ssl.create_default_context()
    monkeypatch.setattr("map_app.fetch.client._trusting", lambda: trusting)
    return made


@pytest.fixture
def limits(tmp_path: Path) -> Settings:
    return Settings(store=tmp_path / "articles.sqlite", fetch_timeout_s=5)


@pytest.fixture
def fetcher(network: Network) -> Iterator[Fetcher]:
    """With the deny list and the resolver that it always has, but without waiting between requests."""
    with Fetcher(user_agent="map_app-test/1", gap_s=0, timeout_s=5) as made:
        yield made


Way = Callable[[str, WebServer, Fetcher, Settings], object]


def as_argument(address: str, _server: WebServer, _fetcher: Fetcher, limits: Settings) -> object:
    return list(_items_of([address], limits))


def as_new_feed(address: str, _server: WebServer, fetcher: Fetcher, limits: Settings) -> object:
    return find_feed(address, fetcher, limits=limits, now=lambda: NOW)


def on_the_page(address: str, _server: WebServer, _fetcher: Fetcher, limits: Settings) -> object:
    return list(items_of(addresses_in(address), limits))


def read_feed(address: str, fetcher: Fetcher, limits: Settings) -> object:
    with Store.open(limits.store) as store:
        reader = FeedReader(store, fetcher, limits, now=lambda: NOW, may_ask=lambda _host: True, version="1")
        return reader.read(Subscription(address, address, full_text=True))


def in_a_list(address: str, _server: WebServer, fetcher: Fetcher, limits: Settings) -> object:
    listed, failures = read_opml(f'<opml><body><outline xmlUrl="{escape(address)}"/></body></opml>'.encode(), "list")
    return [read_feed(feed.url, fetcher, limits) for feed in listed] or failures


def as_a_teasers_link(address: str, server: WebServer, fetcher: Fetcher, limits: Settings) -> object:
    item = {"id": "1", "title": "T", "content_text": "It begins ...", "url": address}
    feed = {"version": "https://jsonfeed.org/version/1.1", "title": "F", "items": [item]}
    server.routes["/feed"] = answering(json.dumps(feed).encode(), content_type="application/feed+json")
    return read_feed(f"{SITE}/feed", fetcher, limits)


def as_an_announced_feed(address: str, server: WebServer, fetcher: Fetcher, limits: Settings) -> object:
    link = f'<link rel="alternate" type="application/rss+xml" href="{escape(address)}">'
    server.routes["/"] = answering(f"<html><head>{link}</head></html>".encode(), content_type="text/html")
    return find_feed(f"{SITE}/", fetcher, limits=limits, now=lambda: NOW)


def as_a_canonical_link(address: str, server: WebServer, fetcher: Fetcher, _limits: Settings) -> object:
    text = "<p>" + "The river rose over its banks on Friday night, and the mayor asked for help. " * 8 + "</p>"
    head = f'<title>T</title><link rel="canonical" href="{escape(address)}">'
    page = f"<html><head>{head}</head><body><article>{text}</article></body></html>"
    server.routes["/a"] = answering(page.encode("utf-8", "replace"), content_type="text/html")
    [article, *_] = read_web(fetcher, f"{SITE}/a", max_chars=10_000, now=NOW)
    assert isinstance(article, Article)
    assert re.fullmatch(r"https?://(?:[a-z.]+\.)?paper\.example(?:[:/?#].*)?", article.url)
    return article


def behind_a_redirect(address: str, server: WebServer, fetcher: Fetcher, _limits: Settings) -> object:
    if not address.isascii() or any(ord(c) < 32 for c in address):
        return None  # no server can write it in a header
    server.routes["/r"] = redirecting(address)
    return list(read_web(fetcher, f"{SITE}/r", max_chars=10_000, now=NOW))


@pytest.mark.parametrize(
    "way",
    [
        as_argument,
        as_new_feed,
        on_the_page,
        in_a_list,
        as_a_teasers_link,
        as_an_announced_feed,
        as_a_canonical_link,
        behind_a_redirect,
    ],
)
def test_no_address_leads_inside_by_any_way_in(
    way: Way, server: WebServer, network: Network, fetcher: Fetcher, limits: Settings, files: list[str]
) -> None:
    for address in HOSTILE:
        network.tried.clear()
        try:
            came = way(address, server, fetcher, limits)
        except SourceError as e:
            came = e
        inside = [host for host in network.tried if why_denied(ipaddress.ip_address(host))]
        assert inside == [], f"{address!r} led to {inside}"
        assert files == [], f"{address!r} opened {files}"
        assert "root:x" not in str(came), address


def test_the_same_ways_lead_to_the_public_server(
    server: WebServer, network: Network, fetcher: Fetcher, limits: Settings
) -> None:
    """Otherwise the test above would prove nothing."""
    for way in (as_argument, on_the_page, in_a_list, as_a_teasers_link, behind_a_redirect):
        server.requests.clear()
        way(f"{SITE}/there", server, fetcher, limits)
        assert "/there" in server.paths(), way.__name__
    for way in (as_new_feed, as_an_announced_feed):
        server.requests.clear()
        with pytest.raises(SourceError):
            way(f"{SITE}/there", server, fetcher, limits)
        assert "/there" in server.paths(), way.__name__
    assert set(network.tried) == {PUBLIC}
    with open_fetcher(limits) as made:
        assert made is not fetcher
