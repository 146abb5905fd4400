"""A geocoding service on loopback."""

import json
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

import pytest

ANSWER = {
    "lat": "48.5132",
    "lon": "37.7082",
    "display_name": "Ivanopillia, Donetsk Oblast, Ukraine",
    "name": "Ivanopillia",
    "addresstype": "village",
    "osm_type": "node",
    "osm_id": 7,
    "address": {"state": "Donetsk Oblast", "country_code": "ua"},
}


class FakeService:
    """A geocoding service on loopback that answers as it is told and notes every request."""

    def __init__(self) -> None:
        self.status = 200
        self.body: bytes = json.dumps([ANSWER]).encode()
        self.headers: dict[str, str] = {}
        self.byte_every_s = 0.0
        self.known: set[str] | None = None
        self.requests: list[tuple[float, dict[str, list[str]], str]] = []
        service = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                asked = parse_qs(urlsplit(self.path).query)
                service.requests.append((time.time(), asked, self.headers["User-Agent"]))
                self.send_response(service.status)
                for name, value in service.headers.items():
                    self.send_header(name, value)
                self.end_headers()
                unknown = service.known is not None and not service.known & set(asked.get("q", []))
                body = b"[]" if unknown else service.body
                try:
                    if service.byte_every_s:
                        for byte in body:
                            self.wfile.write(bytes([byte]))
                            time.sleep(service.byte_every_s)
                    else:
                        self.wfile.write(body)
                except (BrokenPipeError, ConnectionResetError):
                    pass

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self._server.block_on_close = False
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"
        threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True).start()

    def answer(self, **changes: object) -> None:
        self.body = json.dumps([{**ANSWER, **changes}]).encode()

    def answers_only(self, *names: str) -> None:
        self.known = set(names)

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


@pytest.fixture
def service() -> Iterator[FakeService]:
    fake = FakeService()
    yield fake
    fake.close()
