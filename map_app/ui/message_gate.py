"""What a browser may say to the server: what concerns the page of its own session, and nothing that concerns all.

Streamlit takes from every session, over its websocket, messages of its developer's menu, though this page has no such
menu: one empties the caches that all visitors share, so that whoever repeats it has every answer computed anew for
everybody; another is answered with the names of files of the project's repository. Nobody needs them here, editors
neither, so that they are dropped before the server sees them. There is no setting for it.

What must outlive a cache is in none all the same: sign-in attempts, open stores, and who may upload.
"""

from google.protobuf.message import DecodeError
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from streamlit.proto.BackMsg_pb2 import BackMsg

#: By their names in Streamlit's BackMsg.
REFUSED = frozenset({"clear_cache", "load_git_info", "set_run_on_save"})


class MessageGate:
    """ASGI middleware that drops what no browser has to say to this page."""

    def __init__(self, app: ASGIApp) -> None:
        """Stand before `app`."""
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass everything on but those messages."""

        async def receive_allowed() -> Message:
            while True:
                message = await receive()
                if message["type"] != "websocket.receive" or not _refused(message.get("bytes") or b""):
                    return message

        await self._app(scope, receive_allowed if scope["type"] == "websocket" else receive, send)


def _refused(data: bytes) -> bool:
    said = BackMsg()
    try:
        said.ParseFromString(data)
    except DecodeError:
        return False  # the server closes such a connection itself
    return said.WhichOneof("type") in REFUSED
