"""The feeds that a web page announces."""

import re
from dataclasses import dataclass
from urllib.parse import urljoin

from lxml import etree

from map_app.sources.decode import decode_declared
from map_app.sources.fields import web_url

#: A page announces a handful; one that announces more than this is a directory of feeds or a trap.
MAX_ANNOUNCED = 50

_FEED_TYPES = frozenset(
    (
        "application/rss+xml",
        "application/atom+xml",
        "application/rdf+xml",
        "application/feed+json",
        "application/x.atom+xml",
        "application/x-atom+xml",
        "application/rss",
        "application/atom",
    )
)
#: Types that feeds share with much else: only where the name speaks of a feed as well.
_SHARED_TYPES = frozenset(("application/xml", "text/xml", "application/json"))
_SPEAKS_OF_FEED = re.compile(r"(?:\b|_)(?:feeds?|rss|atom|rdf)(?:\b|_)", re.IGNORECASE)
_META_CHARSET = re.compile(rb"<meta[^>]{0,200}?charset\s*=\s*[\"']?\s*([A-Za-z0-9_:.-]{2,40})", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Announced:
    """A feed that a page announces."""

    url: str
    title: str = ""


def announced_feeds(page: bytes, *, url: str, charset: str = "") -> list[Announced]:
    """The feeds that a page says are its own (``<link rel="alternate">``), in its order, each once.

    `url` is where the page was got from: its links start there. Addresses that are not of the web are left out;
    nothing is guessed.
    """
    declared = _META_CHARSET.search(page[:4096])
    html = decode_declared(page, charset, declared[1].decode("ascii") if declared else "")
    parser = etree.HTMLParser(target=_Links(), encoding="utf-8", no_network=True)
    try:
        links: _Links = etree.fromstring(html.encode("utf-8", errors="replace") or b" ", parser)
    except etree.XMLSyntaxError:
        return []  # nothing that could be a page
    base = _joined(url, links.base) or url
    found: dict[str, Announced] = {}
    for href, title in links.feeds:
        address = _joined(base, href)
        if address and len(found) < MAX_ANNOUNCED:
            found.setdefault(address, Announced(address, " ".join(title.split())[:200]))
    return list(found.values())


class _Links:
    """Collects a page's announcements from parser events: no tree, hence no depth that could exhaust anything."""

    def __init__(self) -> None:
        self.base = ""
        self.feeds: list[tuple[str, str]] = []

    def start(self, tag: str, attributes: "dict[str, str]") -> None:
        if tag == "base":
            self.base = self.base or attributes.get("href", "")
        elif tag in ("link", "a"):
            kind = attributes.get("type", "").partition(";")[0].strip().lower()
            href, title = attributes.get("href", ""), attributes.get("title", "")
            announces = tag == "a" or bool({"alternate", "feed"} & set(attributes.get("rel", "").lower().split()))
            is_feed = kind in _FEED_TYPES or (
                kind in _SHARED_TYPES and _SPEAKS_OF_FEED.search(f"{href} {title}") is not None
            )
            if href and announces and is_feed:
                self.feeds.append((href, title))

    def end(self, tag: str) -> None:
        pass

    def data(self, text: str) -> None:
        pass

    def comment(self, text: str) -> None:
        pass

    def close(self) -> "_Links":
        return self


def _joined(base: str, address: str) -> str:
    if not address.strip():
        return ""
    try:
        joined = urljoin(base, address.strip())
    except ValueError:
        return ""
    return web_url(joined.replace("feed://", "http://", 1) if joined.startswith("feed://") else joined)
