import pytest
from hypothesis import given
from hypothesis import strategies as st

from map_app.errors import UnreadableError
from map_app.sources.opml import Listed, read_opml, write_opml

NESTED = b"""<?xml version="1.0" encoding="ISO-8859-1"?>
<opml version="1.0"><head><title>Mine</title></head><body>
<outline text="Press"><outline text="Gen\xe8ve" xmlUrl="https://a.example/feed"
 htmlUrl="https://a.example/" type="rss"/>
  <outline text="Deeper"><outline title="B &amp; C" XMLURL="feed://b.example/rss"/></outline></outline>
<outline text="Twice" xmlUrl="https://a.example/feed"/><outline text="Folder only"/>
<outline text="Bad" xmlUrl="file:///etc/passwd"/></body></opml>"""


def test_groups_are_looked_through_and_each_address_counts_once() -> None:
    feeds, failures = read_opml(NESTED, "mine.opml")
    assert feeds == [
        Listed("https://a.example/feed", "Genève", "https://a.example/"),
        Listed("http://b.example/rss", "B & C"),
    ]
    assert [failure.where for failure in failures] == ["mine.opml, outline 7"]
    assert "not a web address" in failures[0].why


def test_a_list_that_was_cut_off_gives_what_is_whole() -> None:
    feeds, _ = read_opml(NESTED[: NESTED.index(b'<outline text="Twice')], "mine.opml")
    assert [feed.url for feed in feeds] == ["https://a.example/feed", "http://b.example/rss"]


@pytest.mark.parametrize(
    "data",
    [b"", b"hello", b"\0" * 10, b"<opml><body/></opml>", b"<html><body>Hi</body></html>",
     b'<!DOCTYPE o [<!ENTITY x SYSTEM "file:///etc/passwd">]><opml><body><outline text="&x;" xmlUrl="http://e.org"/></body></opml>'],
    ids=["nothing", "words", "zeros", "empty", "page", "attack"],
)  # fmt: skip
def test_what_is_no_list_is_refused(data: bytes) -> None:
    with pytest.raises(UnreadableError):
        read_opml(data, "x.opml")


@given(st.text(max_size=50), st.text(max_size=50))
def test_a_list_that_is_written_reads_back(title: str, name: str) -> None:
    written = write_opml([Listed("https://a.example/?a=1&b=<2>", title), Listed("https://b.example/", "B")], name)
    assert b"<2>" not in written
    feeds, failures = read_opml(
        write_opml([Listed("https://a.example/?a=1&b=2", title), Listed("https://b.example/", "B")], name), "x"
    )
    assert [feed.url for feed in feeds] == ["https://a.example/?a=1&b=2", "https://b.example/"]
    assert failures == []


@given(st.binary(max_size=200))
def test_any_bytes_are_a_list_or_refused(data: bytes) -> None:
    try:
        read_opml(b"<opml>" + data, "x")
    except UnreadableError:
        return
