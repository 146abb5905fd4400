"""The feed at an address, or the one that the page there announces."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from map_app.errors import UnreadableError
from map_app.fetch import Fetched, Fetcher
from map_app.refresh.reading import ACCEPT_FEED
from map_app.refresh.run import utc_now
from map_app.settings import Settings
from map_app.sources.discover import Announced, announced_feeds
from map_app.sources.feeds import Feed, parse_feed
from map_app.store import Subscription


@dataclass(frozen=True, slots=True)
class Found:
    """What is at an address that somebody wants to follow."""

    #: The feed, ready to be added; None where a choice is to be made among `announced`.
    feed: Subscription | None
    announced: tuple[Announced, ...] = ()


def find_feed(url: str, fetcher: Fetcher, *, limits: Settings, now: Callable[[], datetime] = utc_now) -> Found:
    """The feed at an address, or the one that the page there announces, or the several among which to choose.

    Raises SourceError where there is none, or the address does not answer.
    """
    fetched, document, why = _read(url, fetcher, limits, now())
    if document is None:
        announced = announced_feeds(fetched.body, url=fetched.url, charset=fetched.charset)
        if not announced:
            raise UnreadableError(f"{why}, and it announces none")
        if len(announced) > 1:
            return Found(None, tuple(announced))
        url = announced[0].url
        fetched, document, why = _read(url, fetcher, limits, now())
        if document is None:
            raise UnreadableError(f"it announces {url}, but {why}")
    address = fetched.permanent_url or url
    return Found(Subscription(address, address, title=document.title[:300], site=document.site, added=now()))


def _read(url: str, fetcher: Fetcher, limits: Settings, now: datetime) -> tuple[Fetched, Feed | None, str]:
    fetched = fetcher.get(url, accept=ACCEPT_FEED)
    try:
        document = parse_feed(
            fetched.body, url=fetched.url, charset=fetched.charset, now=now, max_chars=limits.max_article_chars
        )
    except UnreadableError as e:
        return fetched, None, str(e)
    return fetched, document, ""
