"""Web addresses to bytes, safely: whatever the other side does, it ends, and it never leads inside.

httpcore speaks HTTP and nothing more: no redirects, cookies, credentials, proxies or environment variables that would
have to be switched off. Its network backend is the seam where each name is resolved, each address of the answer is
checked, and the very address that was checked is connected to; TLS and the Host header keep the name.
"""

import ipaddress
import math
import re
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any, NoReturn, Self

import certifi
import httpcore

from map_app.errors import (
    BlockedAddressError,
    FetchError,
    FetchTimeoutError,
    HttpStatusError,
    RedirectError,
    TooLargeError,
)
from map_app.fetch.addresses import WebAddress, joined, read_address, why_denied
from map_app.fetch.decoding import decoded
from map_app.fetch.robots import Robots
from map_app.fetch.turns import HostTurns
from map_app.settings import Settings

MAX_BYTES = 20_000_000
TIMEOUT_S = 30.0
MAX_REDIRECTS = 5

#: Between two requests to one host: what feed readers and crawlers hold to be polite.
GAP_S = 1.0

#: Of the whole time, what one address of a name may take to answer a connection, so that the next gets its chance.
CONNECT_TIMEOUT_S = 10.0

#: Web servers send a few dozen; httpcore itself stops at 100 kB of headers.
MAX_HEADERS = 200

#: Validators longer than this are not worth keeping and sending back.
MAX_VALIDATOR_CHARS = 1000

#: No server is believed that wants to be left alone for longer.
MAX_RETRY_AFTER_S = 30 * 24 * 3600.0

#: How long a connection is kept for the next request to its host, and how many of them.
KEEP_ALIVE_S, KEEP_ALIVE_CONNECTIONS = 5.0, 10

_PERMANENT = frozenset((301, 308))
_REDIRECTS = frozenset((301, 302, 303, 307, 308))
_CHARSET = re.compile(r"""charset\s*=\s*["']?\s*([A-Za-z0-9_:.+-]{2,40})""", re.IGNORECASE)

#: Name and port to the addresses of the name, as text.
Resolver = Callable[[str, int], Sequence[str]]


def resolve_by_system(host: str, port: int) -> list[str]:
    """Every address that the operating system has for a name; raises OSError."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(where[0]) for *_, where in found))


@dataclass(frozen=True, slots=True)
class Fetched:
    """One answer, its body decoded and within the cap."""

    #: Where it came from in the end.
    url: str
    #: 200 to 299, or 304: not changed since `etag` or `last_modified`.
    status: int
    #: Without its Content-Encoding.
    body: bytes
    #: The media type in lower case without parameters, or empty.
    content_type: str
    #: As the header declares it, or empty.
    charset: str
    #: To send with the next request for it, or empty.
    etag: str
    last_modified: str
    #: The address to use from now on where every redirect was a lasting one (301, 308), else empty.
    permanent_url: str


class Fetcher:
    """Asks web servers: holds the connections, the turns at each host, and what robots.txt files said.

    Safe to share between threads.
    """

    def __init__(
        self,
        *,
        user_agent: str,
        allow_private: bool = False,
        max_bytes: int = MAX_BYTES,
        timeout_s: float = TIMEOUT_S,
        max_redirects: int = MAX_REDIRECTS,
        gap_s: float = GAP_S,
        resolve: Resolver = resolve_by_system,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
        network: httpcore.NetworkBackend | None = None,
        ssl_context: ssl.SSLContext | None = None,
    ) -> None:
        """`allow_private` opens the networks of INTRANETS and no others.

        `clock` counts seconds and `sleep` waits for some; `network` makes the connections, after the check.
        """
        self._user_agent = user_agent
        self._max_bytes = max_bytes
        self._timeout_s = timeout_s
        self._max_redirects = max_redirects
        self._clock = clock
        self._deadline = _Deadline(clock)
        self._turns = HostTurns(gap_s, clock=clock, sleep=sleep)
        backend = _CheckedBackend(network or httpcore.SyncBackend(), resolve, allow_private, self._deadline)
        self._pool = httpcore.ConnectionPool(
            ssl_context=ssl_context or _trusting(),
            max_connections=None,
            max_keepalive_connections=KEEP_ALIVE_CONNECTIONS,
            keepalive_expiry=KEEP_ALIVE_S,
            network_backend=backend,
        )
        self._robots = Robots(self._ask_robots, user_agent, clock=clock)

    def get(
        self,
        url: str,
        *,
        etag: str = "",
        last_modified: str = "",
        accept: str = "*/*",
        timeout_s: float | None = None,
    ) -> Fetched:
        """What the address answers, after at most `max_redirects` redirects.

        `etag` and `last_modified` are those of the answer that the caller has: with them a 304 may come. Waiting for
        the turn at a host is not counted in the time; everything else is, from resolving to the last byte.

        Raises FetchError by its cause, and TooLargeError for a body over the cap.
        """
        headers = {"Accept": accept, "Accept-Encoding": "gzip, deflate", "User-Agent": self._user_agent}
        if _validator(etag):
            headers["If-None-Match"] = etag
        if _validator(last_modified):
            headers["If-Modified-Since"] = last_modified
        return self._get(read_address(url), headers, self._max_bytes, timeout_s or self._timeout_s)

    def allowed(self, url: str) -> bool:
        """Whether the site's robots.txt lets this user agent read the address; raises FetchError if it cannot be asked.

        Kept for a day. A site without one allows everything; a server that fails on it (429 or 5xx) is an
        HttpStatusError for ten minutes, since nothing may be read until it is known (RFC 9309, section 2.3.1).
        """
        return self._robots.allow(read_address(url))

    def close(self) -> None:
        """Close the connections."""
        self._pool.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _ask_robots(self, address: WebAddress, max_bytes: int) -> bytes:
        headers = {"Accept": "text/plain", "Accept-Encoding": "gzip, deflate", "User-Agent": self._user_agent}
        return self._get(address, headers, max_bytes, self._timeout_s, cut=True).body

    def _get(
        self, address: WebAddress, headers: dict[str, str], max_bytes: int, time_s: float, *, cut: bool = False
    ) -> Fetched:
        conditional = "If-None-Match" in headers or "If-Modified-Since" in headers
        permanent = True
        for hop in range(self._max_redirects + 1):
            with self._turns.turn(address.host):
                started = self._clock()
                with self._deadline.in_seconds(time_s), self._answer(address, headers) as answer:
                    if answer.status in _REDIRECTS and (location := answer.header("location")):
                        following = joined(address, location)
                    elif 200 <= answer.status < 300 or (answer.status == 304 and conditional):
                        body = self._body(answer, max_bytes, cut)
                        return answer.as_fetched(address, body, str(address) if hop and permanent else "")
                    else:
                        raise HttpStatusError(answer.status, answer.retry_after_s())
                time_s -= self._clock() - started
            permanent = permanent and answer.status in _PERMANENT
            address = following
        if self._max_redirects == 0:
            raise RedirectError(f"it leads on to {address}, and redirects are not followed here")
        raise RedirectError(f"too many redirects: more than {self._max_redirects}, the last to {address}")

    @contextmanager
    def _answer(self, address: WebAddress, headers: dict[str, str]) -> Iterator["_Answer"]:
        url = httpcore.URL(
            scheme=address.scheme, host=address.host, port=address.port, target=address.target.encode("ascii")
        )
        try:
            request = [("Host", address.host_header), *headers.items()]
            with self._pool.stream("GET", url, headers=request) as response:
                if len(response.headers) > MAX_HEADERS:
                    raise FetchError(f"the server sent {len(response.headers)} headers, more than {MAX_HEADERS}")
                yield _Answer(response)
        except _OutOfTimeError as e:
            self._raise_timeout(address, e)
        except httpcore.TimeoutException as e:
            self._raise_timeout(address, e)
        except (httpcore.NetworkError, httpcore.ProtocolError) as e:
            raise FetchError(f"{address.host} gave no sound answer: {e}") from e

    def _raise_timeout(self, address: WebAddress, cause: Exception) -> NoReturn:
        raise FetchTimeoutError(f"{address.host} gave no whole answer in {self._deadline.seconds:.3g} s") from cause

    def _body(self, answer: "_Answer", max_bytes: int, cut: bool) -> bytes:
        declared = answer.header("content-length")
        if not cut and declared.isdigit() and int(declared[:20]) > max_bytes:
            raise TooLargeError(f"the answer is said to have {int(declared[:20]):,} bytes, more than {max_bytes:,}")
        sent = _Counted(answer.chunks(), max_bytes)
        pieces: list[bytes] = []
        size = 0
        try:
            for piece in decoded(sent, answer.header("content-encoding")):
                self._deadline.check()
                pieces.append(piece)
                size += len(piece)
                if size > max_bytes:
                    raise TooLargeError(f"the answer has more than {max_bytes:,} bytes")
        except TooLargeError:
            if not cut:
                raise
        return b"".join(pieces)[:max_bytes]


class _Counted:
    """Chunks as they come, to a limit: endless input that decodes to nothing must end as well."""

    def __init__(self, chunks: Iterable[bytes], max_bytes: int) -> None:
        self._chunks = chunks
        self._left = max_bytes

    def __iter__(self) -> Iterator[bytes]:
        for chunk in self._chunks:
            self._left -= len(chunk)
            yield chunk
            if self._left < 0:
                raise TooLargeError("the answer goes on beyond the limit")


class _Answer:
    """A response whose headers are here and whose body may be."""

    def __init__(self, response: httpcore.Response) -> None:
        self._response = response
        self.status = int(response.status)
        self._headers = {name.lower(): value for name, value in reversed(response.headers)}

    def header(self, name: str) -> str:
        """The first value of a header, or nothing."""
        value = self._headers.get(name.encode("ascii"), b"")
        try:
            return value.decode("utf-8").strip()
        except UnicodeDecodeError:
            return value.decode("latin-1").strip()

    def chunks(self) -> Iterator[bytes]:
        """The body as it was sent."""
        return iter(self._response.iter_stream())

    def retry_after_s(self) -> float | None:
        """How long the server asks to be left alone: given in seconds, or as a date beside its own clock's."""
        written = self.header("retry-after")
        if not written:
            return None
        if written.isascii() and written.isdigit():
            return min(float(written[:20]), MAX_RETRY_AFTER_S)
        at = _http_date(written)
        if at is None:
            return None
        server_now = _http_date(self.header("date")) or datetime.now(UTC)
        return min(max((at - server_now).total_seconds(), 0.0), MAX_RETRY_AFTER_S)

    def as_fetched(self, address: WebAddress, body: bytes, permanent_url: str) -> Fetched:
        """The answer as it is handed out."""
        media = self.header("content-type")
        charset = _CHARSET.search(media)
        return Fetched(
            url=str(address),
            status=self.status,
            body=body,
            content_type=media.partition(";")[0].strip().lower()[:100],
            charset=charset[1] if charset else "",
            etag=_validator(self.header("etag")),
            last_modified=_validator(self.header("last-modified")),
            permanent_url=permanent_url,
        )


def _validator(value: str) -> str:
    """A validator, if it can be sent back as it came."""
    return value if value.isascii() and value.isprintable() and len(value) <= MAX_VALIDATOR_CHARS else ""


def _http_date(written: str) -> datetime | None:
    try:
        moment = parsedate_to_datetime(written)
    except (ValueError, TypeError, OverflowError):
        return None
    return moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)


class _OutOfTimeError(Exception):
    pass


class _Deadline(threading.local):
    """When the request that this thread is making must be done."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._until = math.inf
        self.seconds = math.inf

    @contextmanager
    def in_seconds(self, seconds: float) -> Iterator[None]:
        self.seconds = seconds
        self._until = self._clock() + seconds
        try:
            yield
        finally:
            self._until = math.inf

    def check(self) -> float:
        """Seconds left; raises where there are none."""
        left_s = self._until - self._clock()
        if left_s <= 0:
            raise _OutOfTimeError
        return left_s

    def within(self, timeout_s: float | None) -> float | None:
        """A time-out that ends with the deadline at the latest."""
        left_s = min(self.check(), math.inf if timeout_s is None else timeout_s)
        return None if math.isinf(left_s) else left_s


class _CheckedBackend(httpcore.NetworkBackend):
    """Connects to what a name resolves to, once every one of its addresses has been checked."""

    def __init__(
        self, network: httpcore.NetworkBackend, resolve: Resolver, allow_private: bool, deadline: _Deadline
    ) -> None:
        self._network = network
        self._resolve = resolve
        self._allow_private = allow_private
        self._deadline = deadline

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.NetworkStream:
        """A connection to a checked address of the host; raises BlockedAddressError and httpcore's errors."""
        failure: Exception | None = None
        for address in self._checked(host, port):
            try:
                within_s = self._deadline.within(CONNECT_TIMEOUT_S if timeout is None else timeout)
                stream = self._network.connect_tcp(address, port, within_s, local_address, socket_options)
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as e:
                failure = e
            else:
                return _BoundedStream(stream, self._deadline)
        raise failure or httpcore.ConnectError("its name has no address")

    def _checked(self, host: str, port: int) -> list[str]:
        try:
            addresses = [ipaddress.ip_address(host)]
        except ValueError:
            addresses = self._resolved(host, port)
        for address in addresses:
            why = why_denied(address, allow_private=self._allow_private)
            if why:
                named = str(address) if str(address) == host else f"{host} ({address})"
                raise BlockedAddressError(f"refused: {named} is {why}, not a server of the public web")
        return [str(address) for address in addresses]

    def _resolved(self, host: str, port: int) -> list[ipaddress.IPv4Address | ipaddress.IPv6Address]:
        """What the name resolves to, in the time that is left: the system's resolver knows no deadline of its own."""
        found: list[str] = []
        failures: list[Exception] = []

        def ask() -> None:
            try:
                found.extend(self._resolve(host, port))
            except (OSError, UnicodeError) as e:
                failures.append(e)

        asking = threading.Thread(target=ask, name=f"resolve {host}", daemon=True)
        asking.start()
        asking.join(self._deadline.within(None))
        if asking.is_alive():
            raise _OutOfTimeError
        if failures:
            raise httpcore.ConnectError(f"its name cannot be resolved ({failures[0]})") from failures[0]
        # A scope ("%eth0") names a network card; what is behind it is link-local and refused without it as well.
        return [ipaddress.ip_address(address.partition("%")[0]) for address in found]


class _BoundedStream(httpcore.NetworkStream):
    """A connection whose every wait ends with the deadline of the request, however often a byte comes."""

    def __init__(self, stream: httpcore.NetworkStream, deadline: _Deadline) -> None:
        self._stream = stream
        self._deadline = deadline

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self._stream.read(max_bytes, self._deadline.within(timeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._stream.write(buffer, self._deadline.within(timeout))

    def close(self) -> None:
        self._stream.close()

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.NetworkStream:
        stream = self._stream.start_tls(ssl_context, server_hostname, self._deadline.within(timeout))
        return _BoundedStream(stream, self._deadline)

    def get_extra_info(self, info: str) -> Any:
        return self._stream.get_extra_info(info)


def _trusting() -> ssl.SSLContext:
    """The certificates that the system trusts (an intranet's own among them), and those that browsers do."""
    context = ssl.create_default_context()
    context.load_verify_locations(certifi.where())
    return context


def open_fetcher(settings: Settings) -> Fetcher:
    """The client that the settings describe."""
    return Fetcher(
        user_agent=settings.user_agent,
        allow_private=settings.allow_private_addresses,
        max_bytes=settings.max_fetch_bytes,
        timeout_s=settings.fetch_timeout_s,
    )
