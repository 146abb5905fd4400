"""What a visitor can say to the server, over a websocket of its own, that Streamlit's browser part would not."""

from pathlib import Path

import pytest
from streamlit.proto.BackMsg_pb2 import BackMsg

from map_app.ui.message_gate import REFUSED
from scripts.serving import serve
from tests.browser.raw_session import connected, pressed

pytestmark = pytest.mark.browser


def test_a_visitor_cannot_empty_what_all_visitors_share(tmp_path: Path) -> None:
    with serve({"MAP_APP_STORE": str(tmp_path / "none.sqlite")}) as url, connected(url) as visitor:
        assert "close-try" in visitor.run([pressed(visitor.run().ids["open-try"])]).ids
        for kind in sorted(REFUSED):
            visitor.say(BackMsg(**{kind: True}))
        # Clearing the shared caches clears the state of the session that asks for it too.
        drawn = visitor.run()
        assert "close-try" in drawn.ids
        assert "git_info" not in drawn.text
