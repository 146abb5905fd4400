"""The commands for feeds, as a person types them, against a real site."""

import subprocess
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from map_app.cli import build_parser
from map_app.gazetteer.lookup import Gazetteer
from map_app.sources.opml import read_opml
from tests.test_cli import run

FEED = """<rss version="2.0"><channel><title>Example News</title><link>https://example.org/</link>
<item><title>Trains run to Lviv</title><guid isPermaLink="false">a</guid>
<description>A train from Kyiv, Ukraine.</description></item>
</channel></rss>"""
LINK = '<link rel="alternate" type="application/rss+xml" href="/{}" title="{}">'
PAGES = {
    "/feed": FEED,
    "/one": f"<html><head>{LINK.format('feed', 'News')}</head><body>Hello</body></html>",
    "/two": f"<html><head>{LINK.format('feed', 'News')}{LINK.format('other', 'Sport')}</head><body>Hi</body></html>",
    "/none": "<html><body>Hello</body></html>",
}


class Handler(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        body = PAGES.get(self.path)
        self.send_response(404 if body is None else 200)
        self.end_headers()
        self.wfile.write((body or "").encode())

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  # the base class's name
        pass


@pytest.fixture(scope="module")
def address(gazetteer: Gazetteer) -> Iterator[str]:
    del gazetteer  # the commands find it built
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    server.server_close()


@pytest.fixture
def store(tmp_path: Path) -> Path:
    return tmp_path / "s.sqlite"


def feeds(store: Path, *words: str, stdin: str = "") -> subprocess.CompletedProcess[str]:
    return run("feeds", *words, store=store, stdin=stdin, MAP_APP_ALLOW_PRIVATE_ADDRESSES="yes")


def test_a_feed_is_added_read_listed_and_removed(address: str, store: Path) -> None:
    added = feeds(store, "add", f"{address}/one", "--every", "30m", "--no-full-text")
    assert (added.returncode, added.stderr) == (0, "")
    assert added.stdout.startswith(f"{address}/feed\tExample News\tadded")
    listed = feeds(store, "list").stdout
    assert listed == f"{address}/feed\tExample News\tnot read yet; due now\tevery 30 min, teasers are not followed\n"
    read = feeds(store, "refresh")
    assert (read.returncode, read.stderr) == (0, "")
    assert read.stdout == "1 added, 0 updated, 0 unchanged from 1 feeds, 0 failed, 0 left alone for now\n"
    assert "; next try in 30 min\t" in feeds(store, "list").stdout
    assert "from 0 feeds" in feeds(store, "refresh", "--due").stdout
    assert feeds(store, "add", f"{address}/feed", "--publisher", "Us").stdout.endswith("what you chose was changed\n")
    assert f"{address}/feed\tUs\t" in feeds(store, "list").stdout
    assert "1 updated" in feeds(store, "refresh", f"{address}/feed").stdout
    assert feeds(store, "remove", f"{address}/feed").returncode == 0
    assert feeds(store, "list").stdout == ""
    assert "articles\t1" in run("store", "info", store=store).stdout


def test_a_site_with_several_feeds_has_them_listed_and_none_added(address: str, store: Path) -> None:
    done = feeds(store, "add", f"{address}/two")
    assert done.returncode == 1
    assert done.stdout == f"{address}/feed\tNews\n{address}/other\tSport\n"
    assert done.stderr == f"map_app: {address}/two announces 2 feeds: add the one that you mean by its address\n"
    assert feeds(store, "list").stdout == ""


@pytest.mark.parametrize(
    ("path", "why"), [("/none", "announces none"), ("/missing", "404")], ids=["no feed", "no page"]
)
def test_an_address_without_a_feed_is_one_line_and_exit_code_1(address: str, store: Path, path: str, why: str) -> None:
    done = feeds(store, "add", address + path)
    assert done.returncode == 1
    assert done.stderr.startswith(f"map_app: {address}{path}: ")
    assert why in done.stderr
    assert done.stderr.count("\n") == 1


def test_a_private_address_is_refused_unless_allowed(address: str, store: Path) -> None:
    done = run("feeds", "add", f"{address}/feed", store=store)
    assert done.returncode == 1
    assert "loopback" in done.stderr


@pytest.mark.parametrize("url", ["file:///etc/passwd", "ftp://example.org/feed", "gopher://example.org"])
def test_what_is_not_of_the_web_is_refused(store: Path, url: str) -> None:
    done = run("feeds", "add", url, store=store)
    assert done.returncode == 1
    assert done.stderr.count("\n") == 1


def test_lists_come_in_and_go_out_also_through_a_pipe(address: str, store: Path, tmp_path: Path) -> None:
    (tmp_path / "in.opml").write_text(
        f"<opml><body><outline text='A' xmlUrl='{address}/feed'/><outline xmlUrl='https://b.example/'/>"
        "<outline xmlUrl='file:///etc/passwd'/></body></opml>",
        "utf-8",
    )
    done = feeds(store, "import", str(tmp_path / "in.opml"))
    assert (done.returncode, done.stdout) == (1, "2 added, 0 followed already, 1 failed\n")
    assert "not a web address" in done.stderr
    piped = feeds(store, "export").stdout
    assert feeds(store, "export", str(tmp_path / "out.opml")).returncode == 0
    assert (tmp_path / "out.opml").read_text("utf-8") == piped
    assert [feed.url for feed in read_opml(piped.encode(), "x")[0]] == [f"{address}/feed", "https://b.example/"]
    again = feeds(store, "import", "-", stdin=piped)
    assert (again.returncode, again.stdout) == (0, "0 added, 2 followed already, 0 failed\n")


def test_a_feed_that_fails_makes_exit_code_1_and_the_others_are_read(address: str, store: Path) -> None:
    lines = "".join(f"<outline xmlUrl='{address}/{name}'/>" for name in ("gone", "feed"))
    feeds(store, "import", "-", stdin=f"<opml><body>{lines}</body></opml>")
    done = feeds(store, "refresh")
    assert done.returncode == 1
    assert done.stdout.startswith("1 added,")
    assert done.stderr == f"{address}/gone: failed: the server answered 404 (not found)\n"


def test_what_is_not_followed_says_so(store: Path) -> None:
    assert feeds(store, "list").stderr.startswith("map_app: no feeds are followed yet")
    assert feeds(store, "refresh").returncode == 0
    for word in ("remove", "refresh"):
        done = feeds(store, word, "https://e.org/")
        assert (done.returncode, done.stderr.count("\n")) == (1, 1)
        assert "is not followed" in done.stderr


@pytest.mark.parametrize("time", ["0m", "15", "soon", "59s", "31d", "-1h"])
def test_a_time_that_cannot_be_is_not_understood(time: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stopped:
        build_parser().parse_args(["feeds", "watch", "--every", time])
    assert stopped.value.code == 2
    assert "15m, 2h or 1d" in capsys.readouterr().err or time.startswith("-")


@pytest.mark.parametrize(("time", "seconds"), [("15m", 900), ("2h", 7200), ("1d", 86_400), ("90s", 90), ("5min", 300)])
def test_times_are_written_as_people_write_them(time: str, seconds: int) -> None:
    assert build_parser().parse_args(["feeds", "watch", "--every", time]).every == seconds
