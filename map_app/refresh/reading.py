"""One feed, asked and parsed, its teasers followed to their pages: what a worker does, and nothing that writes."""

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from urllib.parse import urlsplit

from map_app.errors import HttpStatusError, MapAppError, SourceError, UnreadableError
from map_app.fetch import Fetched, Fetcher
from map_app.model import Article
from map_app.refresh.schedule import is_servers_fault
from map_app.settings import Settings
from map_app.sources.dates import published_on_page
from map_app.sources.feeds import Entry, Feed, parse_feed
from map_app.sources.fields import canonical_url
from map_app.sources.reading import Note
from map_app.sources.web import article_page
from map_app.store import EntryState, Store, Subscription

ACCEPT_FEED = (
    "application/atom+xml, application/rss+xml, application/feed+json, application/rdf+xml, application/xml;q=0.9, "
    "text/xml;q=0.9, application/json;q=0.8, text/html;q=0.5, */*;q=0.1"
)
ACCEPT_PAGE = "text/html, application/xhtml+xml;q=0.9"

#: Pages that are followed of one feed in one refresh: at a second each, about as long as anybody waits.
MAX_PAGES = 50

#: As long as following the pages of one feed may go on in one refresh, however many servers are silent.
MAX_PAGES_TIME = timedelta(minutes=3)

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
    #: Entries that say what they said before: nothing is done for them.
    known: int = 0
    #: What to remember of the entries; None where none were read.
    entries: list[EntryState] | None = None
    #: Servers of pages that asked to be left alone or gave no answer, by host.
    busy: dict[str, MapAppError] = field(default_factory=dict)
    error: MapAppError | None = None


class FeedReader:
    """Asks for feeds and pages; safe to share between threads."""

    def __init__(
        self,
        store: Store,
        fetcher: Fetcher,
        limits: Settings,
        *,
        now: Callable[[], datetime],
        may_ask: Callable[[str], bool],
        version: str,
    ) -> None:
        """`may_ask` tells whether a host may be asked for pages now; `version` is the geoparser's."""
        self._store = store
        self._fetcher = fetcher
        self._limits = limits
        self.now = now
        self._may_ask = may_ask
        self._version = version

    def read(self, feed: Subscription) -> Reading:
        """The feed's articles; what the source is to blame for is the reading's error."""
        reading = Reading(feed.url, feed)
        if feed.version != self._version:  # what was mapped by another version of the geoparser is mapped anew
            feed = replace(feed, version=self._version, digest="", etag="", last_modified="")
        try:
            fetched = self._fetcher.get(feed.url, etag=feed.etag, last_modified=feed.last_modified, accept=ACCEPT_FEED)
            if fetched.permanent_url:
                reading.feed = feed = replace(feed, url=fetched.permanent_url)
            if fetched.status != NOT_MODIFIED:
                self._take(fetched, feed, reading)
        except SourceError as e:
            reading.error = e
        return reading

    def _take(self, fetched: Fetched, feed: Subscription, reading: Reading) -> None:
        digest = hashlib.sha256(fetched.body).hexdigest()[:32]
        is_whole = True
        if digest != feed.digest:
            document = parse_feed(
                fetched.body,
                url=fetched.url,
                charset=fetched.charset,
                now=self.now(),
                max_chars=self._limits.max_article_chars,
                scope=feed.scope,
                publisher=feed.publisher,
                ids_by_link=feed.ids_by_link,
            )
            known = self._store.feeds.entries(reading.url)
            entries = _Entries(self, known, follows=feed.full_text, remaps=reading.feed.version != feed.version)
            articles = [entries.taken(entry) for entry in document.entries]
            reading.articles = [article for article in articles if article is not None]
            reading.known = len(articles) - len(reading.articles)
            reading.document = document
            reading.notes = [*document.notes, *entries.notes]
            reading.entries = entries.states
            reading.busy = entries.busy
            is_whole = not entries.is_unfinished
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
        published = article.published or published_on_page(page.published, now=self.now())[0]
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

    def kept(self, article: Article) -> Article | None:
        """The article as the store has it, or None where it has none or another story under that id."""
        kept = self._store.article(article.id)
        return kept if kept is not None and canonical_url(kept.url) == canonical_url(article.url) else None


class _Entries:
    """Takes the entries of one feed in one refresh, follows teasers to their pages, and notes what comes of each."""

    def __init__(self, reader: FeedReader, known: Mapping[str, EntryState], *, follows: bool, remaps: bool) -> None:
        self._reader = reader
        self._known = known
        self._follows = follows
        self._remaps = remaps
        self._left = MAX_PAGES
        self._until = reader.now() + MAX_PAGES_TIME
        self.states: list[EntryState] = []
        self.notes: list[Note] = []
        self.busy: dict[str, MapAppError] = {}
        self.is_unfinished = False

    def taken(self, entry: Entry) -> Article | None:
        """The article, with its whole text where that can be had; None where nothing of it is new."""
        article = entry.article
        digest = _digest(article)
        before = self._known.get(article.id)
        is_known = before is not None and before.digest == digest
        if before is None or not is_known:
            before = EntryState(article.id, digest, 0, is_done=not (self._follows and entry.is_teaser))
        if is_known and self._remaps:
            self.states.append(before)
            self.is_unfinished |= not before.is_done
            return self._reader.kept(article) or article
        if before.is_done:
            self.states.append(before)
            return None if is_known else article
        whole, after = self._followed(entry, before)
        self.states.append(after)
        if whole is None:
            return None if is_known else article
        return whole

    def _followed(self, entry: Entry, before: EntryState) -> tuple[Article | None, EntryState]:
        """The article with the text of its page, or None."""
        url = entry.article.url
        host = host_of(url)
        if self._left == 0 or self._reader.now() >= self._until or host in self.busy or not self._reader.may_ask(host):
            self.is_unfinished = True
            return None, before
        self._left -= 1
        try:
            return self._reader.page(entry), replace(before, is_done=True)
        except SourceError as e:
            self.notes.append(Note(url, f"only the feed's teaser is kept: {e}"))
            if is_servers_fault(e):
                self.busy[host] = e
            after = replace(before, tries=before.tries + 1)
            after = replace(after, is_done=after.tries >= MAX_TRIES or not _may_pass(e))
            self.is_unfinished |= not after.is_done
            return None, after


NOT_MODIFIED = 304
_FIRST_SERVER_ERROR = 500


def host_of(url: str) -> str:
    """The host of an address of the web."""
    return urlsplit(url).hostname or ""


def _may_pass(error: SourceError) -> bool:
    """Whether it may go another time: what servers fail at, not what they refuse."""
    failed = isinstance(error, HttpStatusError) and error.status >= _FIRST_SERVER_ERROR
    return failed or is_servers_fault(error)


def _digest(article: Article) -> str:
    said = "\x1f".join((article.url, article.title, article.text))
    return hashlib.sha256(said.encode("utf-8", errors="replace")).hexdigest()[:32]
