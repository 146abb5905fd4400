import asyncio
from collections.abc import MutableMapping
from typing import Any

import pytest
from starlette.types import Receive, Scope, Send

from map_app.ui import upload_gate
from map_app.ui.upload_gate import MAX_SESSIONS, UploadGate


def status(method: str, path: str, kind: str = "http") -> int:
    """What is answered to a request; 204 where it came through to the server behind the gate."""
    sent: list[MutableMapping[str, Any]] = []

    async def server(_scope: Scope, _receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 204})

    async def receive() -> MutableMapping[str, Any]:
        raise AssertionError("the body of what is refused must not be read")

    async def send(message: MutableMapping[str, Any]) -> None:
        sent.append(message)

    asyncio.run(UploadGate(server)({"type": kind, "method": method, "path": path}, receive, send))
    answer: int = sent[0]["status"]
    return answer


def test_a_session_may_upload_while_it_is_admitted() -> None:
    assert status("PUT", "/_stcore/upload_file/gate-1/file") == 403
    upload_gate.admit("gate-1")
    assert status("PUT", "/_stcore/upload_file/gate-1/file") == 204
    assert status("PUT", "/_stcore/upload_file/gate-2/file") == 403
    upload_gate.shut("gate-1")
    assert status("PUT", "/_stcore/upload_file/gate-1/file") == 403


@pytest.mark.parametrize(
    "path",
    [
        "/_stcore/upload_file/visitor/file",
        "/base/path/_stcore/upload_file/visitor/file",
        "/_stcore/upload_file//visitor/file",
        "/_stcore/upload_file/",
        "/_stcore/upload_file/visitor/../gate-3/file",
    ],
)
def test_every_way_to_write_the_address_is_refused_to_a_visitor(path: str) -> None:
    upload_gate.admit("gate-3")
    assert status("PUT", path) == 403
    assert status("POST", path) == 403


def test_everything_else_passes() -> None:
    assert status("GET", "/_stcore/health") == 204
    assert status("GET", "/") == 204
    assert status("OPTIONS", "/_stcore/upload_file/visitor/file") == 204
    assert status("PUT", "/_stcore/upload_file/visitor/file", kind="websocket") == 204


def test_sessions_that_were_admitted_long_ago_are_forgotten() -> None:
    upload_gate.admit("first")
    for number in range(MAX_SESSIONS):
        upload_gate.admit(f"later {number}")
    assert status("PUT", "/_stcore/upload_file/first/file") == 403
