from hypothesis import given
from hypothesis import strategies as st

from map_app.sources.discover import Announced, announced_feeds

PAGE = """<!DOCTYPE html><html><head><base href="https://example.org/news/">
<link rel="alternate" type="application/rss+xml" title="World, caf\u00e9" href="/world.xml">
<LINK REL='Alternate' TYPE='application/atom+xml; charset=utf-8' HREF='local.atom'>
<link rel="alternate" type="application/feed+json" href="https://other.example/feed.json">
<link rel="alternate" type="application/json" href="https://example.org/wp-json/posts/7">
<link rel="alternate" type="application/json+oembed" href="https://example.org/oembed">
<link rel="alternate" hreflang="fr" href="https://example.org/fr">
<link rel="stylesheet" type="text/css" href="a.css">
<link rel="alternate" type="application/rss+xml" href="javascript:alert(1)">
<link rel="alternate" type="application/rss+xml" href="file:///etc/passwd">
<link rel="alternate" type="application/rss+xml" href="/world.xml">
</head><body><a type="application/rss+xml" href="sport.xml">Sport</a><a href="/rss">RSS</a></body></html>"""


def test_what_a_page_announces_is_found_and_nothing_is_guessed() -> None:
    assert announced_feeds(PAGE.encode("latin-1"), url="https://example.org/", charset="iso-8859-1") == [
        Announced("https://example.org/world.xml", "World, caf\u00e9".replace("–", "–")),
        Announced("https://example.org/news/local.atom"),
        Announced("https://other.example/feed.json"),
        Announced("https://example.org/news/sport.xml"),
    ]


def test_a_page_that_announces_nothing_gives_nothing() -> None:
    assert announced_feeds(b"<html><body>Hello</body></html>", url="https://example.org/") == []
    assert announced_feeds(b"", url="https://example.org/") == []


@given(st.binary(max_size=300))
def test_any_bytes_give_addresses_of_the_web_or_nothing(data: bytes) -> None:
    page = b"<link rel=alternate type=application/rss+xml href='" + data
    for feed in announced_feeds(page, url="https://example.org/"):
        assert feed.url.lower().startswith(("http://", "https://"))
