import asyncio
from collections.abc import MutableMapping
from typing import Any

import pytest
from starlette.types import Receive, Scope, Send
from streamlit.proto.BackMsg_pb2 import BackMsg

from map_app.ui.message_gate import REFUSED, MessageGate

KINDS = [field.name for field in BackMsg.DESCRIPTOR.oneofs_by_name["type"].fields]


def of_kind(kind: str) -> bytes:
    """A message of Streamlit's browser part, empty but for its kind."""
    message = BackMsg()
    if message.DESCRIPTOR.fields_by_name[kind].message_type is None:
        setattr(message, kind, True)
    else:
        getattr(message, kind).SetInParent()
    return message.SerializeToString()


def passed(*messages: MutableMapping[str, Any], kind: str = "websocket") -> list[MutableMapping[str, Any]]:
    """Those of the messages that come through to the server behind the gate."""
    came = iter([*messages, {"type": "websocket.disconnect"}])
    got: list[MutableMapping[str, Any]] = []

    async def server(_scope: Scope, receive: Receive, _send: Send) -> None:
        while (message := await receive())["type"] != "websocket.disconnect":
            got.append(message)

    async def receive() -> MutableMapping[str, Any]:
        return next(came)

    async def send(_message: MutableMapping[str, Any]) -> None:
        raise AssertionError("the gate says nothing itself")

    asyncio.run(MessageGate(server)({"type": kind}, receive, send))
    return got


@pytest.mark.parametrize("kind", KINDS)
def test_what_concerns_all_visitors_is_dropped_and_the_rest_comes_through(kind: str) -> None:
    message = {"type": "websocket.receive", "bytes": of_kind(kind)}
    after = {"type": "websocket.receive", "bytes": of_kind("app_heartbeat")}
    assert passed(message, after) == ([after] if kind in REFUSED else [message, after])


def test_every_kind_that_is_dropped_is_one_of_streamlits() -> None:
    assert set(KINDS) >= REFUSED


@pytest.mark.parametrize(
    "message",
    [
        {"type": "websocket.connect"},
        {"type": "websocket.receive", "text": "clear_cache"},
        {"type": "websocket.receive", "bytes": None, "text": "x"},
        {"type": "websocket.receive", "bytes": b"\xff\xff\xff"},
        {"type": "websocket.receive", "bytes": b""},
    ],
    ids=str,
)
def test_what_is_no_message_is_left_to_the_server(message: MutableMapping[str, Any]) -> None:
    assert passed(message) == [message]


def test_a_message_cannot_be_hidden_behind_another() -> None:
    # Of several kinds in one message the last counts, for the server as for the gate.
    hidden = {"type": "websocket.receive", "bytes": of_kind("app_heartbeat") + of_kind("clear_cache")}
    shown = {"type": "websocket.receive", "bytes": of_kind("clear_cache") + of_kind("app_heartbeat")}
    assert passed(hidden, shown) == [shown]


def test_requests_are_none_of_its_business() -> None:
    message = {"type": "http.request", "body": of_kind("clear_cache")}
    assert passed(message, kind="http") == [message]
