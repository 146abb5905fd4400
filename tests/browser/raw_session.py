"""Speaks to the page's server as Streamlit's own browser part does, and says what no browser would."""

import http.client
import re
import socket
import uuid
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from streamlit.proto.WidgetStates_pb2 import WidgetState
from websockets.sync.client import ClientConnection, connect
from websockets.typing import Origin, Subprotocol

_WIDGET_ID = re.compile(r'\$\$ID-[0-9a-f]+-[^"\\]+')


@dataclass(slots=True)
class Drawn:
    """What one run of the page sent."""

    #: Widgets by the key that the page gives them.
    ids: dict[str, str] = field(default_factory=dict)
    #: All messages as text.
    text: str = ""


@contextmanager
def connected(
    site: str,
    *,
    host: str = "",
    origin: str | None = "",
    headers: Mapping[str, str] | None = None,
    resumes: str = "",
) -> Iterator["RawSession"]:
    """Open a session, as a browser would that was sent to this host by a page of this origin.

    With `resumes` it asks to go on with the session of that id, as after a connection that broke.
    """
    at = urlsplit(site)
    host = host or at.netloc
    with connect(
        f"ws://{host}/_stcore/stream",
        sock=socket.create_connection(("127.0.0.1", at.port or 80)),
        origin=Origin(f"http://{host}" if origin == "" else origin) if origin is not None else None,
        subprotocols=[Subprotocol(name) for name in ("streamlit", *(("none", resumes) if resumes else ()))],
        additional_headers=headers,
        max_size=None,
        proxy=None,
    ) as websocket:
        yield RawSession(websocket, at.port or 80)


class RawSession:
    """One session over a websocket of its own."""

    def __init__(self, websocket: ClientConnection, port: int) -> None:
        self._socket = websocket
        self._at = ("127.0.0.1", port)
        self.session_id = ""
        #: Said again with each run, as a browser does with what is filled in.
        self.kept: dict[str, WidgetState] = {}

    def run(self, widgets: Iterable[WidgetState] = ()) -> Drawn:
        """Have the page run with these widgets' values, and those `kept`; all that it draws until it is through."""
        message = BackMsg()
        message.rerun_script.query_string = ""
        message.rerun_script.widget_states.widgets.extend([*self.kept.values(), *widgets])
        self.say(message)
        drawn = Drawn()
        while True:
            data = self._socket.recv(timeout=60)
            assert isinstance(data, bytes)
            said = ForwardMsg.FromString(data)
            if said.WhichOneof("type") == "new_session":
                self.session_id = said.new_session.initialize.session_id
                drawn = Drawn()  # a page that asks to be run again draws itself anew
            drawn.text += str(said)
            for widget_id in _WIDGET_ID.findall(str(said)):
                drawn.ids[widget_id.split("-", 2)[2]] = widget_id
            if (
                said.WhichOneof("type") == "script_finished"
                and said.script_finished == ForwardMsg.FINISHED_SUCCESSFULLY
            ):
                return drawn

    def say(self, message: BackMsg) -> None:
        """Send a message and wait for nothing."""
        self._socket.send(message.SerializeToString())

    def upload(self, data: bytes, name: str = "articles.csv", *, session_id: str = "") -> tuple[int, str]:
        """Send a file to the address that uploads go to; the answer's status and the file's id."""
        file_id = str(uuid.uuid4())
        connection = http.client.HTTPConnection(*self._at, timeout=60)
        connection.request("GET", "/_stcore/health")
        answer = connection.getresponse()
        answer.read()
        cookie = (answer.getheader("Set-Cookie") or "").split(";")[0]
        body = (
            f'--limit\r\nContent-Disposition: form-data; name="file"; filename="{name}"\r\n'
            "Content-Type: text/csv\r\n\r\n"
        ).encode() + data
        connection.request(
            "PUT",
            f"/_stcore/upload_file/{session_id or self.session_id}/{file_id}",
            body + b"\r\n--limit--\r\n",
            {
                "Content-Type": "multipart/form-data; boundary=limit",
                "Cookie": cookie,
                "X-Xsrftoken": cookie.partition("=")[2],
            },
        )
        status = connection.getresponse().status
        connection.close()
        return status, file_id


def pressed(widget_id: str) -> WidgetState:
    """A button that was just pressed."""
    return WidgetState(id=widget_id, trigger_value=True)


def typed(widget_id: str, text: str) -> WidgetState:
    """A field that holds a text."""
    return WidgetState(id=widget_id, string_value=text)


def holding(widget_id: str, file_id: str, size: int, name: str = "articles.csv") -> WidgetState:
    """An uploader that holds a file."""
    state = WidgetState(id=widget_id)
    info = state.file_uploader_state_value.uploaded_file_info.add()
    info.file_id, info.name, info.size = file_id, name, size
    info.file_urls.file_id = file_id
    return state
