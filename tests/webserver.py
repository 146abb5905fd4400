"""A web server on loopback that behaves as badly as it is told."""

import ssl
import threading
from collections.abc import Callable, Iterable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import httpcore

Route = Callable[[BaseHTTPRequestHandler], None]


class WebServer:
    """A server on loopback: each path is answered by the function that stands for it, any other with 404."""

    def __init__(self) -> None:
        self.routes: dict[str, Route] = {}
        #: Path and headers of every request, in order.
        self.requests: list[tuple[str, dict[str, str]]] = []
        #: The other end of the connection that each came by.
        self.clients: list[object] = []
        server = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                server.clients.append(self.client_address)
                server.requests.append((self.path, {name.lower(): value for name, value in self.headers.items()}))
                route = server.routes.get(self.path.partition("?")[0], answering(b"", 404))
                try:
                    route(self)
                except (BrokenPipeError, ConnectionResetError):
                    self.close_connection = True

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self._server.block_on_close = False
        self.port = int(self._server.server_address[1])
        self.url = f"http://127.0.0.1:{self.port}"
        threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True).start()

    def secure(self, context: ssl.SSLContext) -> None:
        """Speak TLS from now on."""
        self._server.socket = context.wrap_socket(self._server.socket, server_side=True, do_handshake_on_connect=False)

    def paths(self) -> list[str]:
        return [path for path, _ in self.requests]

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


def answering(body: bytes, status: int = 200, **headers: str) -> Route:
    """A route that answers properly; `content_type` becomes Content-Type."""

    def route(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(status)
        for name, value in headers.items():
            handler.send_header(name.replace("_", "-"), value)
        handler.send_header("Content-Length", str(len(body)))
        handler.end_headers()
        handler.wfile.write(body)

    return route


def redirecting(location: str, status: int = 302) -> Route:
    return answering(b"", status, location=location)


def raw(pieces: Iterable[bytes]) -> Route:
    """A route that writes bytes as they are and hangs up."""

    def route(handler: BaseHTTPRequestHandler) -> None:
        handler.close_connection = True
        for piece in pieces:
            handler.wfile.write(piece)
            handler.wfile.flush()

    return route


class PublicNetwork(httpcore.NetworkBackend):
    """The network beyond the check: every address leads to one loopback server, and is noted.

    With it the real deny list runs on the addresses that a resolver gives, and nothing leaves the machine.
    """

    def __init__(self, port: int) -> None:
        self._port = port
        self.connected: list[str] = []

    def connect_tcp(
        self, host: str, port: int, timeout: float | None = None, local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.NetworkStream:  # fmt: skip
        self.connected.append(host)
        return httpcore.SyncBackend().connect_tcp("127.0.0.1", self._port, timeout)
