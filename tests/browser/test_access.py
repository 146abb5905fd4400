"""Who may write, tried with what a hostile client can say: over a websocket of its own, not through the page."""

import os
import socket
import subprocess
import sys
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from streamlit.proto.WidgetStates_pb2 import WidgetState
from websockets.exceptions import InvalidStatus

from map_app.store import Store
from map_app.ui.attempts import FREE
from scripts.serving import ROOT, free_port, serve, wait_for
from tests.browser.raw_session import Drawn, RawSession, connected, holding, pressed, typed

pytestmark = pytest.mark.browser

PASSWORD = "correct horse battery staple"  # noqa: S105 - of the servers that these tests start
CSV = b'title,text\nRain in Osaka,"OSAKA, Japan - Rain fell in Osaka."\n'


@dataclass(frozen=True)
class Site:
    url: str
    store: Path

    def articles(self) -> int:
        """How many articles the owner's store holds; none where there is no store."""
        if not self.store.exists():
            return 0
        with Store.open(self.store, read_only=True) as store:
            return store.counts().articles


@pytest.fixture(scope="module")
def local(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """A page on this machine alone, with no sign-in set up."""
    folder = tmp_path_factory.mktemp("local")
    with serve({"MAP_APP_STORE": str(folder / "s.sqlite")}, f"--secrets.files={folder / 'none.toml'}") as url:
        yield Site(url, folder / "s.sqlite")


@contextmanager
def with_password(folder: Path, **settings: str) -> Iterator[Site]:
    """A page whose editors sign in with a password, and that takes files of up to a megabyte."""
    secrets = folder / "secrets.toml"
    secrets.write_text(f'[editors]\npassword = "{PASSWORD}"\n', encoding="utf-8")
    options = (f"--secrets.files={secrets}", "--server.maxUploadSize=1")
    with serve({"MAP_APP_STORE": str(folder / "s.sqlite")} | settings, *options) as url:
        yield Site(url, folder / "s.sqlite")


def sign_in(session: RawSession, password: str) -> Drawn:
    """What the page draws when this password is given."""
    door = session.run([pressed(session.run().ids["editors"])])
    form = next(key for key in door.ids if key.startswith("FormSubmitter:sign-in"))
    return session.run([pressed(door.ids["editors"]), typed(door.ids["password"], password), pressed(door.ids[form])])


def test_the_owner_at_the_machine_is_offered_to_add_articles(local: Site) -> None:
    with connected(local.url) as owner:
        assert "open-add" in owner.run().ids


@pytest.mark.parametrize(
    ("host", "origin", "headers"),
    [
        pytest.param("evil.example:8501", "", {}, id="a site whose name leads to this machine (DNS rebinding)"),
        pytest.param("", "", {"X-Forwarded-For": "203.0.113.7"}, id="somebody behind a proxy on this machine"),
        pytest.param("", "", {"Forwarded": "for=203.0.113.7"}, id="behind a proxy that says so by the standard"),
        pytest.param("", None, {}, id="a program that names no page"),
        pytest.param("", "http://localhost:3000", {}, id="a page of another server on this machine"),
    ],
)
def test_whoever_else_connects_is_a_visitor(
    local: Site, host: str, origin: str | None, headers: dict[str, str]
) -> None:
    with connected(local.url, host=host, origin=origin, headers=headers) as visitor:
        drawn = visitor.run()
        assert "open-try" in drawn.ids
        assert "open-add" not in drawn.ids
        assert visitor.upload(CSV)[0] == 403


def test_a_page_of_another_site_cannot_even_connect(local: Site) -> None:
    with pytest.raises(InvalidStatus), connected(local.url, origin="https://evil.example"):
        pass


def test_a_server_that_was_not_told_to_listen_here_alone_is_read_only(tmp_path: Path) -> None:
    port = free_port()
    command = [sys.executable, "-m", "uvicorn", "streamlit_app:app", f"--port={port}", "--log-level=warning"]
    environment = {name: value for name, value in os.environ.items() if not name.startswith("MAP_APP_")}
    environment |= {
        "MAP_APP_STORE": str(tmp_path / "s.sqlite"),
        "STREAMLIT_SECRETS_FILES": str(tmp_path / "none.toml"),
    }
    with subprocess.Popen(command, cwd=ROOT, env=environment) as server:
        try:
            wait_for(f"http://127.0.0.1:{port}/_stcore/health", server, 120)
            with connected(f"http://127.0.0.1:{port}") as visitor:
                drawn = visitor.run()
                assert "open-add" not in drawn.ids
                assert "for reading" in visitor.run([pressed(drawn.ids["editors"])]).text
        finally:
            server.terminate()


def test_secrets_that_cannot_be_read_let_nobody_in(tmp_path: Path) -> None:
    secrets = tmp_path / "secrets.toml"
    secrets.write_text("[editors\npassword =", encoding="utf-8")
    with (
        serve({"MAP_APP_STORE": str(tmp_path / "s.sqlite")}, f"--secrets.files={secrets}") as url,
        connected(url) as visitor,
    ):
        drawn = visitor.run()
        assert "open-add" not in drawn.ids
        said = visitor.run([pressed(drawn.ids["editors"])]).text
        assert "not set up right" in said
        assert str(tmp_path) not in said


def test_a_visitor_who_sends_all_that_an_editor_sends_writes_nothing(tmp_path: Path) -> None:
    with with_password(tmp_path) as site, connected(site.url) as editor, connected(site.url) as visitor:
        first = visitor.run()
        assert "open-add" not in first.ids
        assert visitor.upload(CSV)[0] == 403

        signed = sign_in(editor, PASSWORD)
        panel = editor.run([pressed(signed.ids["open-add"])])
        status, file_id = editor.upload(CSV)
        assert status == 204
        uploader = holding(panel.ids["upload-0"], file_id, len(CSV))
        editor.kept["upload-0"] = uploader
        ready = editor.run()
        assert "Rain in Osaka" in ready.text

        # The editor is one press away from writing. A visitor knows every widget of that page and says the same.
        everything = [*map(pressed, (signed.ids["open-add"], ready.ids["add"])), uploader]
        for _ in range(2):
            shown = visitor.run(everything)
            assert "Rain in Osaka" not in shown.text
            assert not {"add", "upload-0", "open-add"} & shown.ids.keys()
        # What the page keeps in the session cannot be said from outside either.
        forged = [
            WidgetState(id="adding", bool_value=True),
            WidgetState(id="signed_in", bool_value=True),
            WidgetState(id="signed_in", json_value='{"password": ""}'),
            WidgetState(id="job", json_value="{}"),
        ]
        for state in forged:
            assert "open-add" not in visitor.run([state, *everything]).ids
        # Nor does it help to send a file in the name of the editor's session without knowing its id.
        assert visitor.upload(CSV, session_id="00000000-0000-0000-0000-000000000000")[0] == 403
        time.sleep(1)
        assert site.articles() == 0

        # The same press by the editor does write: what is refused above is refused for who says it.
        editor.run([pressed(ready.ids["add"])])
        end = time.monotonic() + 60
        while site.articles() == 0 and time.monotonic() < end:
            time.sleep(0.1)
        assert site.articles() == 1
        # And a visitor sees it without a restart.
        assert "1 of 1 article" in visitor.run().text


def test_a_visitor_who_sends_what_follows_a_feed_has_nobody_asked(tmp_path: Path) -> None:
    with (
        socket.create_server(("127.0.0.1", 0)) as feed,
        with_password(tmp_path, MAP_APP_ALLOW_PRIVATE_ADDRESSES="yes") as site,
        connected(site.url) as editor,
        connected(site.url) as visitor,
    ):
        signed = sign_in(editor, PASSWORD)
        panel = editor.run([pressed(signed.ids["open-add"])])
        tab = WidgetState(id=panel.ids["add-from"])
        tab.string_array_value.data.append("Feeds")
        editor.kept["tab"] = tab
        form = editor.run().ids
        send = next(widget_id for key, widget_id in form.items() if key.startswith("FormSubmitter:follow"))
        address = typed(form["feed-0"], f"http://127.0.0.1:{feed.getsockname()[1]}/feed")

        visitor.run()
        for _ in range(2):
            drawn = visitor.run([pressed(signed.ids["open-add"]), tab, address, pressed(send)])
            assert "feed-0" not in drawn.ids
        feed.settimeout(2)
        with pytest.raises(TimeoutError):
            feed.accept()
        assert not site.store.exists()

        # The editor's own press does have the feed asked.
        editor.run([address, pressed(send)])
        feed.settimeout(30)
        feed.accept()[0].close()


def test_a_session_is_resumed_by_its_whole_id_and_no_guess_at_it(tmp_path: Path) -> None:
    with with_password(tmp_path) as site, connected(site.url) as editor:
        assert "open-add" in sign_in(editor, PASSWORD).ids
        known = editor.session_id
        for guess in (str(uuid.uuid4()), known[:-1] + ("0" if known[-1] != "0" else "1"), known.upper(), "*", "0"):
            with connected(site.url, resumes=guess) as stranger:
                assert "open-add" not in stranger.run().ids
                assert stranger.session_id not in {known, guess}
        assert "open-add" in editor.run().ids
        # The editor's own tab, whose connection broke, goes on.
        with connected(site.url, resumes=known) as again:
            assert "open-add" in again.run().ids


def test_an_editor_who_signed_out_writes_nothing_more(tmp_path: Path) -> None:
    with with_password(tmp_path) as site, connected(site.url) as editor:
        signed = sign_in(editor, PASSWORD)
        panel = editor.run([pressed(signed.ids["open-add"])])
        _, file_id = editor.upload(CSV)
        editor.kept["upload-0"] = holding(panel.ids["upload-0"], file_id, len(CSV))
        ready = editor.run()
        back = editor.run([pressed(ready.ids["close-add"])])
        out = editor.run([pressed(back.ids["sign-out"])])
        assert "open-add" not in out.ids
        assert "open-add" not in editor.run([pressed(ready.ids["add"]), pressed(signed.ids["open-add"])]).ids
        assert editor.upload(CSV)[0] == 403
        time.sleep(0.5)
        assert site.articles() == 0


def test_a_file_over_the_limit_is_refused_to_an_editor_too(tmp_path: Path) -> None:
    with with_password(tmp_path) as site, connected(site.url) as editor:
        editor.run([pressed(sign_in(editor, PASSWORD).ids["open-add"])])
        assert editor.upload(b"x" * 1_100_000)[0] == 413
        assert editor.upload(CSV)[0] == 204


def test_wrong_passwords_are_counted_over_all_sessions(tmp_path: Path) -> None:
    with with_password(tmp_path) as site:
        for _ in range(FREE + 1):
            with connected(site.url) as guesser:
                assert "That is not the password" in sign_in(guesser, "a guess at the password").text
        with connected(site.url) as newcomer:
            shown = sign_in(newcomer, PASSWORD)
            assert "Too many wrong passwords" in shown.text
            assert "open-add" not in newcomer.run().ids
            end = time.monotonic() + 30
            while "open-add" not in sign_in(newcomer, PASSWORD).ids:
                assert time.monotonic() < end, "the wait must end"
                time.sleep(0.3)
