"""Feeds, RSS, Atom, RDF, CDF and JSON Feed: bytes become articles and what the feed says of itself."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urljoin, urlsplit

from map_app.errors import UnreadableError
from map_app.model import Article, domain_of
from map_app.sources.dates import published_of
from map_app.sources.decode import decode_declared
from map_app.sources.feed_document import START_CHARS, URI, RawEntry
from map_app.sources.feed_json import read_json
from map_app.sources.feed_xml import read_xml
from map_app.sources.fields import Draft, article_id, bare_address, make_article, web_url
from map_app.sources.reading import Failure, Note

#: A text shorter than this is a teaser where the feed has no element of its own for the whole text: leads of news
#: have 150 to 400 characters, whole reports more than 1,000.
TEASER_CHARS = 700

#: Even where it has one, so little is no report.
SHORT_CHARS = 200

#: Longer than this, even a text that ends in an ellipsis is taken for the whole.
LONG_CHARS = 3000

#: Two entries of one id that begin with the same characters are one, whatever their titles.
SAME_START_CHARS = 200

#: The newest that are read of one document; no site keeps so many in a feed.
MAX_ENTRIES = 10_000

_XML_DECLARATION = re.compile(rb"\s*<\?xml[^>]{0,200}?encoding\s*=\s*[\"']\s*([A-Za-z0-9_:.\-]{2,40})")
_NOT_IN_XML = re.compile("[\0-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")
_TRAILS_OFF = re.compile(
    r"(?:…|\.\.\.|\[\s*(?:…|\.\.\.)\s*\]|read more|continue reading|read the full (?:story|article)|more\s*[»>→])"
    r"[\s\])»>→.]*$",
    re.IGNORECASE,
)


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
    document = read_json(text) if text[:START_CHARS].lstrip()[:1] in ("{", "[") else read_xml(text, url)
    ids_repeat = ids_by_link or _repeat_ids(document.entries, url)
    outlet = publisher or document.title
    entries: list[Entry] = []
    failed: list[Failure] = []
    notes: list[Note] = [Note(url, document.warning)] if document.warning else []
    if len(document.entries) > MAX_ENTRIES:
        notes.append(Note(url, f"only the first {MAX_ENTRIES:,} of {len(document.entries):,} entries were read"))
    links = [_first_web_url(raw.links, url) for raw in document.entries[:MAX_ENTRIES]]
    shared = _shared(document.entries, links)
    seen: set[str] = set()
    for number, (raw, link) in enumerate(zip(document.entries, links, strict=False), start=1):
        where = f"{url}, entry {number}"
        made = _article(
            raw,
            link,
            url=url,
            identity=_identity(raw, link, scope or url, by_link=ids_repeat, shared=shared),
            outlet=outlet,
            language=document.language,
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
        is_teaser = link not in shared and _is_teaser(article, raw)
        entries.append(Entry(article, is_teaser, is_untitled=not raw.title))
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


def _article(
    raw: RawEntry,
    link: str,
    *,
    url: str,
    identity: str,
    outlet: str,
    language: str,
    now: datetime,
    max_chars: int,
) -> tuple[Article, tuple[str, ...]] | None:
    """The article of an entry and what had to be put right, or None where there is nothing to show."""
    title = raw.title if raw.title or raw.text else bare_address(link)
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
            given_id=identity,
            domain=domain_of(web_url(raw.publisher_url)),
            given=raw.given,
        )
        article, notes = make_article(draft, source=url, max_chars=max_chars)
    except UnreadableError:
        return None
    return article, (*notes, *(note for note in (date_note, raw.given_note) if note))


def _identity(raw: RawEntry, link: str, scope: str, *, by_link: bool, shared: frozenset[str]) -> str:
    """What tells an entry from all others.

    A feed speaks for its own site alone. There, its link names an article whichever feed of the site it is in, and
    an id that is an address does so across them. What it says of other sites counts within the feed: otherwise one
    feed could replace another's articles by taking their names. Empty where the words must tell it apart. What entries
    on different things have in common (`shared`) names one of them together with its title.
    """
    key = link if by_link or not raw.id else raw.id
    if not key:
        return ""
    if key in shared:
        key = f"{key} {raw.title or raw.text[:SAME_START_CHARS]}"
    elif web_url(key) and _site_of(key) == _site_of(scope):
        return article_id(given_id="", url=key, title="", text="", source="")
    within = _site_of(scope) if URI.match(key) else scope
    return article_id(given_id=f"feed {within} {key}", url="", title="", text="", source="")


def _shared(entries: Iterable[RawEntry], links: Iterable[str]) -> frozenset[str]:
    """Ids and links that entries on different things have in common, such as the address of a section."""
    first: dict[str, RawEntry] = {}
    found: set[str] = set()
    for raw, link in zip(entries, links, strict=False):
        for key in {raw.id, link} - {""}:
            if not _may_be_one(raw, first.setdefault(key, raw)):
                found.add(key)
    return frozenset(found)


def _may_be_one(one: RawEntry, other: RawEntry) -> bool:
    """Whether two entries may be one that is there twice, or that was changed: title or beginning are the same."""
    begin = one.text[:SAME_START_CHARS], other.text[:SAME_START_CHARS]
    return one.title == other.title != "" or begin[0] == begin[1] != "" or (one.title, *begin) == (other.title, "", "")


def _site_of(address: str) -> str:
    """The host without "www." and the like that feeds live on."""
    return re.sub(r"^(?:feeds?|rss)\.", "", domain_of(web_url(address)))


def _repeat_ids(entries: Iterable[RawEntry], url: str) -> bool:
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


def _is_teaser(article: Article, raw: RawEntry) -> bool:
    if not article.url or not urlsplit(article.url).path.strip("/"):
        return False
    length = len(article.text)
    if length < LONG_CHARS and _TRAILS_OFF.search(article.text[-60:]):
        return True
    return length < (SHORT_CHARS if raw.has_content else TEASER_CHARS)
