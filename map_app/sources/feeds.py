"""RSS, Atom, RDF, CDF and JSON Feed: bytes become articles and what the feed says of itself.

feedparser reads the XML kinds; it gets a stream, never a string or bytes, which it might open as a path or an address.
The encoding is settled and the DOCTYPE taken off before. Markup becomes text by our own `html_to_text`.
"""

import html
import io
import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from typing import Any
from urllib.parse import urljoin, urlsplit

from map_app.errors import TooLargeError, UnreadableError
from map_app.model import Article, GivenPlace
from map_app.sources.coordinates import given_places
from map_app.sources.decode import decode_declared
from map_app.sources.doctype import without_doctype
from map_app.sources.fields import Draft, article_id, host_of, make_article, published_of, web_url
from map_app.sources.markup import html_to_text, looks_like_html
from map_app.sources.reading import Failure, Note

#: The bounds of how often a feed's own word may have it asked for: 5 minutes to a day.
MIN_INTERVAL_S = 5 * 60
MAX_INTERVAL_S = 24 * 3600

#: A text shorter than this is a teaser where the feed has no element of its own for the whole text: leads of news
#: have 150 to 400 characters, whole reports more than 1,000.
TEASER_CHARS = 700

#: Even where it has one, so little is no report.
SHORT_CHARS = 200

#: Longer than this, even a text that ends in an ellipsis is taken for the whole.
LONG_CHARS = 3000

#: feedparser takes up to a tenth of a millisecond an element: a feed of 10,000 entries has fewer, made-up ones more.
MAX_ELEMENTS = 200_000

#: Attributes of one element: feeds have a handful, and feedparser's time grows with their square.
MAX_ATTRIBUTES = 200

#: The newest that are read of one document; no site keeps so many in a feed.
MAX_ENTRIES = 10_000

#: How much of a document is looked at to tell what it is.
START_CHARS = 2000

#: What is known of feedparser and of the parsers under it when markup is broken in ways that nobody foresaw.
FEEDPARSER_FAULTS = (ValueError, TypeError, LookupError, AttributeError, AssertionError, RecursionError)

_PERIODS_S = {"hourly": 3600, "daily": 86_400, "weekly": 7 * 86_400, "monthly": 30 * 86_400, "yearly": 365 * 86_400}

_XML_DECLARATION = re.compile(rb"\s*<\?xml[^>]{0,200}?encoding\s*=\s*[\"']\s*([A-Za-z0-9_:.\-]{2,40})")
_DECLARATION = re.compile(r"^\s*<\?xml[^>]{0,500}\?>")
_NOT_IN_XML = re.compile("[\0-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")
_CHAR_REFERENCE = re.compile(r"&(?:#\d{1,7}|#[xX][0-9a-fA-F]{1,6}|[A-Za-z][A-Za-z0-9]{1,31});")
_WEB_PAGE = re.compile(r"<!doctype\s+html|<html[\s>]", re.IGNORECASE)
_TRAILS_OFF = re.compile(
    r"(?:…|\.\.\.|\[\s*(?:…|\.\.\.)\s*\]|read more|continue reading|read the full (?:story|article)|more\s*[»>→])"
    r"[\s\])»>→.]*$",
    re.IGNORECASE,
)
_EAST_ASIAN_DATE = re.compile(r"(\d{4})\s*[年년]\s*(\d{1,2})\s*[月월]\s*(\d{1,2})\s*[日일]")
_URI = re.compile(r"(?:https?://|tag:|urn:|info:|doi:)", re.IGNORECASE)
_GEOMETRY = re.compile(r"</?(?:gml|georss|geo):[^<>]{0,1000}>", re.IGNORECASE)
_ELEMENT = re.compile(r"<[^\W\d]")
_CROWDED_ELEMENT = re.compile(
    rf"""<[^\W\d][^\s/>]*(?:\s+[^\s=<>"']+\s*=\s*(?:"[^"<]*"|'[^'<]*')){{{MAX_ATTRIBUTES + 1}}}"""
)
_JSON_ITEMS = re.compile(r'"items"\s*:\s*\[\s*')
_JSON_TEXT = re.compile(r'"(title|home_page_url|language|version)"\s*:\s*("(?:[^"\\]|\\.){0,500}")')
_NEXT_OBJECT = re.compile(r"\}\s*,\s*(?=\{)")


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry of a feed."""

    article: Article
    #: Whether the feed seems to hold only the beginning of it, and the whole to be at `article.url`.
    is_teaser: bool
    #: Whether the title was made here, for want of one.
    is_untitled: bool


@dataclass(frozen=True, slots=True)
class Feed:
    """A feed document."""

    title: str
    #: The address of the site that it is of, or empty.
    site: str
    #: How long the feed asks to be left alone between two requests, within the bounds, or None.
    interval_s: int | None
    entries: tuple[Entry, ...]
    #: Entries that hold nothing to show: neither title, text nor link.
    failed: tuple[Failure, ...]
    notes: tuple[Note, ...]
    #: Whether entries with different links share ids, so that ids tell nothing in this feed.
    ids_repeat: bool


@dataclass(frozen=True, slots=True)
class _Raw:
    """An entry as the feed has it, before anything is believed."""

    id: str
    title: str
    text: str
    links: tuple[str, ...]
    date: object
    language: str
    publisher: str
    publisher_url: str
    #: Whether it has an element for its whole text.
    has_content: bool
    #: Where it says that it is, by GeoRSS or the W3C's geo.
    given: tuple[GivenPlace, ...] = ()
    #: Names with semicolons between them.
    author: str = ""


@dataclass(frozen=True, slots=True)
class _Document:
    """A feed as it is written, before anything is believed."""

    title: str
    links: tuple[str, ...]
    language: str
    interval_s: int | None
    entries: tuple[_Raw, ...]
    warning: str


def parse_feed(
    data: bytes,
    *,
    url: str,
    now: datetime,
    max_chars: int,
    charset: str = "",
    scope: str = "",
    publisher: str = "",
    ids_by_link: bool = False,
) -> Feed:
    """The articles of a feed in document order, and what it says of itself.

    `url` is where it was got from: its links start there. `charset` is what the server said. Ids count within `scope`,
    the address that the feed was first known by (default: `url`). `publisher` goes before the feed's own title.
    `ids_by_link` tells entries apart by their links alone, for a feed that was once seen to repeat ids.

    A feed that is broken or was cut off gives the entries that are whole, and a note. Raises UnreadableError where
    the bytes are no feed, or one that attacks its reader, TooLargeError where it has too many elements.
    """
    text = _text_of(data, charset)
    document = _read_json(text) if text[:START_CHARS].lstrip()[:1] in ("{", "[") else _read_xml(text, url)
    ids_repeat = ids_by_link or _repeat_ids(document.entries, url)
    outlet = publisher or document.title
    entries: list[Entry] = []
    failed: list[Failure] = []
    notes: list[Note] = [Note(url, document.warning)] if document.warning else []
    if len(document.entries) > MAX_ENTRIES:
        notes.append(Note(url, f"only the first {MAX_ENTRIES:,} of {len(document.entries):,} entries were read"))
    seen: set[str] = set()
    for number, raw in enumerate(document.entries[:MAX_ENTRIES], start=1):
        where = f"{url}, entry {number}"
        made = _article(
            raw,
            url=url,
            scope=scope or url,
            outlet=outlet,
            language=document.language,
            by_link=ids_repeat,
            now=now,
            max_chars=max_chars,
        )
        if made is None:
            failed.append(Failure(where, "it has neither a title, text nor a link"))
            continue
        article, remarks = made
        notes += (Note(where, remark) for remark in remarks)
        if article.id in seen:
            notes.append(Note(where, "passed over: the feed holds this entry twice"))
            continue
        seen.add(article.id)
        entries.append(Entry(article, _is_teaser(article, raw), is_untitled=not raw.title))
    return Feed(
        title=document.title,
        site=_first_web_url(document.links, url),
        interval_s=document.interval_s,
        entries=tuple(entries),
        failed=tuple(failed),
        notes=tuple(notes),
        ids_repeat=ids_repeat,
    )


def _text_of(data: bytes, charset: str) -> str:
    declared = _XML_DECLARATION.match(data[:1000].removeprefix(b"\xef\xbb\xbf"))
    inside = declared[1].decode("ascii") if declared else ""
    # A server's word goes first, but for the two that servers add to everything.
    by_rote = charset.strip().lower() in ("iso-8859-1", "us-ascii")
    text = decode_declared(data, *((inside, charset) if by_rote else (charset, inside)))
    return _NOT_IN_XML.sub("", text).removeprefix("\ufeff").lstrip()


# The XML kinds


def _read_xml(text: str, url: str) -> _Document:
    elements = sum(1 for _ in islice(_ELEMENT.finditer(text), MAX_ELEMENTS + 1))
    if elements > MAX_ELEMENTS:
        raise TooLargeError(f"it has more than {MAX_ELEMENTS:,} elements: no feed that can be read in bounded time")
    if _CROWDED_ELEMENT.search(text):
        raise TooLargeError(f"an element has more than {MAX_ATTRIBUTES} attributes: no feed that is meant to be read")
    body = without_doctype(_DECLARATION.sub("", text, count=1))
    try:
        parsed = _parsed(body, url)
    except FEEDPARSER_FAULTS:
        # Most often a coordinate that it cannot read: better none than no entries.
        try:
            parsed = _parsed(_GEOMETRY.sub("", body), url)
        except FEEDPARSER_FAULTS as e:
            raise UnreadableError("this is not a feed that can be read") from e
    facts = parsed["feed"]
    if not parsed["entries"] and (_WEB_PAGE.search(text[:START_CHARS]) or not (parsed.get("version") or facts)):
        raise UnreadableError(
            "this is a web page, not a feed" if _WEB_PAGE.search(text[:START_CHARS]) else "this is not a feed"
        )
    warning = ""
    if parsed.get("bozo"):
        why = str(parsed.get("bozo_exception", "")).removeprefix("<unknown>:")
        warning = f"the feed is not sound XML ({why[:100]}); what can be read of it was taken"
    return _Document(
        title=_one_line(_plain(_string(facts, "title"), _type(facts, "title"))),
        links=tuple(_links(facts)),
        language=_string(facts, "language"),
        interval_s=_interval(facts),
        entries=tuple(_raw_entry(entry) for entry in parsed["entries"]),
        warning=warning,
    )


def _parsed(body: str, url: str) -> Mapping[str, Any]:
    import feedparser  # noqa: PLC0415  # takes as long to load as a feed to read

    declared = b'<?xml version="1.0" encoding="utf-8"?>\n'
    found: Mapping[str, Any] = feedparser.parse(
        io.BytesIO(declared + body.encode("utf-8", errors="replace")),  # bare bytes might be opened as a path
        response_headers={"content-type": "application/xml; charset=utf-8", "content-location": url},
        resolve_relative_uris=False,
        sanitize_html=False,
    )
    return found


def _raw_entry(entry: Mapping[str, Any]) -> _Raw:
    contents = [part for part in _list(entry, "content") if _is_text(part)]
    whole = max((_plain(_string(p, "value"), _string(p, "type")) for p in contents), key=len, default="")
    summary = _plain(_string(entry, "summary"), _type(entry, "summary"))
    if not whole and not summary:
        summary = _plain(_string(entry, "subtitle") or _string(entry, "media_description"), "text/html")
    source = _mapping(entry, "source")
    return _Raw(
        id=_string(entry, "id").strip(),
        title=_one_line(_plain(_string(entry, "title"), _type(entry, "title"))),
        text=whole if len(whole) >= len(summary) else summary,
        links=tuple(_links(entry)),
        date=_date(entry),
        language=next((lang for p in contents if (lang := _string(p, "language"))), "") or _string(entry, "language"),
        publisher=_one_line(_plain(_string(source, "title"), "")),
        publisher_url=_string(source, "href") or _string(source, "link"),
        has_content=bool(whole),
        given=_given(entry),
        author="; ".join(_names(_list(entry, "authors"))),
    )


def _given(entry: Mapping[str, Any]) -> tuple[GivenPlace, ...]:
    row: dict[str, object] = {
        "place": _string(entry, "georss_featurename"),
        "point": _mapping(entry, "where"),
        "latitude": _string(entry, "geo_lat"),
        "longitude": _string(entry, "geo_long"),
    }
    return given_places(row, {name: [name] for name in row})[0]


def _date(entry: Mapping[str, Any]) -> str:
    """The date as it is written: feedparser's own reading makes 2027-01-01 of 2026-13-45."""
    written = next((w for name in ("published", "updated", "created") if (w := _string(entry, name).strip())), "")
    return _EAST_ASIAN_DATE.sub(r"\1-\2-\3 ", written)


def _links(thing: Mapping[str, Any]) -> Iterator[str]:
    """Where the thing can be read, the best first."""
    yield _string(thing, "feedburner_origlink")
    links = [link for link in _list(thing, "links") if isinstance(link, dict)]
    alternates = [link for link in links if link.get("rel", "alternate") == "alternate"]
    pages = [link for link in alternates if "html" in str(link.get("type", "html"))]
    for link in (*pages, *alternates):
        yield _string(link, "href")
    yield _string(thing, "link")
    if _URI.match(identifier := _string(thing, "id").strip()):
        yield identifier
    for link in links:
        if link.get("rel") not in ("self", "hub", "next", "prev", "license", "replies"):
            yield _string(link, "href")


def _interval(facts: Mapping[str, Any]) -> int | None:
    """How long the feed asks to be left alone: RSS's ttl in minutes, or Syndication's period and frequency."""
    wanted: float | None = None
    ttl = _number(_string(facts, "ttl"))
    period = _PERIODS_S.get(_string(facts, "sy_updateperiod").strip().lower())
    frequency = _number(_string(facts, "sy_updatefrequency"))
    if ttl:
        wanted = ttl * 60
    elif period is not None:
        wanted = period / (frequency or 1)
    elif frequency:
        wanted = 86_400 / frequency  # the period's default is a day
    return None if wanted is None else int(min(max(wanted, MIN_INTERVAL_S), MAX_INTERVAL_S))


def _number(text: str) -> float:
    """A positive number, or 0."""
    found = re.match(r"\s*(\d{1,9}(?:\.\d{1,6})?)", text)
    return float(found[1]) if found else 0.0


def _is_text(part: object) -> bool:
    kind = part.get("type", "") if isinstance(part, dict) else "none"
    return not re.match(r"(?:none|image/|audio/|video/|application/(?!xhtml|xml))", str(kind))


def _string(thing: Mapping[str, Any], name: str) -> str:
    """A field as it stands: feedparser's own look-up would answer with another where it is absent."""
    value = dict.get(thing, name) if isinstance(thing, dict) else None
    return value if isinstance(value, str) else ""


def _mapping(thing: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    value = dict.get(thing, name) if isinstance(thing, dict) else None
    return value if isinstance(value, dict) else {}


def _list(thing: Mapping[str, Any], name: str) -> Sequence[Any]:
    value = dict.get(thing, name) if isinstance(thing, dict) else None
    return value if isinstance(value, list) else []


def _type(thing: Mapping[str, Any], name: str) -> str:
    return _string(_mapping(thing, f"{name}_detail"), "type")


# JSON Feed, https://www.jsonfeed.org/version/1.1/


def _read_json(text: str) -> _Document:
    warning = ""
    facts: Mapping[str, Any]
    items: Iterable[object]
    try:
        document = json.loads(text)
    except (ValueError, RecursionError) as e:
        start = _JSON_ITEMS.search(text)
        if start is None:
            raise UnreadableError(f"this is not a feed: it is not sound JSON ({str(e)[:100]})") from e
        facts = {name: json.loads(value, strict=False) for name, value in _json_strings(text[: start.start()])}
        items = _sound_objects(text, start.end())
        warning = f"the feed is not sound JSON ({str(e)[:100]}); the entries that are whole were taken"
    else:
        facts = document if isinstance(document, dict) else {}
        found = facts.get("items")
        if not isinstance(found, list):
            raise UnreadableError("this is JSON, but not a JSON Feed: it has no list of items")
        items = found
    return _Document(
        title=_one_line(_string(facts, "title")),
        links=(_string(facts, "home_page_url"),),
        language=_string(facts, "language"),
        interval_s=None,
        entries=tuple(_raw_item(item if isinstance(item, dict) else {}) for item in items),
        warning=warning,
    )


def _raw_item(item: Mapping[str, Any]) -> _Raw:
    identifier = item.get("id")
    whole = _plain(_string(item, "content_html"), "text/html") or _string(item, "content_text")
    date = item.get("date_published")
    return _Raw(
        id=str(identifier).strip() if isinstance(identifier, str | int | float) else "",
        title=_one_line(_plain(_string(item, "title"), "")),
        text=whole or _string(item, "summary"),
        links=(_string(item, "url"), _string(item, "external_url"), *(u for u in [str(identifier)] if _URI.match(u))),
        date=date if date not in (None, "") else item.get("date_modified"),
        language=_string(item, "language"),
        publisher="",
        publisher_url="",
        has_content=bool(whole),
        author="; ".join(_names(_list(item, "authors")) or _names([_mapping(item, "author")])),
    )


def _names(people: Sequence[Any]) -> list[str]:
    """The names of a list of {"name": ...}; where only an address for mail stands there, nobody is named."""
    names = [_one_line(_plain(_string(person, "name"), "")) for person in people if isinstance(person, dict)]
    return [name for name in names if name and "@" not in name]


def _json_strings(text: str) -> Iterator[tuple[str, str]]:
    for found in _JSON_TEXT.finditer(text):
        try:
            json.loads(found[2], strict=False)
        except ValueError:
            continue
        yield found[1], found[2]


def _sound_objects(text: str, position: int) -> Iterator[object]:
    """The items of a JSON list that can be read, from just behind its bracket.

    Behind a broken one, only what has an id counts: every item must have one, and what an item is made of has none.
    """
    decoder = json.JSONDecoder()
    between = re.compile(r"\s*,?\s*")
    is_behind_broken = False
    while position < len(text) and text[position] != "]":
        try:
            item, end = decoder.raw_decode(text, position)
        except (ValueError, RecursionError):
            is_whole, end = False, position + 2
        else:
            is_whole = not is_behind_broken or (isinstance(item, dict) and "id" in item)
        if is_whole:
            yield item
            separator = between.match(text, end)
            position = separator.end() if separator else end
        else:
            is_behind_broken = True
            onward = _NEXT_OBJECT.search(text, end - 1)
            if onward is None:
                return
            position = onward.end()


# What both become


def _article(
    raw: _Raw,
    *,
    url: str,
    scope: str,
    outlet: str,
    language: str,
    by_link: bool,
    now: datetime,
    max_chars: int,
) -> tuple[Article, tuple[str, ...]] | None:
    """The article of an entry and what had to be put right, or None where there is nothing to show."""
    link = _first_web_url(raw.links, url)
    title = raw.title if raw.title or raw.text else _title_of(link)
    if not title and not raw.text:
        return None
    published, date_note = published_of(raw.date, now=now)
    try:
        draft = Draft(
            title=title,
            text=raw.text,
            url=link,
            publisher=raw.publisher or outlet,
            author=raw.author,
            published=published,
            language=raw.language or language,
            given_id=_identity(raw, link, scope, by_link),
            domain=host_of(web_url(raw.publisher_url)),
            given=raw.given,
        )
        article, notes = make_article(draft, source=url, max_chars=max_chars)
    except UnreadableError:
        return None
    return article, (*notes, *([date_note] if date_note else []))


def _identity(raw: _Raw, link: str, scope: str, by_link: bool) -> str:
    """What tells an entry from all others.

    A feed speaks for its own site alone. There, its link names an article whichever feed of the site it is in, and
    an id that is an address does so across them. What it says of other sites counts within the feed: otherwise one
    feed could replace another's articles by taking their names. Empty where the words must tell it apart.
    """
    key = link if by_link or not raw.id else raw.id
    if not key:
        return ""
    if web_url(key) and _site_of(key) == _site_of(scope):
        return article_id(given_id="", url=key, title="", text="", source="")
    within = _site_of(scope) if _URI.match(key) else scope
    return article_id(given_id=f"feed {within} {key}", url="", title="", text="", source="")


def _site_of(address: str) -> str:
    """The host without "www." and the like that feeds live on."""
    return re.sub(r"^(?:feeds?|rss)\.", "", host_of(web_url(address)))


def _repeat_ids(entries: Iterable[_Raw], url: str) -> bool:
    links: dict[str, str] = {}
    for raw in entries:
        link = _first_web_url(raw.links, url)
        if raw.id and link and links.setdefault(raw.id, link) != link:
            return True
    return False


def _first_web_url(links: Iterable[str], base: str) -> str:
    for link in links:
        written = link.strip()
        if not written:
            continue
        try:
            address = web_url(urljoin(base, written))
        except ValueError:
            continue
        if address:
            return address
    return ""


def _title_of(link: str) -> str:
    """What to call an entry that is a link and nothing else: the address without its scheme."""
    return link.partition("://")[2].rstrip("/")


def _is_teaser(article: Article, raw: _Raw) -> bool:
    if not article.url or not urlsplit(article.url).path.strip("/"):
        return False
    length = len(article.text)
    if length < LONG_CHARS and _TRAILS_OFF.search(article.text[-60:]):
        return True
    return length < (SHORT_CHARS if raw.has_content else TEASER_CHARS)


def _plain(value: str, kind: str) -> str:
    """The words of a field that may be markup, whatever it is declared to be; never nothing out of something."""
    if not value.strip():
        return ""
    if "html" in kind or looks_like_html(value):
        marked = "<" in value or "&" in value
        return (_without_markup(value) if marked else value.strip()) or value.strip()
    return (html.unescape(value) if _CHAR_REFERENCE.search(value) else value).strip()


def _without_markup(value: str) -> str:
    try:
        return html_to_text(value)
    except UnreadableError:
        return ""


def _one_line(text: str) -> str:
    return " ".join(text.split())
