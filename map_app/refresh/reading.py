"""One feed, asked and parsed, its teasers followed to their pages: what a worker does, and nothing that writes."""

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from urllib.parse import urlsplit

from map_app.errors import FetchError, FetchTimeoutError, HttpStatusError, MapAppError, SourceError, UnreadableError
from map_app.fetch import Fetched, Fetcher
from map_app.model import Article
from map_app.refresh.schedule import BUSY
from map_app.settings import Settings
from map_app.sources.feeds import Entry, Feed, parse_feed
from map_app.sources.fields import published_on_page
from map_app.sources.reading import Note
from map_app.sources.web import article_page
from map_app.store import PageTry, Store, Subscription

ACCEPT_FEED = (
    "application/atom+xml, application/rss+xml, application/feed+json, application/rdf+xml, application/xml;q=0.9, "
    "text/xml;q=0.9, application/json;q=0.8, text/html;q=0.5, */*;q=0.1"
)
ACCEPT_PAGE = "text/html, application/xhtml+xml;q=0.9"

#: Pages that are followed of one feed in one refresh: at a second each, about as long as anybody waits.
MAX_PAGES = 50

#: A page that gave no answer so often is not asked for again until its teaser changes.
MAX_TRIES = 3

#: A page whose text is not this many times as long as the teaser has nothing to add.
WORTH_IT = 1.2


@dataclass(slots=True)
class Reading:
    """What came of asking for one feed, before anything is kept."""

    #: The address under which it is kept.
    url: str
    #: As it is to be kept, but for when it is due: a lasting redirect gives it another address.
    feed: Subscription
    articles: list[Article] = field(default_factory=list)
    #: None where nothing is new.
    document: Feed | None = None
    notes: list[Note] = field(default_factory=list)
    #: What came of the teasers' links; None where no entries were read.
    pages: list[PageTry] | None = None
    #: Servers of pages that asked to be left alone, by host.
    busy: dict[str, MapAppError] = field(default_factory=dict)
    error: MapAppError | None = None


class FeedReader:
    """Asks for feeds and pages; safe to share between threads."""

    def __init__(
        self,
        store: Store,
        fetcher: Fetcher,
        limits: Settings,
        now: Callable[[], datetime],
        may_ask: Callable[[str], bool],
    ) -> None:
        """`may_ask` tells whether a host may be asked for pages now."""
        self._store = store
        self._fetcher = fetcher
        self._limits = limits
        self._now = now
        self._may_ask = may_ask

    def read(self, feed: Subscription) -> Reading:
        """The feed's articles; what the source is to blame for is the reading's error."""
        reading = Reading(feed.url, feed)
        try:
            fetched = self._fetcher.get(feed.url, etag=feed.etag, last_modified=feed.last_modified, accept=ACCEPT_FEED)
            if fetched.permanent_url:
                reading.feed = replace(feed, url=fetched.permanent_url)
            if fetched.status != NOT_MODIFIED:
                self._take(fetched, reading)
        except SourceError as e:
            reading.error = e
        return reading

    def _take(self, fetched: Fetched, reading: Reading) -> None:
        feed = reading.feed
        digest = hashlib.sha256(fetched.body).hexdigest()[:32]
        is_whole = True
        if digest != feed.digest:
            document = parse_feed(
                fetched.body,
                url=fetched.url,
                charset=fetched.charset,
                now=self._now(),
                max_chars=self._limits.max_article_chars,
                scope=feed.scope,
                publisher=feed.publisher,
                ids_by_link=feed.ids_by_link,
            )
            pages = _Pages(self, self._store.feeds.pages(reading.url)) if feed.full_text else None
            reading.articles = [
                pages.whole(entry) if pages and entry.is_teaser else entry.article for entry in document.entries
            ]
            reading.document = document
            reading.notes = [*document.notes, *(pages.notes if pages else ())]
            reading.pages = pages.kept if pages else []
            reading.busy = pages.busy if pages else {}
            is_whole = pages is None or not pages.is_unfinished
        # While pages are still to be followed, the feed must come in full the next time as well.
        reading.feed = replace(
            feed,
            digest=digest if is_whole else "",
            etag=fetched.etag if is_whole else "",
            last_modified=fetched.last_modified if is_whole else "",
        )

    def page(self, entry: Entry) -> Article:
        """The article with the text of its page; raises SourceError where that has none or may not be read."""
        article = entry.article
        if not self._fetcher.allowed(article.url):
            raise UnreadableError("the site's robots.txt does not allow to read it")
        fetched = self._fetcher.get(article.url, accept=ACCEPT_PAGE)
        page = article_page(fetched)
        first, _, rest = page.text.partition("\n")
        text = rest if first.strip() == article.title else page.text
        text = text[: self._limits.max_article_chars].strip()
        if len(text) < len(article.text) * WORTH_IT:
            raise UnreadableError("the page has no more text than the feed")
        published = article.published or published_on_page(page.published, now=self._now())[0]
        return replace(
            article,
            title=page.title if entry.is_untitled and page.title else article.title,
            text=text,
            language=article.language or page.language,
            published=published,
        )

    def may_ask(self, host: str) -> bool:
        """Whether a host may be asked for pages now."""
        return self._may_ask(host)

    def kept(self, article_id: str) -> Article | None:
        """The article as the store has it, or None."""
        return self._store.article(article_id)


class _Pages:
    """Follows the teasers of one feed in one refresh, and notes what comes of each."""

    def __init__(self, reader: FeedReader, known: Mapping[str, PageTry]) -> None:
        self._reader = reader
        self._known = known
        self._left = MAX_PAGES
        self.kept: list[PageTry] = []
        self.notes: list[Note] = []
        self.busy: dict[str, MapAppError] = {}
        self.is_unfinished = False

    def whole(self, entry: Entry) -> Article:
        """The article with its whole text where it can be had, else as the feed has it."""
        article = entry.article
        digest = _digest(article)
        before = self._known.get(article.id)
        if before is None or before.digest != digest:
            before = PageTry(article.id, digest, 0, is_whole=False)
        if before.is_whole and (kept := self._reader.kept(article.id)) is not None:
            self.kept.append(before)
            return replace(kept, source=article.source)
        if before.tries >= MAX_TRIES:
            self.kept.append(before)
            return article
        host = host_of(article.url)
        if self._left == 0 or host in self.busy or not self._reader.may_ask(host):
            self.kept.append(before)
            self.is_unfinished = True
            return article
        self._left -= 1
        tries = before.tries + 1
        try:
            article = self._reader.page(entry)
        except SourceError as e:
            self.notes.append(Note(article.url, f"only the feed's teaser is kept: {e}"))
            if isinstance(e, HttpStatusError) and e.status in BUSY:
                self.busy[host] = e
            if not _may_pass(e):
                tries = MAX_TRIES
            self.is_unfinished |= tries < MAX_TRIES
            self.kept.append(replace(before, tries=tries))
        else:
            self.kept.append(replace(before, tries=tries, is_whole=True))
        return article


NOT_MODIFIED = 304
_FIRST_SERVER_ERROR = 500


def host_of(url: str) -> str:
    """The host of an address of the web."""
    return urlsplit(url).hostname or ""


def _may_pass(error: SourceError) -> bool:
    """Whether it may go another time: what servers fail at, not what they refuse."""
    if isinstance(error, HttpStatusError):
        return error.status in BUSY or error.status >= _FIRST_SERVER_ERROR
    return isinstance(error, FetchTimeoutError) or type(error) is FetchError


def _digest(article: Article) -> str:
    said = "\x1f".join((article.url, article.title, article.text))
    return hashlib.sha256(said.encode("utf-8", errors="replace")).hexdigest()[:32]
