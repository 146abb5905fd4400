"""Who may send files at all: Streamlit takes them from every session, whether or not it drew an uploader.

What it takes it keeps in memory until the session ends, without a limit on their number. So uploads are refused before
their body is read, unless the page has just drawn the uploader for an editor in that session.
"""

import re
import threading
from collections import OrderedDict

from starlette.types import ASGIApp, Receive, Scope, Send

#: Sessions that may upload, the latest; each run of an editor's page admits its session again.
MAX_SESSIONS = 1000

_UPLOAD = re.compile(r"_stcore/upload_file/+([^/]*)")

_admitted: OrderedDict[str, None] = OrderedDict()
_lock = threading.Lock()


def admit(session_id: str) -> None:
    """Let this session upload."""
    with _lock:
        _admitted[session_id] = None
        _admitted.move_to_end(session_id)
        while len(_admitted) > MAX_SESSIONS:
            _admitted.popitem(last=False)


def shut(session_id: str) -> None:
    """Let it upload no more."""
    with _lock:
        _admitted.pop(session_id, None)


class UploadGate:
    """ASGI middleware that refuses uploads of sessions that were not admitted."""

    def __init__(self, app: ASGIApp) -> None:
        """Stand before `app`."""
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass everything on but uploads of visitors."""
        if scope["type"] != "http" or not _refused(scope["method"], scope["path"]):
            await self._app(scope, receive, send)
            return
        headers = [(b"content-type", b"text/plain; charset=utf-8"), (b"connection", b"close")]
        await send({"type": "http.response.start", "status": 403, "headers": headers})
        await send({"type": "http.response.body", "body": b"Only editors may upload files here."})


def _refused(method: str, path: str) -> bool:
    named = _UPLOAD.search(path)
    # OPTIONS tells a browser what it may ask for, DELETE only takes away.
    if named is None or method in {"OPTIONS", "DELETE"}:
        return False
    with _lock:
        return named[1] not in _admitted
