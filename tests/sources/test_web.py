import json
import re
import time
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from map_app.errors import (
    ConsentPageError,
    EmptyPageError,
    ErrorPageError,
    LoginPageError,
    NotAnArticleError,
    PaywallError,
    SourceError,
    UnknownFormatError,
)
from map_app.fetch import Fetched, Fetcher
from map_app.model import Article
from map_app.sources.markup import html_to_text, read_page
from map_app.sources.reading import Failure, Item, Note
from map_app.sources.web import address_of, article_page, read_web
from tests.webserver import WebServer, answering, redirecting

NOW = datetime(2026, 1, 1, tzinfo=UTC)

DATED = '<meta property="article:published_time" content="2025-12-31T08:00:00Z">'

BODY = "".join(
    f"<p>{sentence}</p>"
    for sentence in (
        "An earthquake of magnitude five shook the Turkish coast near Izmir on Tuesday morning, officials said.",
        "No one was hurt. Schools stayed open, and ferries to the Greek islands ran as they do on any other day.",
        "The tremor was felt in Manisa and on Samos, where people ran into the streets and stayed there for an hour.",
        "Engineers looked at bridges and dams in the province and found no damage, the governor's office reported.",
    )
)


def page(body: str = BODY, *, title: str = "Quake near Izmir", head: str = "") -> bytes:
    return (
        f'<!doctype html><html lang="en"><head><title>{title}</title>{head}</head><body>'
        f"<nav><a href='/'>Home</a> <a href='/world'>World</a></nav><article><h1>{title}</h1>{body}</article>"
        f"<footer>We use cookies. <a href='/subscribe'>Subscribe to our newsletter</a></footer></body></html>"
    ).encode()


def fetched(body: bytes, url: str = "https://news.example/2026/quake", **more: str) -> Fetched:
    how = {"content_type": "text/html", "charset": "", **more}
    return Fetched(url=url, status=200, body=body, etag="", last_modified="", permanent_url="", **how)


@pytest.fixture
def fetcher() -> Iterator[Fetcher]:
    with Fetcher(user_agent="map_app-test/1", allow_private=True, gap_s=0, timeout_s=5) as made:
        yield made


def read(fetcher: Fetcher, url: str) -> list[Item]:
    return list(read_web(fetcher, url, max_chars=100_000, now=NOW))


def test_an_address_becomes_an_article(server: WebServer, fetcher: Fetcher) -> None:
    head = (
        '<meta property="og:site_name" content="The Gazette"><link rel="canonical" href="/quake?id=7">'
        '<meta property="article:published_time" content="2025-11-05T10:00:00+03:00">'
    )
    server.routes["/quake"] = answering(page(head=head), content_type="text/html")
    server.routes["/old"] = redirecting("/quake")
    [article] = read(fetcher, f"{server.url}/old?utm_source=x")
    assert isinstance(article, Article)
    assert article.title == "Quake near Izmir"
    assert article.text.startswith("An earthquake of magnitude five")
    assert "Manisa" in article.text
    assert "Home" not in article.text
    assert "cookies" not in article.text
    assert article.url == f"{server.url}/quake?id=7"
    assert (article.publisher, article.language) == ("The Gazette", "en")
    assert article.published == datetime(2025, 11, 5, 7, tzinfo=UTC)
    assert article.source == f"{server.url}/quake"


PAID = '<script type="application/ld+json">{"@type": "NewsArticle", "isAccessibleForFree": %s}</script>'
FREE_ARTICLE = BODY * 8


@pytest.mark.parametrize(
    ("content", "error"),
    [
        (page(head=PAID % "false"), PaywallError),
        (page(head=PAID % '"False"'), PaywallError),
        (page(head='<meta property="article:content_tier" content="locked">'), PaywallError),
        (page(BODY + "<p>This article is for subscribers only. Subscribe now to continue reading.</p>"), PaywallError),
        (page(BODY + '<div class="paywall"><p>Already a subscriber? Sign in.</p></div>'), PaywallError),
        (page(BODY + "<p>La suite de cet article est réservée aux abonnés.</p>"), PaywallError),
        (page(BODY[:300] + "<p>Jetzt abonnieren und weiterlesen.</p>"), PaywallError),
        (
            page(
                "<p>We value your privacy. We and our partners store and/or access information on a device, such as "
                "cookies.</p><p>Accept all cookies to continue, or manage your consent. See our cookie policy.</p>",
                title="Before you continue",
            ),
            ConsentPageError,
        ),
        (page("<p>Wir verwenden Cookies. Mit Werbung weiterlesen?</p>", title="Datenschutz"), ConsentPageError),
        (page("<form><input type='password'></form><p>Please sign in.</p>", title="Log in | Gazette"), LoginPageError),
        (
            page(
                "<form><input type='password'></form><p>Forgot your password? Create an account.</p>", title="Gazette"
            ),
            LoginPageError,
        ),
        (page("<p>Sorry about that.</p>", title="Page not found | The Gazette"), ErrorPageError),
        (page("<p>Sorry about that.</p>", title="404"), ErrorPageError),
        (page("<p>Checking your browser before accessing.</p>", title="Just a moment..."), ErrorPageError),
        (page("<p>Press &amp; hold to confirm.</p>", title="Access to this page has been denied"), ErrorPageError),
        (page(""), EmptyPageError),
        (page("<div id='root'></div><script>draw()</script>", title="Gazette"), EmptyPageError),
        (b"<html></html>", EmptyPageError),
        (b"", EmptyPageError),
    ],
)
def test_what_is_no_article_is_told_apart(content: bytes, error: type[NotAnArticleError]) -> None:
    with pytest.raises(error):
        article_page(fetched(content))


@pytest.mark.parametrize(
    "content",
    [
        page(),
        page(FREE_ARTICLE, head=PAID % "false"),
        page(head=PAID % "true"),
        page(FREE_ARTICLE + "<p>Already a subscriber? Subscribe now to continue reading other stories.</p>"),
        page(BODY, title="Forbidden City reopens – The Gazette"),
        page(BODY, title="Bank customers unable to log in"),
        page(BODY, title="404 people rescued off Lampedusa"),
        page(BODY + "<p>The regulator fined a site whose banner about cookies had no way to refuse.</p>"),
        page(head='<meta property="article:content_tier" content="metered">'),
        page(BODY, title="Forbidden", head=DATED),
        page(BODY + "<form><input type=password></form><p>Please sign in to comment.</p>", head=DATED),
        page(f"<p>The site uses cookies. The cookie policy is new. Manisa. {'About cookies. ' * 9}</p>", head=DATED),
        b"<!-- <rdf:RDF xmlns='x'> --> " + page(),
        page(head="<!-- <rdf:RDF xmlns='http://web.resource.org/cc/'></rdf:RDF> -->"),
        b"<br /><b>Warning</b>: in /srv/a.php" + page(),
        b"<DOCUMENT>\n<TYPE>EX-99.1\n" + page(),
        BODY.encode(),
        re.sub("<[^>]+>", "\n\n", BODY).encode(),
    ],
    ids=[
        "plain",
        "marked paid but whole",
        "marked free",
        "remark below",
        "city",
        "bank",
        "people",
        "about cookies",
        "metered",
        "a film",
        "sign in to comment",
        "on a cookie policy",
        "comment before",
        "licence",
        "warning",
        "wrapped",
        "fragment",
        "no markup",
    ],
)
def test_an_article_is_not_taken_for_anything_else(content: bytes) -> None:
    assert "Manisa" in article_page(fetched(content)).text


def test_a_short_report_in_chinese_is_no_empty_page() -> None:
    text = "伊兹密尔附近周二清晨发生五级地震,官方称无人受伤,学校照常上课,渡轮照常往返希腊各岛。马尼萨也有震感。"
    assert len(text) < 70
    html = f'<html lang="zh"><head><title>地震</title></head><body><article><p>{text}</p></article></body></html>'
    assert "马尼萨" in article_page(fetched(html.encode())).text


@pytest.mark.parametrize(
    ("url", "error"),
    [
        ("https://consent.news.example/collect?continue=x", ConsentPageError),
        ("https://news.example/login?next=/quake", LoginPageError),
    ],
)
def test_where_a_redirect_led_tells_too(url: str, error: type[NotAnArticleError]) -> None:
    with pytest.raises(error):
        article_page(fetched(page(BODY[:200]), url=url))


@pytest.mark.parametrize(
    ("content", "content_type"),
    [
        (b"%PDF", "application/pdf"),
        (b"{}", "application/json"),
        (b"\x89PNG", "image/png"),
        (b"<?xml version='1.0'?><rss version='2.0'>", "text/xml"),
        (b"<feed xmlns='http://www.w3.org/2005/Atom'>", "text/html"),
    ],
)
def test_other_things_than_pages_are_named(content: bytes, content_type: str) -> None:
    with pytest.raises(UnknownFormatError, match=r"it is"):
        article_page(fetched(content, content_type=content_type))


@pytest.mark.parametrize(
    ("status", "why"),
    [(401, "login"), (402, "paid"), (403, "save the page"), (404, "not there"), (410, "not there"), (503, "later")],
)
def test_a_status_says_what_to_do(server: WebServer, fetcher: Fetcher, status: int, why: str) -> None:
    server.routes["/"] = answering(b"", status)
    [failure] = read(fetcher, server.url)
    assert isinstance(failure, Failure)
    assert str(status) in failure.why
    assert why in failure.why


@pytest.mark.parametrize(
    ("link", "kept"),
    [
        ("https://www.news.example/b", "https://www.news.example/b"),
        ("/b?id=1", "https://news.example/b?id=1"),
        ("https://amp.news.example/b", "https://amp.news.example/b"),
        ("https://rival.example/their-story", "https://news.example/a"),
        ("https://evilnews.example/b", "https://news.example/a"),
        ("https://news.example/", "https://news.example/a"),
        ("javascript:alert(1)", "https://news.example/a"),
        (r"http:\\x.example\b", "https://news.example/a"),
        ("http://[", "https://news.example/a"),
        ("", "https://news.example/a"),
    ],
)
def test_a_canonical_link_is_believed_within_its_site(link: str, kept: str) -> None:
    html = page(head=f'<link rel="canonical" href="{link}">')
    got = article_page(fetched(html, url="https://news.example/a"))
    assert address_of(got, "https://news.example/a") == kept


@pytest.mark.parametrize(
    ("charset", "declared", "encoding"),
    [
        ("windows-1251", "", "cp1251"),
        ("windows-1251", "utf-8", "cp1251"),
        ("iso-8859-1", "windows-1251", "utf-8"),
        ("", "windows-1251", "cp1251"),
        ("utf-8", "windows-1251", "cp1251"),
        ("no-such", "", "utf-8"),
        ("utf-7", "", "utf-8"),
        ("", "utf-16", "utf-8"),
        ("iso-8859-1", "windows-1251", "utf-8-sig"),
        ("", "", "utf-16"),
        ("", "", "koi8-r"),
    ],
)
def test_a_page_is_readable_whatever_it_says_of_its_encoding(charset: str, declared: str, encoding: str) -> None:
    text = "Землетрясение магнитудой пять произошло у побережья Турции близ Измира, сообщили власти. " * 5
    head = f'<meta http-equiv="Content-Type" content="text/html; charset={declared}">' if declared else ""
    html = page(f"<p>{text}</p>", head=head, title="Толчки").decode().encode(encoding)
    got = article_page(fetched(html, charset=charset))
    assert got.title == "Толчки"
    assert "побережья Турции" in got.text


def test_one_bad_byte_does_not_spoil_a_page() -> None:
    html = (
        page(BODY.replace("Samos", "Σάμος, το νησί απέναντι, \xff") + BODY * 3)
        .decode()
        .encode()
        .replace("\xff".encode(), b"\xff")
    )
    assert "Σάμος" in article_page(fetched(html, charset="utf-8")).text


@pytest.mark.parametrize(
    ("head", "body", "day"),
    [
        ('<meta name="date" content="2025-11-05">', "", "2025-11-05T00:00:00"),
        ('<meta property="article:published_time" content="2025-11-05T22:30:00-05:00">', "", "2025-11-05T23:59:59"),
        ('<meta property="article:published_time" content="2025-11-05T00:30:00+09:00">', "", "2025-11-05T00:00:00"),
        ("", "<time datetime='2025-11-05T08:00:00Z'>5 November</time>", "2025-11-05T08:00:00"),
        ("", "<p class='byline'>Published 5 November 2025</p>", "2025-11-05T00:00:00"),
        ("", "<p class='byline'>November 1, 2025</p>", "2025-11-01T00:00:00"),
        ('<link rel="canonical" href="https://news.example/2025/11/05/quake">', "", "2025-11-05T00:00:00"),
        ('<meta name="date" content="2099-01-05">', "", None),
        ("", "<p>Copyright 2019 The Gazette</p>", None),
        ("", "", None),
    ],
)
def test_the_date_is_the_day_that_the_page_names(
    server: WebServer, fetcher: Fetcher, head: str, body: str, day: str | None
) -> None:
    server.routes["/a"] = answering(page(body + BODY, head=head), content_type="text/html")
    [article] = read(fetcher, f"{server.url}/a")
    assert isinstance(article, Article)
    assert (article.published and article.published.strftime("%Y-%m-%dT%H:%M:%S")) == day


def test_nothing_that_a_page_names_is_loaded(server: WebServer, fetcher: Fetcher) -> None:
    extras = "".join(
        f'<{tag} {name}="{server.url}/loaded">x</{tag}>'
        for tag, name in (("img", "src"), ("script", "src"), ("iframe", "src"), ("object", "data"), ("embed", "src"))
    )
    head = f'<link rel="stylesheet" href="{server.url}/loaded"><base href="{server.url}/loaded/">'
    server.routes["/a"] = answering(page(extras + BODY, head=head), content_type="text/html")
    [article] = read(fetcher, f"{server.url}/a")
    assert isinstance(article, Article)
    assert server.paths() == ["/a"]


@pytest.mark.parametrize("content", ["{url}/loaded", "{url}/loaded<p>", '<!DOCTYPE a SYSTEM "{url}/loaded"><p>Hello'])
def test_a_page_that_is_an_address_is_not_taken_for_one(server: WebServer, content: str) -> None:
    read_page(content.format(url=server.url).encode())
    assert server.requests == []


def test_a_page_of_a_hundred_thousand_tags_takes_seconds(server: WebServer, fetcher: Fetcher) -> None:
    server.routes["/a"] = answering(b"<html><body>" + b"<div>" * 100_000 + b"Kursk", content_type="text/html")
    started = time.perf_counter()
    [failure] = read(fetcher, f"{server.url}/a")
    assert isinstance(failure, Failure)
    assert time.perf_counter() - started < 20


@pytest.mark.parametrize("head", ["<head><title>T</title><meta name=a>", "<title>T</title>", "<html><title>T</title>"])
@pytest.mark.parametrize("tag", ["article", "main", "section", "p", "div", "custom-tag"])
def test_a_head_that_is_never_closed_hides_nothing(head: str, tag: str) -> None:
    assert html_to_text(f"{head}<{tag}>Words") == "Words"


TAGS = st.sampled_from(
    ["<p>", "</p>", "<script>", "</script>", "<!--", "-->", "<title>", "<html lang=", "<meta charset=", "&#0;", "&amp;"]
)
HTML = st.lists(st.one_of(TAGS, st.text(max_size=20)), max_size=30).map("".join)


@given(HTML)
def test_html_becomes_text_of_single_lines_without_gaps(html: str) -> None:
    try:
        text = html_to_text(html)
    except SourceError:
        return
    text.encode()
    assert all(line == " ".join(line.split()) and line for line in text.split("\n")) or text == ""


@given(st.one_of(HTML.map(lambda html: html.encode("utf-8", "replace")), st.binary(max_size=300)), st.text(max_size=12))
def test_no_page_makes_reading_raise_anything_but_a_source_error(data: bytes, charset: str) -> None:
    try:
        got = read_page(data, charset=charset)
    except SourceError:
        return
    assert got.text
    json.dumps([got.title, got.text]).encode()


@given(HTML)
def test_no_answer_makes_telling_apart_raise_anything_but_a_source_error(html: str) -> None:
    try:
        article_page(fetched(html.encode("utf-8", "replace")))
    except SourceError:
        return


def test_a_note_tells_what_was_put_right(server: WebServer, fetcher: Fetcher) -> None:
    server.routes["/a"] = answering(page(BODY * 5), content_type="text/html")
    items = list(read_web(fetcher, f"{server.url}/a", max_chars=500, now=NOW))
    assert [type(item) for item in items] == [Article, Note]
