"""RSS, Atom, RDF and CDF.

feedparser reads them; it gets a stream, never a string or bytes, which it might open as a path or an address. The
DOCTYPE is taken off before. Markup becomes text by our own `html_to_text`.
"""

import io
import re
from collections.abc import Iterator, Mapping
from itertools import islice
from typing import Any

from map_app.errors import TooLargeError, UnreadableError
from map_app.model import GivenPlace
from map_app.sources.coordinates import TOO_WIDE, around, given_places
from map_app.sources.doctype import without_doctype
from map_app.sources.feed_document import (
    START_CHARS,
    URI,
    FeedDocument,
    RawEntry,
    items,
    mapping,
    names,
    one_line,
    plain,
    string,
    type_of,
)

#: The bounds of how often a feed's own word may have it asked for: 5 minutes to a day.
MIN_INTERVAL_S = 5 * 60
MAX_INTERVAL_S = 24 * 3600

#: feedparser takes up to a tenth of a millisecond an element: a feed of 10,000 entries has fewer, made-up ones more.
MAX_ELEMENTS = 200_000

#: Attributes of one element: feeds have a handful, and feedparser's time grows with their square.
MAX_ATTRIBUTES = 200

#: What is known of feedparser and of the parsers under it when markup is broken in ways that nobody foresaw.
FEEDPARSER_FAULTS = (ValueError, TypeError, LookupError, AttributeError, AssertionError, RecursionError)

_PERIODS_S = {"hourly": 3600, "daily": 86_400, "weekly": 7 * 86_400, "monthly": 30 * 86_400, "yearly": 365 * 86_400}


_DECLARATION = re.compile(r"^\s*<\?xml[^>]{0,500}\?>")
_WEB_PAGE = re.compile(r"<!doctype\s+html|<html[\s>]", re.IGNORECASE)
_EAST_ASIAN_DATE = re.compile(r"(\d{4})\s*[年년]\s*(\d{1,2})\s*[月월]\s*(\d{1,2})\s*[日일]")
_GEOMETRY = re.compile(r"</?(?:gml|georss|geo):[^<>]{0,1000}>", re.IGNORECASE)
_ELEMENT = re.compile(r"<[^\W\d]")
#: Each part begins otherwise and none holds a "<", so that no character is looked at twice, however tags are broken.
_TAG = re.compile(r"""<[^\W\d](?:[^<>"']+|"[^"<]*"|'[^'<]*')*""")
#: Elements of key words, which nobody here reads: feedparser compares each with all others of its entry.
_KEY_WORDS = re.compile(r"(</?(?:[\w.\-]+:)?)(?=(?:category|subject|keywords)\b)", re.IGNORECASE)
#: Elements of people whose names do not end soon: in those, feedparser looks for an address from every letter on.
_ENDLESS_NAMES = re.compile(
    r"(<(?:[\w.\-]+:)?)(?=(author|creator|managingeditor|webmaster|publisher|owner)\b[^<>]*>)"
    r"(?!.{1,1200}?</(?:[\w.\-]+:)?\2\b)",
    re.IGNORECASE | re.DOTALL,
)
#: Where feedparser takes a document to begin.
_BEGINNING = re.compile(r"<\w", re.ASCII)
_QUOTED = re.compile(r""""[^"]*"|'[^']*'""")


def read_xml(text: str, url: str) -> FeedDocument:
    """The feed of a text without an encoding to find out; its links start at `url`.

    Raises UnreadableError where it is none, or one that attacks its reader, TooLargeError for too many elements.
    """
    # Counted is what feedparser will meet: entities can hold elements, or an attribute a piece.
    body = without_doctype(_DECLARATION.sub("", text, count=1))
    elements = sum(1 for _ in islice(_ELEMENT.finditer(body), MAX_ELEMENTS + 1))
    if elements > MAX_ELEMENTS:
        raise TooLargeError(f"it has more than {MAX_ELEMENTS:,} elements: no feed that can be read in bounded time")
    if any(_is_crowded(tag[0]) for tag in _TAG.finditer(body)):
        raise TooLargeError(f"an element has more than {MAX_ATTRIBUTES} attributes: no feed that is meant to be read")
    warning = ""
    try:
        parsed = _parsed(body, url)
    except FEEDPARSER_FAULTS:
        # Most often a coordinate that it cannot read: better none than no entries.
        warning = "its coordinates could not be read and were left out"
        try:
            parsed = _parsed(_GEOMETRY.sub("", body), url)
        except FEEDPARSER_FAULTS as e:
            raise UnreadableError("this is not a feed that can be read") from e
    facts = parsed["feed"]
    if not parsed["entries"] and (_WEB_PAGE.search(text[:START_CHARS]) or not (parsed.get("version") or facts)):
        raise UnreadableError(
            "this is a web page, not a feed" if _WEB_PAGE.search(text[:START_CHARS]) else "this is not a feed"
        )
    if parsed.get("bozo"):
        why = str(parsed.get("bozo_exception", "")).removeprefix("<unknown>:")
        warning = f"the feed is not sound XML ({why[:100]}); what can be read of it was taken"
    return FeedDocument(
        title=one_line(plain(string(facts, "title"), type_of(facts, "title"))),
        links=tuple(_links(facts)),
        language=string(facts, "language"),
        interval_s=_interval(facts),
        entries=tuple(_raw_entry(entry) for entry in parsed["entries"]),
        warning=warning,
    )


def _is_crowded(tag: str) -> bool:
    return tag.count("=") > MAX_ATTRIBUTES and _QUOTED.sub("", tag).count("=") > MAX_ATTRIBUTES


def _parsed(body: str, url: str) -> Mapping[str, Any]:
    import feedparser  # noqa: PLC0415  # takes as long to load as a feed to read

    body = _ENDLESS_NAMES.sub(r"\1unread-", _KEY_WORDS.sub(r"\1unread-", body))
    declared = b'<?xml version="1.0" encoding="utf-8"?>\n'
    # It looks for entities from each line before the first element to the end of the blank lines that follow.
    beginning = _BEGINNING.search(body)
    head = body[: beginning.start()] if beginning else body
    body = " ".join(head.split()) + body[len(head) :]
    found: Mapping[str, Any] = feedparser.parse(
        io.BytesIO(declared + body.encode("utf-8", errors="replace")),  # bare bytes might be opened as a path
        response_headers={"content-type": "application/xml; charset=utf-8", "content-location": url},
        resolve_relative_uris=False,
        sanitize_html=False,
    )
    return found


def _raw_entry(entry: Mapping[str, Any]) -> RawEntry:
    contents = [part for part in items(entry, "content") if _is_text(part)]
    whole = max((plain(string(p, "value"), string(p, "type")) for p in contents), key=len, default="")
    summary = plain(string(entry, "summary"), type_of(entry, "summary"))
    if not whole and not summary:
        summary = plain(string(entry, "subtitle") or string(entry, "media_description"), "text/html")
    source = mapping(entry, "source")
    given, given_note = _given(entry)
    return RawEntry(
        id=string(entry, "id").strip(),
        title=one_line(plain(string(entry, "title"), type_of(entry, "title"))),
        text=whole if len(whole) >= len(summary) else summary,
        links=tuple(_links(entry)),
        date=_date(entry),
        language=next((lang for p in contents if (lang := string(p, "language"))), "") or string(entry, "language"),
        publisher=one_line(plain(string(source, "title"), "")),
        publisher_url=string(source, "href") or string(source, "link"),
        has_content=bool(whole),
        given=given,
        given_note=given_note,
        author="; ".join(names(items(entry, "authors"))),
    )


def _given(entry: Mapping[str, Any]) -> tuple[tuple[GivenPlace, ...], str]:
    """Where an entry is, by GeoRSS (simple or GML) or the W3C's geo, and what is wrong with it or nothing."""
    name = one_line(string(entry, "georss_featurename"))[:120]
    where = mapping(entry, "where")
    # GML's box, and circles and radii (in metres), are what feedparser leaves as the words that they are.
    corners = [string(entry, "gml_lowercorner").split(), string(entry, "gml_uppercorner").split()]
    if all(len(corner) == 2 for corner in corners) and not where.get("coordinates"):
        where = {"type": "Box", "coordinates": [corner[::-1] for corner in corners]}
    circle = string(entry, "georss_circle").replace(",", " ").split()
    radius = string(entry, "georss_radius")
    if len(circle) == 3:
        where, radius = {"type": "Point", "coordinates": circle[1::-1]}, circle[2]
    row: dict[str, object] = {
        "place": name,
        "point": where,
        "latitude": string(entry, "geo_lat"),
        "longitude": string(entry, "geo_long"),
    }
    both = string(entry, "geo_lat_long")
    if both and not where.get("coordinates"):
        row["point"] = both
    places, note = given_places(row, {field: [field] for field in row})
    radius_km = _number(radius) / 1000
    if radius_km and len(places) == 1 and not places[0].is_area:
        area = around(places[0].point, radius_km, name)
        return ((area,), "") if area else ((), TOO_WIDE)
    return places, note


def _date(entry: Mapping[str, Any]) -> str:
    """The date as it is written: feedparser's own reading makes 2027-01-01 of 2026-13-45."""
    written = next((w for name in ("published", "updated", "created") if (w := string(entry, name).strip())), "")
    return _EAST_ASIAN_DATE.sub(r"\1-\2-\3 ", written)


def _links(thing: Mapping[str, Any]) -> Iterator[str]:
    """Where the thing can be read, the best first."""
    yield string(thing, "feedburner_origlink")
    links = [link for link in items(thing, "links") if isinstance(link, dict)]
    alternates = [link for link in links if link.get("rel", "alternate") == "alternate"]
    pages = [link for link in alternates if "html" in str(link.get("type", "html"))]
    for link in (*pages, *alternates):
        yield string(link, "href")
    yield string(thing, "link")
    if URI.match(identifier := string(thing, "id").strip()):
        yield identifier
    for link in links:
        if link.get("rel") not in ("self", "hub", "next", "prev", "license", "replies"):
            yield string(link, "href")


def _interval(facts: Mapping[str, Any]) -> int | None:
    """How long the feed asks to be left alone: RSS's ttl in minutes, or Syndication's period and frequency."""
    wanted: float | None = None
    ttl = _number(string(facts, "ttl"))
    period = _PERIODS_S.get(string(facts, "sy_updateperiod").strip().lower())
    frequency = _number(string(facts, "sy_updatefrequency"))
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
