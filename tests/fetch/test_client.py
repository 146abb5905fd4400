import gzip
import itertools
import socket
import ssl
import threading
import time
import tracemalloc
import zlib
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler
from typing import Any

import httpcore
import pytest
import trustme
from hypothesis import given
from hypothesis import strategies as st

from map_app.errors import (
    BlockedAddressError,
    FetchError,
    FetchTimeoutError,
    HttpStatusError,
    RedirectError,
    SourceError,
    TooLargeError,
)
from map_app.fetch import Fetcher
from map_app.fetch.decoding import decoded
from tests.webserver import PublicNetwork, WebServer, answering, raw, redirecting

AGENT = "map_app-test/1.0 (editor@example.org)"
#: Addresses of the public internet; the network below the check leads them to loopback.
PUBLIC = "93.184.215.14"
PUBLIC_6 = "2606:2800:220:1:248:1893:25c8:1946"


@pytest.fixture
def fetcher() -> Iterator[Fetcher]:
    with Fetcher(user_agent=AGENT, allow_private=True, max_bytes=100_000, timeout_s=5, gap_s=0) as made:
        yield made


@pytest.fixture
def network(server: WebServer) -> PublicNetwork:
    return PublicNetwork(server.port)


Opener = Callable[..., Fetcher]


@pytest.fixture
def public_fetcher(network: PublicNetwork) -> Iterator[Opener]:
    """Makes fetchers under the real deny list, for whom names resolve as given."""
    with ExitStack() as stack:

        def open_one(names: dict[str, list[str]] | None = None, **more: Any) -> Fetcher:
            def resolve(host: str, _port: int) -> list[str]:
                if names is not None and host not in names:
                    raise OSError("no such name")
                return [PUBLIC] if names is None else names[host]

            how = {"user_agent": AGENT, "resolve": resolve, "network": network, "gap_s": 0, "timeout_s": 5, **more}
            return stack.enter_context(Fetcher(**how))

        yield open_one


def test_an_answer_comes_with_its_type_charset_and_validators(server: WebServer, fetcher: Fetcher) -> None:
    server.routes["/feed"] = answering(
        b"<rss/>", content_type="Application/RSS+xml; charset='ISO-8859-1'", etag='W/"1"', last_modified="yesterday"
    )
    got = fetcher.get(f"{server.url}/feed#top")
    assert (got.url, got.status, got.body) == (f"{server.url}/feed", 200, b"<rss/>")
    assert (got.content_type, got.charset) == ("application/rss+xml", "ISO-8859-1")
    assert (got.etag, got.last_modified, got.permanent_url) == ('W/"1"', "yesterday", "")


def test_requests_name_themselves_and_carry_no_cookie_and_no_credentials(
    server: WebServer, fetcher: Fetcher, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    server.routes["/a"] = answering(b"", 302, location="/b", set_cookie="who=me")
    server.routes["/b"] = answering(b"b", set_cookie="who=me")
    fetcher.get(f"{server.url}/a")
    fetcher.get(f"{server.url}/b")
    for _, headers in server.requests:
        assert headers["user-agent"] == AGENT
        assert set(headers) == {"host", "user-agent", "accept", "accept-encoding"}


def test_what_has_not_changed_is_not_sent_again(server: WebServer, fetcher: Fetcher) -> None:
    def feed(handler: BaseHTTPRequestHandler) -> None:
        answering(b"", 304)(handler) if handler.headers["If-None-Match"] == '"1"' else answering(b"new")(handler)

    server.routes["/feed"] = feed
    assert fetcher.get(f"{server.url}/feed", etag='"0"').body == b"new"
    assert fetcher.get(f"{server.url}/feed", etag='"1"', last_modified="x").status == 304
    assert server.requests[-1][1]["if-modified-since"] == "x"


def test_a_304_that_nobody_asked_for_is_an_error(server: WebServer, fetcher: Fetcher) -> None:
    server.routes["/"] = answering(b"", 304)
    with pytest.raises(HttpStatusError, match="304"):
        fetcher.get(server.url)


@pytest.mark.parametrize(
    ("statuses", "moved"), [((301, 308), True), ((301, 302), False), ((303,), False), ((307,), False)]
)
def test_only_lasting_redirects_change_the_address_for_good(
    server: WebServer, fetcher: Fetcher, statuses: tuple[int, ...], moved: bool
) -> None:
    for number, status in enumerate(statuses):
        server.routes[f"/{number}"] = redirecting(f"/{number + 1}", status)
    end = f"/{len(statuses)}"
    server.routes[end] = answering(b"here")
    got = fetcher.get(f"{server.url}/0")
    assert got.url == server.url + end
    assert got.permanent_url == (got.url if moved else "")


def test_a_redirect_loop_ends(server: WebServer, fetcher: Fetcher) -> None:
    server.routes.update({"/a": redirecting("/b"), "/b": redirecting("/a")})
    with pytest.raises(RedirectError, match="too many redirects"):
        fetcher.get(f"{server.url}/a")
    assert len(server.requests) == 6


@pytest.mark.parametrize("status", [301, 400, 401, 403, 404, 410, 418, 500, 599])
def test_a_refusal_says_its_status(server: WebServer, fetcher: Fetcher, status: int) -> None:
    server.routes["/"] = answering(b"no", status)
    with pytest.raises(HttpStatusError) as caught:
        fetcher.get(server.url)
    assert caught.value.status == status
    assert str(status) in str(caught.value)
    assert caught.value.retry_after_s is None


NOW = datetime(2026, 11, 25, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("written", "seconds"),
    [
        ("120", 120.0),
        (format_datetime(NOW + timedelta(minutes=5), usegmt=True), 300.0),
        (format_datetime(NOW - timedelta(minutes=5), usegmt=True), 0.0),
        ("9" * 400, 30 * 24 * 3600.0),
        ("-5", None),
        ("soon", None),
        ("²", None),
    ],
)
def test_a_server_that_asks_for_a_pause_is_heard(
    server: WebServer, fetcher: Fetcher, written: str, seconds: float | None
) -> None:
    head = f"HTTP/1.1 503 Busy\r\nDate: {format_datetime(NOW, usegmt=True)}\r\nRetry-After: {written}\r\n\r\n"
    server.routes["/"] = raw([head.encode()])
    with pytest.raises(HttpStatusError) as caught:
        fetcher.get(server.url)
    assert caught.value.retry_after_s == seconds


# Fault 8: endless bodies and lying lengths.


def test_an_endless_body_stops_at_the_cap_and_takes_little_memory(server: WebServer, fetcher: Fetcher) -> None:
    endless = itertools.chain([b"HTTP/1.1 200 OK\r\n\r\n"], itertools.repeat(b"x" * 65536))
    server.routes["/"] = raw(endless)
    tracemalloc.start()
    with pytest.raises(TooLargeError, match=r"100,000|beyond"):
        fetcher.get(server.url)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 50_000_000


def test_a_length_over_the_cap_is_refused_before_it_is_read(server: WebServer, fetcher: Fetcher) -> None:
    server.routes["/"] = raw([b"HTTP/1.1 200 OK\r\nContent-Length: 99999999999\r\n\r\nabc"])
    with pytest.raises(TooLargeError, match="99,999,999,999"):
        fetcher.get(server.url)


@pytest.mark.parametrize(
    "head",
    [
        b"HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\nabc",
        b"HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\nabc",
        b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\nabcd",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nffffffffffffffffff\r\nabc",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nabc",
        b"220 mail.example.org ESMTP\r\n",
        b"",
        b"\0" * 1000,
    ],
    ids=["more promised", "negative", "two lengths", "huge chunk", "chunk cut off", "mail", "nothing", "zeros"],
)
def test_an_answer_that_lies_about_itself_is_an_error(server: WebServer, fetcher: Fetcher, head: bytes) -> None:
    server.routes["/"] = raw([head])
    with pytest.raises(FetchError):
        fetcher.get(server.url)


def test_endless_headers_are_cut_off(server: WebServer, fetcher: Fetcher) -> None:
    server.routes["/long"] = raw(itertools.chain([b"HTTP/1.1 200 OK\r\nA: "], itertools.repeat(b"x" * 65536)))
    server.routes["/many"] = raw([b"HTTP/1.1 200 OK\r\n", b"A: b\r\n" * 300, b"Content-Length: 0\r\n\r\n"])
    server.routes["/100"] = raw(itertools.repeat(b"HTTP/1.1 100 Continue\r\n\r\n" * 100))
    for path in ("/long", "/many"):
        with pytest.raises(FetchError):
            fetcher.get(server.url + path)
    with pytest.raises(FetchTimeoutError):
        fetcher.get(server.url + "/100", timeout_s=0.5)


# Fault 9: bombs.


def raw_deflate(data: bytes) -> bytes:
    packer = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    return packer.compress(data) + packer.flush()


@pytest.mark.parametrize(
    ("encoding", "pack"),
    [
        ("gzip", gzip.compress),
        ("x-gzip", gzip.compress),
        ("GZIP", gzip.compress),
        ("identity, gzip", gzip.compress),
        ("gzip", lambda data: gzip.compress(data[:10]) + gzip.compress(data[10:])),
        ("deflate", zlib.compress),
        ("deflate", raw_deflate),
    ],
    ids=["gzip", "x-gzip", "capitals", "identity", "two members", "zlib", "bare deflate"],
)
def test_compressed_answers_are_opened_to_the_cap(
    server: WebServer, fetcher: Fetcher, encoding: str, pack: Callable[[bytes], bytes]
) -> None:
    page = b"The quick brown fox. " * 1000
    server.routes["/page"] = answering(pack(page), content_encoding=encoding)
    server.routes["/bomb"] = answering(pack(b"0" * 30_000_000), content_encoding=encoding)
    assert fetcher.get(f"{server.url}/page").body == page
    tracemalloc.start()
    with pytest.raises(TooLargeError):
        fetcher.get(f"{server.url}/bomb")
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 50_000_000


@pytest.mark.parametrize("pack", [zlib.compress, raw_deflate], ids=["with its header", "bare"])
def test_deflate_is_told_by_two_bytes_however_they_come(pack: Callable[[bytes], bytes]) -> None:
    body = pack(b"news " * 100)
    one_by_one = [body[i : i + 1] for i in range(len(body))]
    assert b"".join(decoded(one_by_one, "deflate")) == b"news " * 100
    with pytest.raises(FetchError, match="too early"):
        list(decoded(one_by_one[:1], "deflate"))


@pytest.mark.parametrize(
    ("encoding", "body"),
    [
        ("gzip, gzip", gzip.compress(gzip.compress(b"x"))),
        ("br", b"\x0b\x02\x80hello\x03"),
        ("zstd", b"x"),
        ("gzip", b"not packed at all"),
        ("gzip", gzip.compress(b"x" * 1000)[:-9]),
        ("deflate", b"\xff\xff\xff"),
    ],
    ids=["nested", "brotli", "zstd", "plain", "cut off", "no deflate"],
)
def test_what_cannot_be_decoded_is_an_error(server: WebServer, fetcher: Fetcher, encoding: str, body: bytes) -> None:
    server.routes["/"] = answering(body, content_encoding=encoding)
    with pytest.raises(FetchError):
        fetcher.get(server.url)


def test_input_that_decodes_to_nothing_for_ever_ends(server: WebServer, fetcher: Fetcher) -> None:
    packer = zlib.compressobj(wbits=zlib.MAX_WBITS | 16)
    head = b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n\r\n" + packer.compress(b"") + packer.flush(zlib.Z_SYNC_FLUSH)
    server.routes["/"] = raw(itertools.chain([head], itertools.repeat(b"\0\0\0\xff\xff" * 10_000)))
    with pytest.raises(TooLargeError, match="beyond"):
        fetcher.get(server.url)


# Fault 10: slowness.


def slow_body() -> Iterator[bytes]:
    yield b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n"
    for _ in range(1000):
        time.sleep(0.05)
        yield b"x"


def slow_head() -> Iterator[bytes]:
    for byte in b"HTTP/1.1 200 OK\r\n" + b"A: b\r\n" * 100:
        time.sleep(0.05)
        yield bytes([byte])


@pytest.mark.parametrize("pieces", [slow_body, slow_head])
def test_a_byte_now_and_then_runs_into_the_deadline(
    server: WebServer, fetcher: Fetcher, pieces: Callable[[], Iterator[bytes]]
) -> None:
    server.routes["/"] = raw(pieces())
    started = time.monotonic()
    with pytest.raises(FetchTimeoutError) as caught:
        fetcher.get(server.url, timeout_s=0.4)
    assert isinstance(caught.value, TimeoutError)
    assert time.monotonic() - started < 3


def test_redirects_share_one_deadline(server: WebServer, fetcher: Fetcher) -> None:
    def slow(handler: BaseHTTPRequestHandler) -> None:
        time.sleep(0.2)
        redirecting("/")(handler)

    server.routes["/"] = slow
    with pytest.raises(FetchTimeoutError):
        fetcher.get(server.url, timeout_s=0.5)
    assert len(server.requests) == 3


def test_a_resolver_that_hangs_runs_into_the_deadline(public_fetcher: Opener) -> None:
    released = threading.Event()

    def resolve(_host: str, _port: int) -> list[str]:
        released.wait(30)
        return [PUBLIC]

    fetcher = public_fetcher(resolve=resolve, timeout_s=0.2)
    with pytest.raises(FetchTimeoutError):
        fetcher.get("http://news.example/")
    released.set()


def test_a_server_that_is_not_there_is_an_error(fetcher: Fetcher) -> None:
    with socket.create_server(("127.0.0.1", 0)) as unused:
        port = unused.getsockname()[1]
    with pytest.raises(FetchError, match="no sound answer"):
        fetcher.get(f"http://127.0.0.1:{port}/")


# Fault 12: addresses inside.


def test_a_public_name_is_asked_at_the_address_that_was_checked(
    server: WebServer, public_fetcher: Opener, network: PublicNetwork
) -> None:
    server.routes["/a"] = answering(b"news")
    fetcher = public_fetcher({"news.example": [PUBLIC]})
    assert fetcher.get(f"http://NEWS.example.:{server.port}/a").body == b"news"
    assert network.connected == [PUBLIC]
    assert server.requests[0][1]["host"] == f"news.example:{server.port}"


@pytest.mark.parametrize(
    "inside",
    [
        ["127.0.0.1"],
        ["10.0.0.7"],
        ["169.254.169.254"],
        ["::1"],
        ["fe80::1%eth0"],
        ["::ffff:127.0.0.1"],
        ["64:ff9b::a00:1"],
        ["2002:7f00:1::"],
        [PUBLIC, "192.168.0.1"],
    ],
    ids=" ".join,
)
def test_a_name_that_leads_inside_is_refused_unasked(
    server: WebServer, inside: list[str], public_fetcher: Opener, network: PublicNetwork
) -> None:
    fetcher = public_fetcher({"evil.example": inside})
    with pytest.raises(BlockedAddressError, match=r"evil\.example \("):
        fetcher.get("http://evil.example/")
    assert network.connected == []
    assert server.requests == []


@pytest.mark.parametrize(
    "location",
    [
        "http://127.0.0.1/",
        "//127.0.0.1/x",
        "http://inside.example/",
        "http://[::1]/",
        "file:///etc/passwd",
        "gopher://x.example:70/_",
        "http://user:secret@news.example/",
        "http://news.example:22/",
        "http://2130706433/",
        "http:///etc/passwd",
        "\\\\127.0.0.1\\x",
    ],
)
def test_a_redirect_that_leads_inside_is_refused_unasked(
    server: WebServer, location: str, public_fetcher: Opener, network: PublicNetwork
) -> None:
    server.routes["/"] = redirecting(location)
    fetcher = public_fetcher({"news.example": [PUBLIC], "inside.example": ["10.0.0.1"]})
    with pytest.raises(BlockedAddressError):
        fetcher.get("http://news.example/")
    assert network.connected == [PUBLIC]
    assert len(server.requests) == 1


def test_a_resolver_that_changes_its_answer_is_caught_at_the_connection(
    server: WebServer, public_fetcher: Opener, network: PublicNetwork
) -> None:
    answers = iter([[PUBLIC], ["127.0.0.1"]])
    fetcher = public_fetcher(resolve=lambda _h, _p: next(answers))
    server.routes["/"] = raw([b"HTTP/1.1 302 Found\r\nLocation: /again\r\nConnection: close\r\n\r\n"])
    with pytest.raises(BlockedAddressError):
        fetcher.get("http://rebinding.example/")
    assert network.connected == [PUBLIC]


def test_the_next_address_of_a_name_is_tried_where_the_first_is_deaf(server: WebServer, public_fetcher: Opener) -> None:
    class HalfDeaf(PublicNetwork):
        def connect_tcp(self, host: str, *args: object, **more: object) -> object:  # type: ignore[override]
            stream = super().connect_tcp(host, *args, **more)  # type: ignore[arg-type]
            if host == PUBLIC_6:
                stream.close()
                raise httpcore.ConnectError("deaf")
            return stream

    server.routes["/"] = answering(b"news")
    network = HalfDeaf(server.port)
    fetcher = public_fetcher({"news.example": [PUBLIC_6, PUBLIC]}, network=network)
    assert fetcher.get("http://news.example/").body == b"news"
    assert network.connected == [PUBLIC_6, PUBLIC]


@pytest.mark.parametrize("url", ["http://localhost/", "http://127.0.0.1/", "http://[::1]/", "http://localhost.:8080/"])
def test_this_machine_is_refused_by_the_real_resolver_too(url: str) -> None:
    with Fetcher(user_agent=AGENT) as fetcher, pytest.raises(BlockedAddressError, match="loopback"):
        fetcher.get(url)


@pytest.mark.parametrize("url", ["http://169.254.169.254/latest/", "http://[fd00:ec2::254]/", "http://0.0.0.0/"])
def test_the_switch_for_intranets_opens_no_metadata_service(url: str) -> None:
    with Fetcher(user_agent=AGENT, allow_private=True) as fetcher, pytest.raises(BlockedAddressError):
        fetcher.get(url)


# TLS keeps the name.


@pytest.fixture
def authority() -> trustme.CA:
    return trustme.CA()


def secure_server(server: WebServer, authority: trustme.CA, name: str) -> list[str | None]:
    asked_for: list[str | None] = []
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(name).configure_cert(context)
    context.sni_callback = lambda _socket, host, _context: asked_for.append(host)
    server.secure(context)
    return asked_for


def test_the_certificate_is_checked_against_the_name_not_the_address(
    server: WebServer, authority: trustme.CA, public_fetcher: Opener
) -> None:
    asked_for = secure_server(server, authority, "news.example")
    server.routes["/"] = answering(b"news")
    trusting = ssl.create_default_context()
    authority.configure_trust(trusting)
    fetcher = public_fetcher(ssl_context=trusting)
    assert fetcher.get("https://news.example/").body == b"news"
    assert asked_for == ["news.example"]
    assert server.requests[0][1]["host"] == "news.example"
    with pytest.raises(FetchError, match="certificate"):
        fetcher.get("https://other.example/")


def test_a_certificate_that_nobody_vouches_for_is_refused(
    server: WebServer, authority: trustme.CA, public_fetcher: Opener
) -> None:
    secure_server(server, authority, "news.example")
    fetcher = public_fetcher({"news.example": [PUBLIC]})
    with pytest.raises(FetchError, match="certificate"):
        fetcher.get("https://news.example/")


# Turns and robots.txt.


def test_one_request_at_a_time_reaches_a_host(server: WebServer, fetcher: Fetcher) -> None:
    inside = 0
    most = 0

    def busy(handler: BaseHTTPRequestHandler) -> None:
        nonlocal inside, most
        inside += 1
        most = max(most, inside)
        time.sleep(0.02)
        inside -= 1
        answering(b"")(handler)

    server.routes["/"] = busy
    threads = [threading.Thread(target=fetcher.get, args=(server.url,)) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(server.requests) == 8
    assert most == 1


def test_requests_to_one_host_keep_a_gap_and_others_do_not_wait(server: WebServer, public_fetcher: Opener) -> None:
    now = [100.0]
    slept: list[float] = []

    def sleep(seconds: float) -> None:
        slept.append(seconds)
        now[0] += seconds

    fetcher = public_fetcher(clock=lambda: now[0], sleep=sleep, gap_s=2)
    server.routes["/"] = answering(b"")
    for host in ("a", "b", "a", "b", "a"):
        fetcher.get(f"http://{host}.example/")
    assert slept == [2.0, 2.0]


ROBOTS = b"User-agent: map_app-test\nDisallow: /private\nAllow: /private/*.html$\n\nUser-agent: *\nDisallow: /\n"


def test_robots_txt_is_kept_to_and_asked_for_once(server: WebServer, fetcher: Fetcher) -> None:
    server.routes["/robots.txt"] = answering(ROBOTS)
    allowed = {path: fetcher.allowed(server.url + path) for path in ("/", "/a?b=c", "/private/x", "/private/a.html")}
    assert allowed == {"/": True, "/a?b=c": True, "/private/x": False, "/private/a.html": True}
    assert server.paths() == ["/robots.txt"]
    with Fetcher(user_agent="another/1", allow_private=True) as another:
        assert not another.allowed(server.url)


@pytest.mark.parametrize(
    ("route", "allowed"),
    [
        (answering(b"", 404), True),
        (answering(b"", 403), True),
        (redirecting("/robots.txt"), True),
        (answering(b"User-agent: *\nDisallow: /\n" + b"# more\n" * 100_000), False),
        (answering(b"\xff\xfe<html>"), True),
    ],
    ids=["absent", "forbidden", "loop", "long", "nonsense"],
)
def test_a_site_whose_robots_txt_says_little(server: WebServer, fetcher: Fetcher, route: object, allowed: bool) -> None:
    server.routes["/robots.txt"] = route  # type: ignore[assignment]
    assert fetcher.allowed(f"{server.url}/a") is allowed


@pytest.mark.parametrize("status", [429, 500, 503])
def test_where_a_server_fails_on_robots_txt_nobody_knows_and_it_is_asked_once(
    server: WebServer, fetcher: Fetcher, status: int
) -> None:
    server.routes["/robots.txt"] = answering(b"", status)
    for path in ("/a", "/b"):
        with pytest.raises(HttpStatusError, match=str(status)):
            fetcher.allowed(server.url + path)
    assert server.paths() == ["/robots.txt"]


def test_where_nobody_answers_for_robots_txt_the_cause_is_told(public_fetcher: Opener) -> None:
    fetcher = public_fetcher({"evil.example": ["127.0.0.1"]})
    with pytest.raises(BlockedAddressError):
        fetcher.allowed("http://evil.example/")


def test_months_of_hosts_are_not_remembered(server: WebServer, public_fetcher: Opener) -> None:
    now = [0.0]
    fetcher = public_fetcher(clock=lambda: now[0], sleep=lambda _s: None, gap_s=1)
    server.routes["/"] = raw([b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"])
    for number in range(600):
        now[0] += 10
        fetcher.get(f"http://h{number}.example/")
    assert len(fetcher._turns._hosts) < 300


ANSWERS = st.sampled_from(
    [b"HTTP/1.1 200 OK\r\n", b"HTTP/1.1 302 Found\r\n", b"HTTP/1.1 503 Busy\r\n", b"Location: /a\r\n", b"\r\n",
     b"a\r\n", b"Content-Length: 3\r\n", b"Transfer-Encoding: chunked\r\n", b"Content-Encoding: gzip\r\n",
     b"3\r\nabc\r\n", b"Retry-After: 9\r\n", b"Content-Type: text/html; charset=x\r\n", b"0\r\n\r\n",
     gzip.compress(b"abc")]
)  # fmt: skip


@given(st.lists(st.one_of(ANSWERS, ANSWERS, st.binary(max_size=20)), max_size=8).map(b"".join))
def test_no_bytes_of_a_server_raise_anything_but_a_source_error(sent: bytes) -> None:
    network = httpcore.MockBackend([sent])
    with Fetcher(user_agent=AGENT, resolve=lambda _h, _p: [PUBLIC], network=network, gap_s=0) as fetcher:
        try:
            got = fetcher.get("http://news.example/", etag='"1"')
        except SourceError:
            return
        assert len(got.body) <= 20_000_000


@pytest.mark.parametrize("validator", ["a\r\nX: y", "é", "\0", "a" * 5000])
def test_a_validator_that_cannot_be_sent_is_left_out(server: WebServer, fetcher: Fetcher, validator: str) -> None:
    server.routes["/"] = answering(b"news")
    assert fetcher.get(server.url, etag=validator, last_modified=validator).body == b"news"
    assert "if-none-match" not in server.requests[0][1]


def test_every_failure_is_one_of_a_source() -> None:
    for error in (BlockedAddressError, RedirectError, FetchTimeoutError, HttpStatusError, TooLargeError):
        assert issubclass(error, SourceError)
